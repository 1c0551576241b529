"""`python -m tests.fuzz.one TARGET FOLDER [libFuzzer's options]`: one target under atheris, in its own virtual environment."""

from __future__ import annotations

import sys
from pathlib import Path

import atheris  # type: ignore[import-untyped]  # where the fuzzer is installed, this is run

#: What findings are looked for in, and what reads for it.
INSTRUMENTED = ["formerr_infra", "ruamel"]


def main(name: str, folder: Path, *options: str) -> None:
    """Run until the time is up, or until something is found."""
    with atheris.instrument_imports(include=INSTRUMENTED, enable_loader_override=False):
        from tests.fuzz.targets import LONGEST, TARGETS
    target = TARGETS[name]
    corpus = folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(target.seeds()):
        (corpus / f"seed-{number}").write_bytes(seed)
    words = [
        f"-artifact_prefix={folder}/", f"-max_len={LONGEST}", "-timeout=20", "-rss_limit_mb=1500", "-print_final_stats=1",
        *options, str(corpus),
    ]  # fmt: skip
    atheris.Setup([sys.argv[0], *words], target.run)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:])
