"""From where a stack's images are taken, and the stack file that says so."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from formerr_infra.errors import SettingsError
from formerr_infra.images.model import BACKEND, FRONTEND, Reference
from formerr_infra.images.pin import pinned, wanted
from formerr_infra.images.registry import NoImage
from formerr_infra.settings.document import replace_text, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from formerr_infra.images.registry import Registry

BOTH = (BACKEND, FRONTEND)


def of_state(folder: Path, stack: str) -> dict[str, str]:
    """What the stack runs now.

    Raises:
        NoImage: it runs none, or not both.
    """
    from formerr_infra.images.running import of_stack

    held = {one.repository: one.wanted for one in of_stack(folder, stack)}
    missing = [one for one in BOTH if one not in held]
    if missing:
        raise NoImage(
            f"stack {stack!r} runs no {' and no '.join(missing)}, so there is nothing to keep; say which image with --tag"
        )
    return {one: held[one] for one in BOTH}


def of_registry(registry: Registry, folder: Path, stack: str, tag: str) -> dict[str, str]:
    """The digests behind a tag, or behind what the stack file names.

    Raises:
        NoImage: the registry does not hold them.
        SettingsError: the stack file names none.
    """
    file = _file(folder, stack)
    said = dict.fromkeys(BOTH, tag) if tag else wanted(text_of(file), file.name)
    unsaid = [one for one in BOTH if one not in said]
    if unsaid:
        raise SettingsError([f"{file.name}: names no image of {' and '.join(unsaid)}; say one with --tag"])
    images = registry.images()
    found: dict[str, str] = {}
    wrong = []
    for repository, word in said.items():
        is_digest = word.startswith("sha256:")
        meant = Reference(registry.name, repository, "" if is_digest else word, word if is_digest else "")
        digest = next((one.digest for one in images if one.is_named_by(meant)), None)
        if digest is None:
            wrong.append(str(meant))
        else:
            found[repository] = digest
    if wrong:
        raise NoImage(f"registry {registry.name} does not hold {' and '.join(wrong)}; build and push first")
    return found


def of_backups(folder: Path, stack: str) -> dict[str, str]:
    """The images of the newest backup of the state that has others than the stack runs now.

    Raises:
        NoImage: there is no such backup.
        FormerrError: the state or a backup cannot be read.
    """
    from formerr_infra.backup import Backup, shelf
    from formerr_infra.backup.key import passphrase
    from formerr_infra.backup.sealed import inspect, unseal
    from formerr_infra.images.deployed import images_in
    from formerr_infra.images.running import of_stack

    key = passphrase(os.environ)
    now = {one.repository: one.wanted for one in of_stack(folder, stack)}
    held = shelf(folder, stack)
    looked = 0
    for one in held.entries():
        if not isinstance(one, Backup):
            continue
        looked += 1
        before = {
            image.repository: image.wanted for image in images_in(unseal(inspect(held.read(one.name)), key))
        }
        if all(before.get(repository) for repository in BOTH) and before != now:
            return {repository: before[repository] for repository in BOTH}
    raise NoImage(
        f"none of the {looked} backups of stack {stack!r} has both images and others than those that run; say which with "
        "`formerr images pin --tag`, then deploy"
    )


def outputs_of(images: Mapping[str, str]) -> list[str]:
    """`backend=...` and `frontend=...`, as later steps of a workflow are told."""
    return [f"{one.removeprefix('formerr-')}={images[one]}" for one in BOTH if one in images]


def write(folder: Path, stack: str, images: Mapping[str, str]) -> Written:
    """Put the images into the stack file."""
    file = _file(folder, stack)
    before = text_of(file)
    after = pinned(before, images, file.name)
    if after != before:
        replace_text(file, after)
    return Written(file, before, after)


@dataclass(frozen=True, slots=True)
class Written:
    """A stack file that was written.

    Attributes:
        file: it.
        before, after: its text.
    """

    file: Path
    before: str = field(repr=False)
    after: str = field(repr=False)

    def take_back(self) -> bool:
        """Put back what it said before; gives whether it says that now. What somebody else wrote meanwhile stays.

        Raises:
            SettingsError: it cannot be read or written.
        """
        now = text_of(self.file)
        if now == self.after != self.before:
            replace_text(self.file, self.before)
        return now in (self.before, self.after)


def _file(folder: Path, stack: str) -> Path:
    return folder / f"Pulumi.{stack}.yaml"
