"""Requests one after another on one kept-alive connection. Must reach: a median below the 40 ms of a delayed acknowledgement."""

import sys
import tempfile

from load import HEADER, free_port, get, measure, serve_command, served


def main() -> int:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as state, served(serve_command(), free_port(), path="/healthz", ASSENT_STATE_DIR=state) as server:
        found = measure("GET /healthz, one connection", server, lambda _: get("/healthz"), connections=1, seconds=3)
    print(HEADER)
    print(found.row())
    return 0


if __name__ == "__main__":
    sys.exit(main())
