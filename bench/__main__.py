"""Measure, print the figures, and keep them for the page; exit code 1 where one misses its target.

python -m bench                       # all parts, as `make bench`
python -m bench accounts states       # some; the others' last results stay as they are
python -m bench preview --no-page     # only look
python -m bench page                  # docs/benchmarks.md from docs/benchmarks.json
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import time

from rich.console import Console

from bench import results
from bench.figures import Figure, show
from bench.results import PARTS
from bench.rows import Measured


def main(arguments: list[str]) -> int:
    """Measure what is asked for.

    Returns:
        0 if every target was met, 1 if not.
    """
    parser = argparse.ArgumentParser(prog="python -m bench", description="The figures, measured in pairs.")
    parser.add_argument(
        "parts",
        nargs="*",
        choices=[*PARTS, "page", []],
        help=f"of {', '.join(PARTS)}; all if left out; page: the page again, from what was measured last",
    )
    parser.add_argument("--json", action="store_true", help="JSON instead of a table")
    parser.add_argument(
        "--no-page", action="store_true", help="keep nothing: neither docs/benchmarks.json nor the page"
    )
    options = parser.parse_args(arguments)
    held = results.read()
    if options.parts == ["page"]:
        results.write(held)
        return 0
    figures: list[Figure] = []
    for part in options.parts or PARTS:
        sys.stderr.write(f"measuring: {part}\n")
        around, began = results.around(), time.monotonic()
        measured = _measure(part)
        seconds = time.monotonic() - began
        sys.stderr.write(f"{part}: {seconds:.0f} s\n")
        figures += measured.figures
        held = results.merged(held, part, measured, seconds=seconds, around=around)
        if not options.no_page:
            results.write(held)
    if options.json:
        sys.stdout.write(json.dumps([figure.plain() for figure in figures], indent=2) + "\n")
    else:
        show(figures, Console(width=None if sys.stdout.isatty() else 140))
    return 0 if all(figure.met for figure in figures) else 1


def _measure(part: str) -> Measured:
    found = importlib.import_module(f"bench.{part}").measure()
    return found if isinstance(found, Measured) else Measured(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
