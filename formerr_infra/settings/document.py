"""A stack file as it is written: read, and written again with its comments, its order and its quotes."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING, Any

from ruamel.yaml.comments import CommentedMap

from formerr_infra import files
from formerr_infra.errors import SettingsError
from formerr_infra.naming import PROJECT
from formerr_infra.settings.parsing import parsed, reader

if TYPE_CHECKING:
    from pathlib import Path

    from ruamel.yaml import YAML

#: Lines are left as long as they are.
_WIDTH = 1_000_000


def text_of(file: Path) -> str:
    """A file's text.

    Raises:
        SettingsError: it is not there, or cannot be read.
    """
    try:
        return files.text_of(file)
    except FileNotFoundError:
        raise SettingsError([f"{file.name}: not found in {file.parent.resolve()}"]) from None
    except OSError as error:
        raise SettingsError([f"{file.name}: cannot be read: {error}"]) from None


def replace_text(file: Path, text: str) -> None:
    """Another text for a file that is there, in one step; who may read it stays as it was.

    Raises:
        SettingsError: it cannot be written.
    """
    try:
        files.put(file, text)
    except OSError as error:
        raise SettingsError([f"{file.name}: cannot be written: {error}"]) from None


def document(text: str, name: str) -> CommentedMap:
    """A stack file; its `config` is a mapping whose keys are texts.

    Args:
        text: of the file.
        name: of the file, for what is wrong with it.

    Raises:
        SettingsError: it is not YAML, or no stack file.
    """
    loaded = parsed(text, name, keeps_form=True)
    if not isinstance(loaded, CommentedMap):
        raise SettingsError([f"{name}: a mapping with `config:` is expected"])
    config = loaded.get("config")
    if not isinstance(config, CommentedMap) or not all(isinstance(key, str) for key in config):
        raise SettingsError([f"{name}: config: a mapping of keys such as {PROJECT}:region is expected"])
    return loaded


def written(value: Any) -> str:
    """A document, or any piece of one, as YAML."""
    out = StringIO()
    _yaml().dump(value, out)
    return out.getvalue()


def rewritten(value: Any, text: str) -> str:
    """A document as YAML, with the line ends of the text that it was read from."""
    return written(value).replace("\n", line_end(text))


def line_end(text: str) -> str:
    """The line end of a text, by its first line."""
    return "\r\n" if text.partition("\n")[0].endswith("\r") else "\n"


def _yaml() -> YAML:
    yaml = reader(keeps_form=True)
    yaml.width = _WIDTH
    return yaml
