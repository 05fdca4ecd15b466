"""`assent recommend` and `assent verify` speak to the same API as everybody else."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlmodel import Session

from api.commands.connection import open_api
from api.commands.main import run
from api.settings import Settings
from tests.consent_world import electorate_body
from tests.token_economy import DAO, economy, guardrail_body, objective_body, parameter_body, store


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An embedded deployment of its own, whose DAO has a history that gives a raise."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ASSENT_STATE_DIR", str(tmp_path / "state"))
    now = datetime.now(UTC)

    def _observe(session: Session) -> None:
        store(session, economy(now=now), now=now)

    with open_api(Settings()) as api:
        for method, path, body in (
            ("POST", "/v1/daos", {"name": DAO}),
            ("PUT", f"/v1/daos/{DAO}/delegates", electorate_body("10", "20", "30")),
            ("POST", f"/v1/daos/{DAO}/parameters", {**parameter_body(), "place": {"kind": "manual_record"}}),
            ("PUT", f"/v1/daos/{DAO}/objectives", objective_body()),
            ("PUT", f"/v1/daos/{DAO}/parameters/staking_apr_bps/guardrail", guardrail_body()),
        ):
            api.request(method, path, json=body).raise_for_status()
        assert api.runtime is not None
        api.runtime.writer.run(_observe)
    return tmp_path


def test_a_recommendation_is_asked_for_and_not_yet_verified(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One JSON document on standard output, everything else beside it; what cannot be judged yet is a clear failure."""
    assert run(["recommend", DAO, "staking_apr_bps", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    made = answer["recommendation"]

    assert made["document"]["change"]["to"] == "900"
    assert run(["verify", made["id"]]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert "only an executed change is verified" in told.err


def test_what_a_person_reads_names_change_effect_and_digest(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And a question what if leaves nothing behind."""
    assert run(["recommend", DAO, "staking_apr_bps", "--what-if", "1500"]) == 0
    asked = capsys.readouterr().out
    assert run(["recommend", DAO, "staking_apr_bps"]) == 0
    told = capsys.readouterr().out

    assert "rule max_step" in asked
    assert "staking_apr_bps: 800 -> 900 bps" in told
    assert "benefit" in told
    assert run(["recommend", DAO, "no_such_parameter"]) == 1
    assert run(["recommend", DAO]) == 64
