"""A stack file that says which images to run, by digest: pure, text in and text out; comments, order and quotes stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from formerr_infra.images.model import BACKEND, FRONTEND
from formerr_infra.naming import PROJECT
from formerr_infra.settings.document import document, rewritten

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The key of each image; what it says goes before `imageTag`.
KEYS = {BACKEND: f"{PROJECT}:backendImageTag", FRONTEND: f"{PROJECT}:frontendImageTag"}
COMMON = f"{PROJECT}:imageTag"


def pinned(text: str, images: Mapping[str, str], name: str) -> str:
    """The stack file with the images set.

    Args:
        text: of the file.
        images: repository to digest (or tag), for each that changes.
        name: of the file, for what is wrong with it.

    Raises:
        SettingsError: it is not YAML, or no stack file.
    """
    read = document(text, name)
    config = read["config"]
    for repository, wanted in images.items():
        config[KEYS[repository]] = wanted
    if KEYS.keys() <= images.keys():
        config.pop(COMMON, None)
    return rewritten(read, text)


def wanted(text: str, name: str) -> dict[str, str]:
    """What a stack file says of each image: a digest or a tag; nothing of one that it does not name.

    Raises:
        SettingsError: it is not YAML, or no stack file.
    """
    config = document(text, name)["config"]
    said = {repository: config.get(key) or config.get(COMMON) for repository, key in KEYS.items()}
    return {repository: str(value) for repository, value in said.items() if value}
