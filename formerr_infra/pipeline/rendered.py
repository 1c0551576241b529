"""Files of other tools as Markdown, by what they are: a preview, findings in SARIF, plain text. Pure.

What stands in them comes from an account or a scanner, and is shown as text, never as markup.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from formerr_infra.page.comment import escaped
from formerr_infra.report import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

#: Lines of one list; the run's log and artifacts have the others.
MOST = 50


class Unreadable(ValueError):
    """The file is not what its name says."""


def rendered(name: str, text: str) -> str:
    """The file as Markdown: `.md` as it stands, `.json` a preview, `.sarif` findings, anything else a block of text.

    Raises:
        Unreadable: it is not what its name says.
    """
    kind = name.rpartition(".")[2]
    if kind == "md":
        return text
    if kind not in ("json", "sarif"):
        return _block(text)
    try:
        document = json.loads(text)
        return of_preview(document) if kind == "json" else of_sarif(name, document)
    except (AttributeError, IndexError, KeyError, RecursionError, TypeError, ValueError) as error:
        what = "a preview (`formerr preview --json`)" if kind == "json" else "a SARIF log"
        raise Unreadable(f"it is not {what}: {type(error).__name__}") from None


def of_preview(document: Mapping[str, Any]) -> str:
    """What `formerr preview --json` says: the guard's verdict, the changes, the policy pack's findings."""
    guard, preview, error = document["guard"], document["preview"], document["error"]
    parts = [f"### {'🟢' if document['ok'] else '🔴'} Preview of {escaped(str(document['stack']))}"]
    if error is not None:
        parts.append(f"**It stops here** ({escaped(str(error['kind']))}): {escaped(str(error['message']))}")
    if guard is not None:
        said = f"stops {len(guard['stops'])}" if guard["stops"] else "nothing stops this plan"
        parts.append(f"**Guard**: {said}")
        parts += _listed(
            f"🔴 `{one['code']}` {escaped(_name(one['urn']))}: {escaped(one['reason'])}; to go on: {escaped(one['settle'])}"
            for one in guard["stops"]
        )
    if preview is not None:
        counts = ", ".join(f"{many} {escaped(str(op))}" for op, many in preview["counts"].items())
        parts.append(f"**Changes**: {counts or 'none'}")
        parts += _listed(_change(one) for one in preview["changes"])
        parts.append(f"**Policy pack**: {len(preview['policy']) or 'no'} findings")
        parts += _listed(
            f"{'🔴' if one['level'] == 'mandatory' else '🟡'} {escaped(str(one['policy']))}: {escaped(str(one['message']))}"
            for one in preview["policy"]
        )
    return "\n\n".join(parts)


def of_sarif(name: str, document: Mapping[str, Any]) -> str:
    """Findings of a scanner, the worst first."""
    results = [one for run in document["runs"] for one in run.get("results") or ()]
    order = {"error": 0, "warning": 1, "note": 2}
    results.sort(key=lambda one: order.get(str(one.get("level")), 3))
    lines = [
        f"{escaped(str(one.get('level') or 'warning'))} `{_code(one.get('ruleId'))}`: {escaped(str(one['message']['text']))}"
        for one in results
    ]
    return "\n\n".join([f"### {escaped(name)}: {len(lines) or 'no'} findings", *_listed(lines)])


def _change(one: Mapping[str, Any]) -> str:
    differs = ", ".join(map(str, one["keys"]))
    more = f" ({escaped(differs)})" if differs else ""
    return f"{escaped(str(one['op']))} {escaped(str(one['name']))}{' (only read)' if one['external'] else ''}{more}"


def _listed(lines: Iterable[str]) -> Sequence[str]:
    held = list(lines)
    shown = [f"- {line}" for line in held[:MOST]]
    if len(held) > MOST:
        shown.append(f"- … and {len(held) - MOST} more")
    return ["\n".join(shown)] if shown else []


def _block(text: str) -> str:
    lines = "\n".join(clean(line.expandtabs()) for line in text.rstrip().splitlines())
    lines = re.sub(f"`{{{_LONGEST_RUN},}}", "`" * _LONGEST_RUN, lines)
    # A longer fence than any in the text; the text cannot end the block.
    longest = max((len(run) for run in re.findall("`+", lines)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{lines}\n{fence}"


#: Of backticks in a row, of which nobody means more.
_LONGEST_RUN = 40


def _name(urn: str) -> str:
    return str(urn).rsplit("::", 1)[-1]


def _code(text: Any) -> str:
    return "".join(char for char in str(text) if char.isalnum() or char in "-_./:")[:100]
