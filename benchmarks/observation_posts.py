"""Single observations posted by 16 writers, each durable and logged before its answer, beside a bare handler.

Must reach: >= 200/s, p99 <= 150 ms.
"""

import json
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from load import HEADER, bare_command, free_port, get, measure, post, serve_command, served

_KEY = "assent_benchmark_" + "k" * 43
_START = datetime(2026, 1, 1, tzinfo=UTC)


def main() -> int:
    """Measure and print."""
    port = free_port()
    with (
        tempfile.TemporaryDirectory() as state,
        served(serve_command(), port, path="/healthz", ASSENT_STATE_DIR=state, ASSENT_ADMIN_KEY=_KEY) as server,
    ):
        headers = {"Authorization": f"Bearer {_KEY}"}
        url = f"http://127.0.0.1:{port}/v1"
        httpx.post(f"{url}/daos", json={"name": "bench"}, headers=headers).raise_for_status()
        before = httpx.get(f"{url}/version").json()["log_size"]

        def _observation(number: int) -> bytes:
            row = {
                "metric": "price",
                "time": (_START + timedelta(seconds=number)).isoformat(),
                "value": f"{number}.5",
                "unit": "usd",
                "source": "bench",
            }
            return post("/v1/daos/bench/observations", json.dumps(row).encode(), f"Authorization: Bearer {_KEY}")

        posted = measure("observation, durable and logged", server, _observation, expected=_status(url, headers))
        logged = httpx.get(f"{url}/version").json()["log_size"] - before
    with tempfile.NamedTemporaryFile() as body:
        body.write(b"{}")
        body.flush()
        with served(bare_command(Path(body.name)), free_port(), path="/bare") as server:
            bare = measure("bare handler", server, lambda _: get("/bare"), seconds=3)
    print(HEADER)
    print(bare.row(bare))
    print(posted.row(bare))
    print(f"log entries written meanwhile: {logged}")
    return 0


def _status(url: str, headers: dict[str, str]) -> bytes:
    """What one observation is answered with."""
    row = {"metric": "price", "time": "2025-01-01T00:00:00Z", "value": "1", "unit": "usd", "source": "bench"}
    answer = httpx.post(f"{url}/daos/bench/observations", json=row, headers=headers)
    answer.raise_for_status()
    return str(answer.status_code).encode()


if __name__ == "__main__":
    sys.exit(main())
