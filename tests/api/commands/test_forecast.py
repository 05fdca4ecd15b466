"""`assent forecast` reads a DAO's history once, and answers for one proposal or for all that are open."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from api.commands.connection import open_api
from api.commands.main import run
from api.models import VECTORS_FILE
from api.settings import Settings
from governance.identity import proposal_id
from governance.intake.batches import Kind
from tests.ingest_rows import OPENED, a_proposal, take

DAO = "tide.eth"


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A deployment with six closed proposals, one that is open far into the future, and one that is not begun."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ASSENT_STATE_DIR", str(tmp_path / "state"))
    closed = [
        a_proposal(proposal_id=f"0x0{n}", title=f"Lower the fee {n}", created=OPENED + n, start=OPENED + n, end=OPENED + 9 + n)
        for n in range(6)
    ]
    later = {"created": OPENED + 50, "end": OPENED + 10**9, "outcome": None, "scores": None, "state": "active"}
    opened = [a_proposal(proposal_id="0x10", start=OPENED + 60, **later), a_proposal(proposal_id="0x11", start=OPENED + 10**9 - 9, **later)]
    with open_api(Settings()) as api:
        assert api.runtime is not None
        api.runtime.writer.run(lambda session: take(session, Kind.PROPOSAL, [*closed, *opened]))
    return tmp_path / "state"


def test_history_is_read_once_and_open_proposals_are_answered(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The second command finds every vector on disk; only what is open is forecast; the numbers stay."""
    assert run(["forecast", "--dao", DAO, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["forecasts"]
    assert [(each["proposal_id"], each["history_size"]) for each in found] == [(proposal_id(DAO, "0x10"), 6)]
    kept = (state / VECTORS_FILE).read_bytes()

    as_of = found[0]["as_of"]
    assert run(["forecast", "0x10", "--as-of", as_of, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == found[0]
    assert (state / VECTORS_FILE).read_bytes() == kept
    (state / VECTORS_FILE).unlink()
    assert run(["forecast", "0x10", "--as-of", as_of, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == found[0]


@pytest.mark.usefixtures("state")
def test_what_a_person_reads_names_each_number_beside_its_rate(capsys: pytest.CaptureFixture[str]) -> None:
    """Lift, the three questions, both intervals, the reasons, freshness and the model; each as in the document."""
    assert run(["forecast", "--dao", DAO, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)["forecasts"][0]
    assert run(["forecast", "0x10", "--as-of", said["as_of"]]) == 0
    told = capsys.readouterr().out

    assert f"passes {said['passes']}  base rate {said['base_rate']}  lift {said['lift']}" in told
    assert f"reaches the quorum {said['reaches_quorum']['probability']}" in told or said["reaches_quorum"]["reason"] in told
    ranges = [said[name] for name in ("expected_share", "expected_voters", "expected_power") if said[name] is not None]
    assert ranges
    assert all(f"{each['middle']}  50 %: {' to '.join(each['interval_50'])}" in told for each in ranges)
    assert all(each["words"] in told for each in said["reasons"][:5])
    assert f"newest result {said['latest_result_at']}" in told
    assert f"model {said['model_sha256'][:12]}" in told


def test_vectors_are_made_a_few_at_a_time(state: Path) -> None:
    """A long reading goes on where it was stopped."""
    with open_api(Settings()) as api:
        path = f"/v1/daos/{DAO}/text-vectors"
        answers = [api.post(path, json={"limit": limit}).json() for limit in (0, 4, 4, 4)]
        assert api.post("/v1/daos/nobody/text-vectors", json={}).status_code == 404

    assert [(each["made"], each["missing"]) for each in answers] == [(0, 6), (4, 2), (2, 0), (0, 0)]


@pytest.mark.parametrize("arguments", [[], ["0x10", "--dao", DAO]])
def test_one_of_proposal_and_dao_is_named(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Anything else is a wrong use."""
    assert run(["forecast", *arguments]) == 64
    assert "--dao" in capsys.readouterr().err


@pytest.mark.usefixtures("state")
def test_what_is_open_is_compared_too_so_its_vectors_are_made() -> None:
    """A forecast looks at the DAO's other open proposals: their texts must not wait for it either."""
    yesterday = int(datetime.now(UTC).timestamp()) - 86_400
    fresh = {"created": yesterday, "start": yesterday, "end": yesterday + 10**6, "outcome": None, "scores": None, "state": "active"}
    with open_api(Settings()) as api:
        path = f"/v1/daos/{DAO}/text-vectors"
        before = api.post(path, json={"limit": 0}).json()["missing"]
        assert api.runtime is not None
        api.runtime.writer.run(
            lambda session: take(session, Kind.PROPOSAL, [a_proposal(proposal_id="0x12", title="Build a light house", **fresh)])
        )
        assert api.post(path, json={"limit": 0}).json() == {"made": 0, "missing": before + 1}
