"""From the command to the first answer, five starts on an existing state folder. Must reach: <= 3 s."""

import statistics
import sys
import tempfile

from load import free_port, serve_command, served


def main() -> int:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as state:
        seconds = []
        for _ in range(6):
            port = free_port()
            with served(serve_command(), port, path="/v1/daos", ASSENT_STATE_DIR=state) as server:
                seconds.append(server.seconds)
    print(f"{'what':44} {'median s':>9} {'least':>7} {'most':>7}")
    print(f"{'first start (migrations, keys)':44} {seconds[0]:9.2f}")
    rest = seconds[1:]
    print(f"{'start to first answer':44} {statistics.median(rest):9.2f} {min(rest):7.2f} {max(rest):7.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
