"""Texts that mean ill, as an account could hold them, and what of a shown text would obey one."""

from __future__ import annotations

import re
import unicodedata
from itertools import takewhile
from typing import TYPE_CHECKING

from hypothesis import strategies as st
from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from markdown_it.token import Token

SNIPPETS = (
    "\x1b[2J\x1b[31m", "\x1b]8;;http://evil.invalid\x07x\x1b]8;;\x07", "\x1b]52;c;ZXZpbA==\x07", "\x9b2J", "\x90q\x9c",
    "\r\n", "\n", "\r", "\v", "\f", "\x00", "\x08\x08\x08", "\x7f", "\x85", "\u2028", "\u2029", "\t",
    "\u202e", "\u2066", "\u2069", "\u200b", "\u200d", "\ufeff", "\u00ad", "\u3164", "\u115f", "\U000e0041",
    "\u0440\u0430ypal", "\uff47\uff49thub", "Z\u0351\u036b\u0343\u034fA\u0334\u0335L", "e" + "\u0301" * 200,
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "-->", "<!--", "]]>", "</details>", "</td></tr></table>",
    "&lt;b&gt;", "[x](javascript:alert(1))", "![x](https://evil.invalid/a.png)", "<https://evil.invalid>",
    "https://evil.invalid/a", "www.evil.invalid", "a@evil.invalid", "@everyone", "@org/team", "#1", "GH-1", "org/repo#1",
    "| a | b |", "\\|", "\\\\|", "`", "```", "~~~", "````text", "* * *", "# heading", "> quote", "- item", "1. item", "===",
    "[ref]: https://evil.invalid", "$x$", "[bold]x[/bold]", "[/]", "[link=https://evil.invalid]x[/link]", ":warning:",
    "{{ 7*7 }}", "{% raw %}", "${{ secrets.X }}", "::set-output name=x::y", "  ::add-mask::a", "::error file=a,line=1::x",
    "::stop-commands::t", "##[set-env name=A]b", "##[add-mask]a", "x=1\ny=2", "name<<EOF\nvalue\nEOF", "EOF", "ghadelimiter_0",
    '{"a": 1}', '"', "\\", "'", "%s %d {0}", "../../etc/passwd", "$(id)", "`id`", "; id", "x" * 3000,
)  # fmt: skip

#: Any text, with something in it that means ill.
texts = st.lists(st.sampled_from(SNIPPETS) | st.text(max_size=20), max_size=6).map("".join)
#: What somebody's own line looks like to a runner of GitHub Actions (its ActionCommand, in both of its forms).
_COMMAND = re.compile(
    r"^\s*::(add-mask|error|set-output|stop-commands|warning|debug|group|save-state)( .*)?::|##\[",
    re.MULTILINE | re.IGNORECASE,
)
_LINKED = re.compile(r"https?://\S|www\.\S|\w@\w|(?<!\w)@\w", re.IGNORECASE)


def obeyed(shown: str) -> list[str]:
    """What a terminal or a runner of GitHub Actions would take for more than text; tables have lines of their own."""
    bad = [
        f"{char!r} ({unicodedata.name(char, '?')})"
        for char in shown
        if char != "\n" and (not char.isprintable() or unicodedata.category(char) == "Cf")
    ]
    return bad + [found[0] for found in _COMMAND.finditer(shown)]


def marked_up(text: str) -> list[str]:
    """What GitHub would make of Markdown besides text: elements, links, pictures, mentions."""
    found = []
    for token in _tokens(MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)):
        if token.type in ("html_block", "html_inline"):
            if re.sub(_OURS, "", token.content).strip():
                found.append(token.content)
        elif token.type in ("link_open", "image", "strong_open", "em_open", "s_open"):
            found.append(token.type)
        elif token.type == "text" and _LINKED.search(token.content):
            found.append(token.content)
    return found


#: What the project itself writes.
_OURS = re.compile(
    r"<!--[^<>]*-->|<br>|</?sub>|</?details>|<summary>Line by line</summary>|run 1|[^<>]* UTC. Reads only; nothing was changed."
)


def rows(text: str) -> list[int]:
    """How many cells each row of each table has, by a parser of Markdown."""
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    return [
        sum(one.type in ("td_open", "th_open") for one in takewhile(lambda one: one.type != "tr_close", tokens[at:]))
        for at, token in enumerate(tokens)
        if token.type == "tr_open"
    ]  # fmt: skip


def _tokens(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _tokens(token.children or [])
