"""Hostile bodies: milliseconds to the refusal, and how much memory the server grew. Must reach: < 100 ms, memory flat."""

import statistics
import sys
import tempfile
import time
from pathlib import Path

import httpx
from load import free_port, serve_command, served

_ROUNDS = 20
_BODIES = {
    "10 MB": b'{"name":"' + b"a" * 10_000_000 + b'"}',
    "10 MB, chunked": b'{"name":"' + b"a" * 10_000_000 + b'"}',
    "100,000 deep": b"[" * 100_000,
    "a million keys": b"{" + b",".join(b'"%d":1' % number for number in range(1_000_000)) + b"}",
    "256 KiB of keys": b"{" + b",".join(b'"%d":1' % number for number in range(25_000)) + b"}",
    "256 KiB of brackets": b"[" + b"[],[[]]," * 32_000 + b"1]",
    "256 KiB of quotes": b'"' + b'\\"' * 130_000,
    "5,000 digits": b'{"a":' + b"9" * 5_000 + b"}",
}


def main() -> int:
    """Measure and print."""
    port = free_port()
    with tempfile.TemporaryDirectory() as state, served(serve_command(), port, path="/healthz", ASSENT_STATE_DIR=state):
        pid = _pid(state)
        url = f"http://127.0.0.1:{port}/v1/daos"
        start = _memory_mb(pid)
        print(f"{'body':28} {'status':>6} {'median ms':>10} {'most ms':>8} {'memory MB':>10}")
        with httpx.Client(headers={"Content-Type": "application/json"}) as client:
            for name, body in _BODIES.items():
                took = []
                for _ in range(_ROUNDS):
                    asked = time.perf_counter()
                    content = iter([body[at : at + 65_536] for at in range(0, len(body), 65_536)]) if "chunked" in name else body
                    answer = client.post(url, content=content)
                    took.append((time.perf_counter() - asked) * 1000)
                print(f"{name:28} {answer.status_code:6} {statistics.median(took):10.1f} {max(took):8.1f} {_memory_mb(pid) - start:+10.1f}")
    return 0


def _pid(state: str) -> int:
    import json  # noqa: PLC0415

    return int(json.loads((Path(state) / "server.json").read_text())["pid"])


def _memory_mb(pid: int) -> float:
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    sys.exit(main())
