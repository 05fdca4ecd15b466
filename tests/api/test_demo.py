"""The demonstration: the whole loop with the real encoder, on SQLite, as one command."""

import json
from pathlib import Path

import pytest

from api.commands.main import run

pytestmark = pytest.mark.encoder


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder of its own, named by the environment as a user would."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ASSENT_STATE_DIR", str(tmp_path / "state"))
    return tmp_path / "state"


def _told(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, object]:
    capsys.readouterr()
    assert run([*arguments, "--json"]) == 0
    answer: dict[str, object] = json.loads(capsys.readouterr().out)
    return answer


def test_the_whole_loop_walks_to_a_verified_decision_and_a_second_walk_changes_nothing(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One command must show everything Assent promises; a second one must go on, not start over."""
    first = _told(capsys, "demo", "--through", "verification")
    steps = {told["step"]: told["facts"] for told in first["steps"]}  # type: ignore[attr-defined]

    assert list(steps) == ["dao", "collect", "set_up", "analyse", "forecast", "recommend", "approve", "execute", "verify"]
    assert steps["analyse"]["read"] == 32
    assert steps["execute"]["state"] == "EXECUTED"
    assert steps["verify"]["verdict"] == "met"
    assert first["log"]["verdict"] == "sound"  # type: ignore[index]

    again = _told(capsys, "demo", "--through", "verification")
    repeated = {told["step"]: told["facts"] for told in again["steps"]}  # type: ignore[attr-defined]

    assert repeated["recommend"]["recommendation"] == steps["recommend"]["recommendation"]
    assert [counts["inserted"] for counts in repeated["collect"].values()] == [0, 0, 0, 0]
    effects = (state / "dry_run" / "record.ndjson").read_text(encoding="utf-8").splitlines()
    assert len(effects) == 1


def test_the_text_that_gives_orders_changes_no_amount(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A post of the invented forum orders 9,999 bps; the recommendation moves one step of the policy, no more."""
    told = _told(capsys, "demo", "--through", "recommendation")

    facts = {step["step"]: step["facts"] for step in told["steps"]}  # type: ignore[attr-defined]
    assert facts["recommend"]["change"] == {"parameter": "staking_apr_bps", "from": "800", "to": "900", "unit": "bps"}


def test_a_week_can_be_let_pass(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever walks by hand needs the delay to pass, with what the token did meanwhile."""
    _told(capsys, "demo", "--through", "recommendation")

    told = _told(capsys, "demo", "advance", "7d")

    assert told["facts"] == {"inserted": 7 * 12, "unchanged": 120 * 12, "revised": 0, "refused": 0}


@pytest.mark.parametrize("duration", ["7", "0d", "-1d", "1y", "1.5d", "99999999w"])
def test_a_duration_that_cannot_be_is_wrong_usage(state: Path, duration: str) -> None:
    """Exit code 64 lets scripts tell a typing error from a failure."""
    assert run(["demo", "advance", "--", duration]) == 64
