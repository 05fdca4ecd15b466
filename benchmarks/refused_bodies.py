"""Hostile bodies: milliseconds to the refusal, and how much memory the server grew. Must reach: < 100 ms, memory flat.

Each is sent without a key and with one; those that only a route's own rules refuse go to routes that take lists or rows.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
from load import free_port, serve_command, served

_ROUNDS = 20
_KEY = "assent_benchmark_" + "k" * 43
_PIECE = 65_536


def _list(*, of: bytes, count: int) -> bytes:
    return b"[" + b",".join([of] * count) + b"]"


def _keys(count: int) -> bytes:
    return b"{" + b",".join(b'"%d":1' % number for number in range(count)) + b"}"


_DAOS, _DELEGATES, _OBSERVATIONS = "/v1/daos", "/v1/daos/bench/delegates", "/v1/daos/bench/observations"
_BODIES: dict[str, tuple[str, str, bytes]] = {
    "10 MB": ("POST", _DAOS, b'{"name":"' + b"a" * 10_000_000 + b'"}'),
    "10 MB, chunked": ("POST", _DAOS, b'{"name":"' + b"a" * 10_000_000 + b'"}'),
    "100,000 deep": ("POST", _DAOS, b"[" * 100_000),
    "a million keys": ("POST", _DAOS, _keys(1_000_000)),
    "256 KiB of keys": ("POST", _DAOS, _keys(25_000)),
    "256 KiB of brackets": ("POST", _DAOS, b"[" + b"[],[[]]," * 32_000 + b"1]"),
    "256 KiB of ones": ("POST", _DAOS, _list(of=b"1", count=130_000)),
    "256 KiB of objects": ("POST", _DAOS, _list(of=b'{"a":1}', count=32_000)),
    "256 KiB of empty texts": ("POST", _DAOS, _list(of=b'""', count=87_000)),
    "256 KiB of escapes": ("POST", _DAOS, b'{"name":"' + b"\\u0041" * 43_000 + b'"}'),
    "256 KiB of quotes": ("POST", _DAOS, b'"' + b'\\"' * 130_000),
    "76 digits, again and again": ("POST", _DAOS, b'{"name":"' + (b"9" * 76 + b"a") * 3_400 + b'"}'),
    "5,000 digits": ("POST", _DAOS, b'{"a":' + b"9" * 5_000 + b"}"),
    "19,000 unknown keys": ("POST", _DAOS, _keys(19_000)),
    "19,000 wrong delegates": ("PUT", _DELEGATES, b'{"delegates":' + _list(of=b"1", count=19_000) + b"}"),
    "6,000 empty delegates": ("PUT", _DELEGATES, b'{"delegates":' + _list(of=b"{}", count=6_000) + b"}"),
    "19,000 rows": ("POST", _OBSERVATIONS, b'{"items":' + _list(of=b"1", count=19_000) + b"}"),
    "a row of 19,000 keys": ("POST", _OBSERVATIONS, _keys(19_000)),
}


def main() -> int:
    """Measure and print; 1 where a body took too long."""
    slowest = 0.0
    with (
        tempfile.TemporaryDirectory() as state,
        served(serve_command(), free_port(), path="/healthz", ASSENT_STATE_DIR=state, ASSENT_ADMIN_KEY=_KEY) as server,
    ):
        start = _memory_mb(server.pid)
        print(f"load average {os.getloadavg()[0]:.1f}")
        print(f"{'body':28} {'key':>4} {'status':>6} {'median ms':>10} {'most ms':>8} {'memory MB':>10}")
        headers = {"Content-Type": "application/json"}
        with httpx.Client(base_url=f"http://127.0.0.1:{server.port}", headers=headers) as client:
            admin = {"Authorization": f"Bearer {_KEY}"}
            client.post(_DAOS, json={"name": "bench"}, headers=admin).raise_for_status()
            for name in _BODIES:
                for said, given in (("no", {}), ("yes", admin)):
                    status, took = _refused(client, name, given)
                    slowest = max(slowest, statistics.median(took))
                    grown = _memory_mb(server.pid) - start
                    print(f"{name:28} {said:>4} {status:6} {statistics.median(took):10.1f} {max(took):8.1f} {grown:+10.1f}", flush=True)
    return 0 if slowest < 100 else 1


def _refused(client: httpx.Client, name: str, headers: dict[str, str]) -> tuple[int, list[float]]:
    method, path, body = _BODIES[name]
    took, status = [], 0
    for _ in range(_ROUNDS):
        content = _pieces(body) if "chunked" in name else body
        asked = time.perf_counter()
        status = client.request(method, path, content=content, headers=headers).status_code
        took.append((time.perf_counter() - asked) * 1000)
    return status, took


def _pieces(body: bytes) -> Iterator[bytes]:
    return iter([body[at : at + _PIECE] for at in range(0, len(body), _PIECE)])


def _memory_mb(pid: int) -> float:
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    sys.exit(main())
