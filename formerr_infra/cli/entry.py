"""What the installed `formerr` command starts: the commands, or which of their requirements is missing.

The package can be installed for its emulator alone, without what the commands need.
"""

from __future__ import annotations

import sys

from formerr_infra.errors import SetupError


def main() -> None:
    """Run the command."""
    try:
        from formerr_infra.cli.app import main as run

        run()
    except KeyboardInterrupt:
        # Nothing of a command has begun, or it has said what there is to say.
        sys.exit(130)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] == "formerr_infra":
            raise
        sys.stderr.write(
            f"error: {error.name} is not installed; `pip install 'formerr-infra[program]'` brings what the commands need, "
            "`make setup` does so in a checkout\n"
        )
        sys.exit(SetupError.exit_code)


if __name__ == "__main__":
    main()
