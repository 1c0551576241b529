"""Measure and print the figures; exit code 1 where one misses its target."""

from __future__ import annotations

import argparse
import importlib
import json
import sys

from rich.console import Console

from bench.figures import Figure, show

PARTS = ("detection", "preview", "application", "start")


def main(arguments: list[str]) -> int:
    """Measure what is asked for.

    Returns:
        0 if every target was met, 1 if not.
    """
    parser = argparse.ArgumentParser(prog="python -m bench", description="The figures, measured in pairs.")
    parser.add_argument(
        "parts", nargs="*", choices=[*PARTS, []], help=f"of {', '.join(PARTS)}; all if left out"
    )
    parser.add_argument("--json", action="store_true", help="JSON instead of a table")
    options = parser.parse_args(arguments)
    figures: list[Figure] = []
    for part in options.parts or PARTS:
        sys.stderr.write(f"measuring: {part}\n")
        figures += importlib.import_module(f"bench.{part}").measure()
    if options.json:
        sys.stdout.write(json.dumps([figure.plain() for figure in figures], indent=2) + "\n")
    else:
        show(figures, Console(width=None if sys.stdout.isatty() else 140))
    return 0 if all(figure.met for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
