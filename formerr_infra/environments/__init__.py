"""Environments beside staging and production: made from staging's file, with a time to live, and swept when it ends.

Three places say when one ends (docs/adr/0054): the stack file, a tag of the stack in the backend, and what the program
writes into the account. The latest of them counts, so that nothing goes early. `ranges`, `lifetime`, `names`, `pattern`,
`stackfile` and `listing` are pure; `account` and `backend` ask; `making` and `sweeping` put them together.
"""

from __future__ import annotations
