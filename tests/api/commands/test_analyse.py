"""`assent analyse` reads one DAO's texts or every DAO's, and goes on where it was stopped."""

import contextlib
import json
import os
import pty
import signal
import sqlite3
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from api.commands.connection import open_api
from api.commands.main import run
from api.settings import Settings
from governance.intake.batches import Kind
from tests.ingest_rows import a_post, a_proposal, take

pytestmark = pytest.mark.encoder

DAOS = ("moss.eth", "tide.eth", "ein/ander.eth")


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three DAOs, one with an awkward name, two proposals each."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ASSENT_STATE_DIR", str(tmp_path / "state"))
    rows = [
        a_proposal(dao=dao, proposal_id=f"0x{n}{dao}", title=f"Lower the fee of {dao}", body=f"Plan {n}.") for dao in DAOS for n in (1, 2)
    ]
    with open_api(Settings()) as api:
        assert api.runtime is not None
        api.runtime.writer.run(lambda session: take(session, Kind.PROPOSAL, rows))
    return tmp_path / "state"


def analysed(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, object]:
    """What the command answers."""
    assert run(["analyse", *words, "--json"]) == 0
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def test_every_dao_is_read_once(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A limit stops in the middle; the next run finds what is left, and a third finds nothing to do."""
    assert state.is_dir()

    first = analysed(capsys, "--limit", "3")
    second = analysed(capsys)
    third = analysed(capsys)

    assert (first["read"], first["more"]) == (3, True)
    assert (second["read"], second["more"]) == (3, False)
    assert (third["read"], third["known"], third["readings"]) == (0, 6, 0)


def test_one_dao_is_read_alone(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A DAO that is named is read, and no other."""
    assert state.is_dir()

    assert analysed(capsys, "moss.eth")["read"] == 2
    assert analysed(capsys)["read"] == 4


def test_a_proposal_without_its_dao_is_wrong_usage(state: Path) -> None:
    """A proposal's id alone says nothing of which DAO's texts are meant."""
    assert state.is_dir()

    assert run(["analyse", "--proposal", "prop_x"]) == 64


def test_a_limit_that_ends_where_the_texts_do_leaves_nothing_over(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Six texts and a limit of six: all are read, and nothing waits."""
    assert state.is_dir()

    assert (analysed(capsys, "--limit", "6")["more"], analysed(capsys, "--limit", "6")["known"]) == (False, 6)


POSTS = 250


def process(*words: str, stderr: int = subprocess.DEVNULL) -> "subprocess.Popen[bytes]":
    """`assent` as a process of its own, in the environment of the test."""
    return subprocess.Popen([sys.executable, "-m", "api.commands.main", *words], stdout=subprocess.PIPE, stderr=stderr)


def stored(state: Path) -> dict[tuple[str, str], str]:
    """By text and task, when its reading was recorded; a text that was read twice fails."""
    with sqlite3.connect(state / "assent.db") as connection:
        rows = connection.execute("SELECT subject_id, task, recorded_at FROM reading").fetchall()
    found = {(subject, task): recorded for subject, task, recorded in rows}
    assert len(found) == len(rows)
    return found


def killed_after_one_more_chunk(state: Path) -> dict[tuple[str, str], str]:
    """What is on record after a process that was killed as soon as it had recorded something."""
    before = len(stored(state))
    reading = process("analyse", "moss.eth")
    deadline = time.monotonic() + 300
    while len(stored(state)) == before and time.monotonic() < deadline:
        assert reading.poll() is None, "it ended before it could be killed"
        time.sleep(0.01)
    reading.send_signal(signal.SIGKILL)
    reading.communicate()
    assert reading.returncode == -signal.SIGKILL
    return stored(state)


def written(watched: int) -> str:
    """What was written to a terminal whose other end is closed by now."""
    found = b""
    with os.fdopen(watched, "rb", buffering=0) as terminal, contextlib.suppress(OSError):  # EIO: that is all
        while part := terminal.read(4_096):
            found += part
    return found.decode()


@pytest.mark.timeout(1_200)
def test_killed_twice_it_reads_nothing_twice_and_loses_nothing(state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SIGKILL in the middle, again in the rest, then to the end: the bar has a total, and the log is whole."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))
    posts = [a_post(dao="moss.eth", post_id=n, text=f"Moss number {n} grows on the {n}th stone, and I like it.") for n in range(POSTS)]
    with open_api(Settings()) as api:
        assert api.runtime is not None
        api.runtime.writer.run(lambda session: take(session, Kind.POST, posts))

    first, second = killed_after_one_more_chunk(state), killed_after_one_more_chunk(state)
    watched, shown = pty.openpty()
    termios.tcsetwinsize(shown, (24, 120))
    last = process("analyse", "moss.eth", "--json", stderr=shown)
    os.close(shown)
    answer, bar = json.loads(last.communicate()[0]), written(watched)
    whole = stored(state)

    assert 0 < len(first) < len(second) < len(whole)
    assert second.items() >= first.items()
    assert whole.items() >= second.items()
    assert len({subject for subject, _ in whole}) == POSTS + 2
    assert (last.returncode, answer["read"], answer["known"]) == (0, POSTS + 2 - len(second), len(second))
    assert f"/{POSTS + 2 - len(second)} " in bar
    export = str(tmp_path / "export")
    assert (run(["log", "export", export]), run(["log", "verify", export])) == (0, 0)
