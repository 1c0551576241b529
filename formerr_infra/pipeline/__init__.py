"""What a pipeline says where people read it: one comment of a pull request, one issue, edited in place.

`texts` is pure, `github` speaks to GitHub's API. A pipeline's decisions are not made here: what it does is in the commands
that it calls, and in what order in its workflow.
"""

from __future__ import annotations

from formerr_infra.pipeline.github import GitHub, GitHubFailed
from formerr_infra.pipeline.texts import body, is_ours, marker

__all__ = ["GitHub", "GitHubFailed", "body", "is_ours", "marker"]
