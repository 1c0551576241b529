"""The report of an environment: one HTML page that needs nothing else, and the comment of a pull request.

`story` gathers what is told, as plain values; `picture` lays the resources out; `html` and `comment` write them down.
Everything here is pure: what was asked, checked and priced comes in from outside. What was not asked says so.

Everything from an account is cleaned once, in `story`, and escaped again where it is written.
"""

from __future__ import annotations

from formerr_infra.page.comment import MOST, comment, marker
from formerr_infra.page.html import page
from formerr_infra.page.story import Drifted, Guarded, Part, Story, Told, tell
from formerr_infra.page.words import Standing

__all__ = [
    "MOST",
    "Drifted",
    "Guarded",
    "Part",
    "Standing",
    "Story",
    "Told",
    "comment",
    "marker",
    "page",
    "tell",
]
