"""`assent approve` and `assent execute` as a delegate and an operator type them."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from eth_account import Account
from sqlmodel import Session

from api.commands.execute import record_of
from api.commands.main import run
from api.runtime import open_runtime, wall_clock
from api.settings import Settings
from governance.records.daos import get_dao
from tests.consent_world import DAO, document, found_dao, propose, wallet

PASSWORD = "a password for tests"


@pytest.fixture
def deployment(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A deployment that commands find by their environment, with one change put to its delegates; the change's id."""
    monkeypatch.setenv("ASSENT_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("ASSENT_DATABASE_URL", sqlite_url)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WALLET_PASSWORD", PASSWORD)
    for number in (1, 2, 9):
        keystore = Account.encrypt(wallet(number).key, PASSWORD, kdf="pbkdf2", iterations=2)
        (tmp_path / f"wallet{number}.json").write_text(json.dumps(keystore), encoding="utf-8")
    runtime = open_runtime(Settings(), clock=wall_clock)
    made_at = datetime.now(UTC) - timedelta(minutes=1)

    def work(session: Session) -> str:
        found_dao(session, now=made_at)
        return propose(session, document(made_at=made_at), now=made_at)

    recommendation = runtime.writer.run(work)
    runtime.close()
    return recommendation


def advance(seconds: int) -> None:
    """Move the demonstration DAO's clock, as `assent demo advance` does."""
    runtime = open_runtime(Settings())

    def work(session: Session) -> None:
        dao = get_dao(session, DAO)
        dao.clock_offset_s += seconds
        session.add(dao)

    runtime.writer.run(work)
    runtime.close()


def approve(recommendation: str, number: int, *more: str) -> int:
    return run(["approve", recommendation, "--keystore", f"wallet{number}.json", "--password-env", "WALLET_PASSWORD", "--yes", *more])


def test_two_keystores_approve_and_execute_applies_once(deployment: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The terminal's whole way: sign twice, schedule, wait, execute; --json is one document on standard output."""
    assert approve(deployment, 1, "--json") == 0
    assert json.loads(capsys.readouterr().out)["state"] == "VOTING"
    assert approve(deployment, 2) == 0
    shown = capsys.readouterr()
    assert shown.out == ""
    assert '"to":"550"' in shown.err
    assert f"{deployment} is APPROVED" in shown.err

    assert run(["execute", "--once", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["work"][0]["state"] == "TIMELOCKED"
    advance(3_600)
    assert run(["execute", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["work"][0]["state"] == "EXECUTED"
    assert run(["execute"]) == 0
    assert "nothing is due" in capsys.readouterr().err
    assert len(record_of(Settings()).read_text(encoding="utf-8").splitlines()) == 1


def test_what_cannot_be_signed_or_counted_is_one_clear_line(deployment: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 1 with the reason: a stranger's wallet, a wrong password, a file that is no keystore, an unknown change."""
    assert approve(deployment, 9) == 1
    assert "not a delegate" in capsys.readouterr().err
    Path("wrong.txt").write_text("wrong\n", encoding="utf-8")
    assert run(["approve", deployment, "--keystore", "wallet1.json", "--password-file", "wrong.txt", "--yes"]) == 1
    assert "MAC mismatch" in capsys.readouterr().err
    assert run(["approve", deployment, "--keystore", "wrong.txt", "--password-file", "wrong.txt", "--yes"]) == 1
    assert approve("rec_unknown", 1) == 1
    assert approve(deployment, 1, "--support", "maybe") == 64
    assert run(["execute", "--watch", "--json"]) == 64
