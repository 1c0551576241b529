"""How an environment is destroyed: by the same steps as `formerr destroy`, without a person to ask.

Its data goes with it where its file says so (`deleteData`), as `formerr env new` writes it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from formerr_infra.environments.sweeping import Destroy


def destroyer(folder: Path, progress: Callable[[str], None]) -> Destroy:
    """What destroys one stack of this folder."""

    def destroy(stack: str) -> None:
        from formerr_infra.destroy.stack import take_down
        from formerr_infra.settings import access_of, from_files

        take_down(
            folder,
            stack,
            access_of(stack),
            delete_data=from_files(folder, stack).delete_data,
            progress=lambda text: progress(f"{stack}: {text}"),
        )

    return destroy
