"""The copy of a stack file that a local run uses: what is changed in it, as text, so that the rest stays as it is.

Pure: it reads and writes no file.
"""

from __future__ import annotations

import re

APPLICATION = "formerr-infra:deployApplication"

_SALT = re.compile(r"^encryptionsalt:.*$", re.MULTILINE)
_SECRETS = re.compile(r"^(encryptionsalt|secretsprovider|encryptedkey):.*\n?", re.MULTILINE)
_CHOICE = re.compile(rf"^( +)(['\"]?){APPLICATION}\2 *:[ \t]*(.*)$", re.MULTILINE)
_CONFIG = re.compile(r"^config:[ \t]*(\{\})?[ \t]*(#.*)?$", re.MULTILINE)
_FIRST_KEY = re.compile(r"\n(?:[ \t]*(?:#.*)?\n)*( +)\S")
_NO = re.compile(r"['\"]?false['\"]?\s*(#.*)?", re.IGNORECASE)


def salted(checkout: str, known: str) -> str:
    """The checkout's stack file for the local state: with the salt that `known`, an earlier copy, has.

    A stack file with encrypted values keeps its own salt, because no other reads them.
    """
    if re.search(r"^\s+secure:", checkout, re.MULTILINE):
        return checkout
    salt = _SALT.search(known)
    text = _SECRETS.sub("", checkout)
    if salt is None:
        return text
    return f"{_ended(text)}{salt[0]}\n"


def wants_application(text: str) -> bool:
    """Whether a stack file leaves the application in, as it does by default."""
    found = _CHOICE.search(text)
    return found is None or _NO.fullmatch(found[3].strip()) is None


def without_application(text: str) -> str:
    """The stack file with the application left out."""
    if _CHOICE.search(text):
        return _CHOICE.sub(rf"\g<1>{APPLICATION}: false", text)
    config = _CONFIG.search(text)
    if config is None:
        return f"{_ended(text)}config:\n  {APPLICATION}: false\n"
    before, after = text[: config.start()], text[config.end() :]
    # All keys of a mapping stand equally far in.
    first = _FIRST_KEY.match(after) if config[1] is None else None
    indent = first[1] if first is not None else "  "
    return f"{before}config:\n{indent}{APPLICATION}: false{after or chr(10)}"


def _ended(text: str) -> str:
    return text if not text or text.endswith("\n") else f"{text}\n"
