"""Requests one after another on one kept-alive connection. Must reach: a median below the 40 ms of a delayed acknowledgement."""

import sys
import tempfile

from load import HEADER, free_port, get, measure, serve_command, served


def main() -> int:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as state:
        port = free_port()
        with served(serve_command(), port, path="/healthz", ASSENT_STATE_DIR=state):
            found = measure("GET /healthz, one connection", port, lambda _: get("/healthz"), connections=1, seconds=3)
    print(HEADER)
    print(found.row())
    return 0


if __name__ == "__main__":
    sys.exit(main())
