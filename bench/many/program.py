"""The program beside this one, and further resources: as many as BENCH_MANY says.

The engine runs this as the program of a project of its own; `program.py` there is what the project's program was.
"""

import os
import runpy
from pathlib import Path

import pulumi


async def run() -> None:
    if "formerr_infra" in Path("program.py").read_text("utf-8"):
        from formerr_infra import program

        await program._run()
    else:
        runpy.run_path("program.py")
    for number in range(int(os.environ["BENCH_MANY"])):
        pulumi.ComponentResource(
            "bench:index:Other", f"other-{number + 1}", {"number": "a few words, as inputs have them"}
        )


pulumi.run(run)
