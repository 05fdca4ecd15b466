"""A real server process: it starts, says where it is, stops gracefully under load, and sends small answers at once."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import uvloop
from fastapi import FastAPI

from api.commands.serve import server_config
from api.settings import Settings

KEY = "assent_test_" + "s" * 43


def _port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _environment(state: Path, port: int) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ASSENT_")}
    return {**kept, "ASSENT_STATE_DIR": str(state), "ASSENT_PORT": str(port), "ASSENT_ADMIN_KEY": KEY}


def _assent(*arguments: str, env: dict[str, str]) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "api.commands.main", *arguments]
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple["subprocess.Popen[str]", str, dict[str, str]]]:
    """A running server, its address and its environment."""
    port = _port()
    env = _environment(tmp_path / "state", port)
    process = _assent("serve", env=env)
    assert process.stderr is not None
    for line in process.stderr:
        if "health" in line:
            break
    else:
        pytest.fail("the server did not start")
    yield process, f"http://127.0.0.1:{port}", env
    if process.poll() is None:
        process.kill()
    process.communicate()


def test_a_server_told_to_stop_under_load_answers_what_it_took_and_leaves_nothing_behind(
    server: tuple["subprocess.Popen[str]", str, dict[str, str]], tmp_path: Path
) -> None:
    """SIGTERM during writes: every answered write is durable, no answer is an error of ours, exit code 0."""
    process, url, env = server
    answered: list[str] = []
    statuses: list[int] = []

    def _write(worker: int) -> None:
        with httpx.Client(headers={"X-API-Key": KEY}, trust_env=False) as client:
            for number in range(10_000):
                name = f"dao-{worker}-{number}"
                try:
                    answer = client.post(f"{url}/v1/daos", json={"name": name})
                except httpx.TransportError:
                    return
                statuses.append(answer.status_code)
                if answer.status_code == 201:
                    answered.append(name)

    workers = [threading.Thread(target=_write, args=(number,)) for number in range(4)]
    for worker in workers:
        worker.start()
    while len(answered) < 20:
        workers[0].join(0.05)
    process.send_signal(signal.SIGTERM)
    code = process.wait(30)
    for worker in workers:
        worker.join()

    assert code == 0
    assert set(statuses) <= {201, 503}
    assert not (tmp_path / "state" / "server.json").exists()
    again = _assent("keys", "list", "--json", env=env)
    said, _ = again.communicate(timeout=60)
    assert again.returncode == 0
    assert json.loads(said)["items"]
    import sqlite3  # noqa: PLC0415

    with sqlite3.connect(tmp_path / "state" / "assent.db") as connection:
        stored = {row[0] for row in connection.execute("SELECT id FROM dao")}
    assert set(answered) <= stored


def test_a_port_in_use_and_a_command_beside_the_server(server: tuple["subprocess.Popen[str]", str, dict[str, str]]) -> None:
    """A second server says what is wrong in one line; other commands go through the running one."""
    _, _, env = server
    second = _assent("serve", env=env)
    _, complaint = second.communicate(timeout=60)
    made = _assent("keys", "create", "robot", "--scope", "ingester", "--json", env=env)
    said, _ = made.communicate(timeout=60)

    assert second.returncode == 1
    assert complaint.count("\n") == 1
    assert env["ASSENT_PORT"] in complaint
    assert "ASSENT_PORT" in complaint
    assert made.returncode == 0
    assert json.loads(said)["key"].startswith("assent_")


@pytest.mark.parametrize("piece", [b"a" * 65_536, b"X-Many: a\r\n" * 6_000], ids=["one long header", "many headers"])
def test_headers_without_end_are_cut_off(server: tuple["subprocess.Popen[str]", str, dict[str, str]], piece: bytes) -> None:
    """One anonymous connection must not keep the server busy with a header that never ends; others are answered as before."""
    _, url, env = server
    with socket.create_connection(("127.0.0.1", int(env["ASSENT_PORT"])), timeout=30) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: a")
        cut_off = False
        for _ in range(200):
            try:
                connection.sendall(piece)
            except OSError:
                cut_off = True
                break
    assert cut_off
    assert httpx.get(f"{url}/healthz", headers={"X-Long": "a" * 16_000}).status_code == 200


def test_small_answers_on_kept_alive_connections_are_sent_at_once(tmp_path: Path) -> None:
    """Without TCP_NODELAY every second answer waits 40 ms; the loop that serves sets it on every connection it accepts."""
    config = server_config(Settings(state_dir=tmp_path), FastAPI())
    factory = config.get_loop_factory()
    assert factory is not None

    async def _accepted() -> socket.socket:
        """The server's end of a connection: a copy, since the loop keeps its own to itself."""
        ends: asyncio.Future[socket.socket] = asyncio.get_running_loop().create_future()

        async def _take(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            ends.set_result(socket.socket(fileno=os.dup(writer.get_extra_info("socket").fileno())))
            writer.close()

        async with await asyncio.start_server(_take, "127.0.0.1", 0) as server:
            _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            end = await ends
            writer.close()
            await writer.wait_closed()
            return end

    with asyncio.Runner(loop_factory=factory) as runner:
        loop = runner.get_loop()
        end = runner.run(_accepted())
    with end:
        assert isinstance(loop, uvloop.Loop)
        assert end.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["--help"], 0), (["frobnicate"], 64), (["keys", "create"], 64), (["keys", "revoke", "nothing"], 1), (["--version"], 0)],
)
def test_exit_codes_are_the_houses(tmp_path: Path, arguments: list[str], code: int) -> None:
    """Scripts decide by them: 0 done, 1 failed, 64 wrong usage."""
    process = _assent(*arguments, env=_environment(tmp_path / "state", _port()))
    process.communicate(timeout=60)

    assert process.returncode == code
