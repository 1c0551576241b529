"""Start the plugin: `python -m formerr_infra.local.standin [engine address]`.

Prints the port it listens on, as the engine expects, and ends when the engine does.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

WORKERS = 32
PARENT_CHECK_SECONDS = 0.5
#: SIGINT is how the engine ends its plugins, after a Cancel. A Ctrl-C in the terminal is for the engine's own process group
#: and does not come here.
_ENDING = frozenset({signal.SIGINT, signal.SIGTERM})


def main() -> int:
    """Serve until told to stop. Exit code 1 outside local mode."""
    from formerr_infra.errors import FormerrError
    from formerr_infra.local.standin.config import require_local_mode
    from formerr_infra.local.standin.errors import StandinError

    try:
        require_local_mode(os.environ)
    except (StandinError, FormerrError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return serve()


def serve() -> int:
    """Listen on a free loopback port and say which on stdout."""
    # Before any other thread is there, so that all of them have it from this one: a signal that one of gRPC's threads got
    # would wake nobody here, and the engine kills a plugin that does not listen after five seconds, each time.
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    import grpc

    from formerr_infra.local.standin.catalogue import FUNCTIONS, RESOURCES
    from formerr_infra.local.standin.rpc import pb_grpc
    from formerr_infra.local.standin.server import Provider

    unlimited = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
    server = grpc.server(ThreadPoolExecutor(max_workers=WORKERS), options=unlimited)
    pb_grpc.add_ResourceProviderServicer_to_server(Provider(RESOURCES, FUNCTIONS), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()

    threading.Thread(target=_follow_parent, args=(os.getppid(),), daemon=True).start()
    signal.sigwait(_ENDING)
    server.stop(grace=1).wait()
    return 0


def _follow_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(PARENT_CHECK_SECONDS)
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
