"""A server of our own on a free port, and a load generator: many connections, one process, latencies counted."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx


@dataclass(frozen=True, slots=True)
class Measured:
    """Requests per second, latencies in milliseconds, and how many answers were not what was asked for.

    `cpu_us`: what the server's process spent per request. Beside other work on the machine it says more than the rate.
    """

    name: str
    per_second: float
    p50_ms: float
    p99_ms: float
    count: int
    failed: int
    cpu_us: float

    def row(self, baseline: "Measured | None" = None) -> str:
        """One line of the table."""
        ratio = "" if baseline is None else f"{self.per_second / baseline.per_second:7.2f}"
        measured = f"{self.per_second:9.0f} {self.p50_ms:8.1f} {self.p99_ms:8.1f} {self.count:7} {self.failed:6} {self.cpu_us:8.0f}"
        return f"{self.name:44} {measured} {ratio:>8}"


@dataclass(frozen=True, slots=True)
class Served:
    """A server under way: where, as which process, and the seconds from its start to its first answer."""

    port: int
    pid: int
    seconds: float


HEADER = f"{'what':44} {'per s':>9} {'p50 ms':>8} {'p99 ms':>8} {'n':>7} {'failed':>6} {'cpu us':>8} {'ratio':>8}"


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(command: list[str], port: int, *, path: str, **environment: str) -> Iterator[Served]:
    """Run `command` until the block ends, from its first answer at `path` on."""
    started = time.perf_counter()
    process = subprocess.Popen(
        command,
        env={**os.environ, "ASSENT_PORT": str(port), "ASSENT_LOG_LEVEL": "warning", **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        yield Served(port, process.pid, _first_answer(process, f"http://127.0.0.1:{port}{path}", started))
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _first_answer(process: "subprocess.Popen[bytes]", url: str, started: float) -> float:
    while time.perf_counter() - started < 60:
        try:
            httpx.get(url, timeout=5, trust_env=False).raise_for_status()
        except httpx.HTTPError:
            if process.poll() is not None:
                said = process.stderr.read().decode() if process.stderr else ""
                raise RuntimeError(f"the server ended: {said}") from None
            time.sleep(0.02)
            continue
        return time.perf_counter() - started
    raise RuntimeError("no answer within a minute")


def serve_command() -> list[str]:
    """The real server."""
    return [sys.executable, "-m", "api.commands.main", "serve"]


def bare_command(bodies: Path) -> list[str]:
    """A FastAPI app whose one handler returns the lines of `bodies` in turn, on the same server with the same loop."""
    return [sys.executable, str(Path(__file__).with_name("bare_handler.py")), str(bodies)]


def measure(
    name: str, server: Served, requests: Callable[[int], bytes], *, connections: int = 16, seconds: float = 6.0, expected: bytes = b"200"
) -> Measured:
    """Ask over `connections` kept-alive connections for `seconds`; `requests(n)` gives the n-th raw HTTP/1.1 request."""
    cpu = _cpu_seconds(server.pid)
    latencies, failed, took = asyncio.run(_ask(server.port, requests, connections=connections, seconds=seconds, expected=expected))
    cpu = _cpu_seconds(server.pid) - cpu
    ordered = sorted(latencies)
    last = min(len(ordered) - 1, int(len(ordered) * 0.99))
    return Measured(name, len(ordered) / took, ordered[len(ordered) // 2], ordered[last], len(ordered), failed, cpu / len(ordered) * 1e6)


def _cpu_seconds(pid: int) -> float:
    """User and system time of a process so far (proc(5), fields 14 and 15)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def _ask(
    port: int, requests: Callable[[int], bytes], *, connections: int, seconds: float, expected: bytes
) -> tuple[list[float], int, float]:
    latencies: list[float] = []
    failed = 0
    turn = 0
    started = time.perf_counter()

    async def _client() -> None:
        nonlocal failed, turn
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while time.perf_counter() - started < seconds:
            turn += 1
            asked = time.perf_counter()
            writer.write(requests(turn))
            status = await _answer(reader)
            latencies.append((time.perf_counter() - asked) * 1000)
            failed += status != expected
        writer.close()

    clients: list[Awaitable[None]] = [_client() for _ in range(connections)]
    await asyncio.gather(*clients)
    return latencies, failed, time.perf_counter() - started


async def _answer(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    length = next((int(line.split(b":")[1]) for line in lines if line.lower().startswith(b"content-length:")), 0)
    if length:
        await reader.readexactly(length)
    return lines[0].split(b" ")[1]


def get(path: str, *headers: str) -> bytes:
    """A raw GET."""
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: 127.0.0.1", *headers, "", ""]).encode()


def post(path: str, body: bytes, *headers: str) -> bytes:
    """A raw POST of JSON."""
    head = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(head).encode() + body
