"""`assent analyse` reads one DAO's texts or every DAO's, and goes on where it was stopped."""

import json
from pathlib import Path

import pytest

from api.commands.connection import open_api
from api.commands.main import run
from api.settings import Settings
from governance.intake.batches import Kind
from tests.ingest_rows import a_proposal, take

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
