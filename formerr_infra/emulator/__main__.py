"""`python -m formerr_infra.emulator`: run the bundled DigitalOcean on this machine."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from formerr_infra.emulator.persistence import StateFileBusy
from formerr_infra.emulator.serve import NotLoopback, Options, run
from formerr_infra.emulator.store import DEFAULT_TOKEN

_EPILOG = f"""\
The API is at the endpoint the ready file tells, the control plane below /_control/ on the same port.
The account that is there from the start has the token {DEFAULT_TOKEN!r}. It listens on loopback only.

  python -m formerr_infra.emulator --port 8100 --state-file state.json &
  curl -H 'Authorization: Bearer {DEFAULT_TOKEN}' http://127.0.0.1:8100/v2/vpcs
  curl -H 'Content-Type: application/json' -d '{{"kind": "vpcs", "count": 100}}' http://127.0.0.1:8100/_control/seed
"""


def parse(arguments: list[str]) -> Options:
    """The options of a command line."""
    parser = argparse.ArgumentParser(
        prog="python -m formerr_infra.emulator",
        description="The bundled DigitalOcean: a stateful emulator of its API on loopback.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--host", default="127.0.0.1", help="loopback address to listen on (default: %(default)s)"
    )
    parser.add_argument("--port", type=int, default=0, help="port to listen on; 0 takes a free one (default)")
    parser.add_argument("--state-file", type=Path, help="keep the state in this file, and start from it")
    parser.add_argument("--ready-file", type=Path, help="write endpoint and pid there as JSON when ready")
    parser.add_argument(
        "--transition-seconds",
        type=float,
        default=0.0,
        metavar="S",
        help="how long clusters, nodes, load balancers and databases take to come up (default: %(default)s)",
    )
    parser.add_argument(
        "--seed",
        type=int,
        default=0,
        help="what ids and passwords are made from (default: 0); a state file brings its own",
    )
    parser.add_argument(
        "--kubernetes",
        type=Path,
        metavar="DIR",
        help="run a real control plane behind each cluster, with the programs in this folder: etcd, "
        "kube-apiserver, kube-controller-manager, kube-scheduler, kwok (default: clusters open nothing)",
    )
    parser.add_argument("--stop-with-stdin", action="store_true", help="end when standard input closes")
    found = parser.parse_args(arguments)
    return Options(
        host=found.host,
        port=found.port,
        state_file=found.state_file,
        ready_file=found.ready_file,
        transition_seconds=found.transition_seconds,
        seed=found.seed,
        stop_with_stdin=found.stop_with_stdin,
        kubernetes=found.kubernetes,
    )


def main(arguments: list[str]) -> int:
    """Run until stopped; 2 if it cannot start."""
    try:
        run(parse(arguments))
    except (NotLoopback, StateFileBusy, OSError, ValueError) as error:
        sys.stderr.write(f"emulator: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
