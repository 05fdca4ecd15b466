"""A model serves only after it was better on later time, and everything about that can be read afterwards."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.commands.connection import InProcess
from api.commands.main import run
from api.models import promoted_folder
from api.runtime import Runtime, open_runtime
from api.settings import Settings
from governance.identity import proposal_id
from governance.intake.batches import Kind
from governance.promotions import FEWEST_HELD_OUT
from nlp.outcome_retraining import FEWEST_ANSWERS
from tests.api.conftest import ADMIN_KEY, settings_for
from tests.fakes import FixedClock
from tests.ingest_rows import OPENED, a_proposal, take

DAO = "tide.eth"
PATH = "/v1/models/outcome/retraining"
HALF_A_DAY = 43_200


def history(count: int) -> list[dict[str, Any]]:
    """Proposals, two a day, for a week each. What passes is what has a long body: nobody taught the shipped model that."""
    return [_row(number) for number in range(count)]


def _row(number: int) -> dict[str, Any]:
    passed = (number * 7919) % 13 < 6
    opened = OPENED + HALF_A_DAY * number
    return a_proposal(
        proposal_id=f"0x{number:04x}",
        # Nothing that a model of other DAOs could know: what ships is to be clearly worse here than who learnt from it.
        title=f"Proposal {number}",
        body="Please. " * (30 if passed else 2),
        created=opened,
        start=opened + 3_600,
        end=opened + 7 * 86_400,
        author=f"0x{number % 5:040x}",
        outcome="pass" if passed else "fail",
        scores=[60.5, 20.25, 0.0] if passed else [20.25, 60.5, 0.0],
    )


@pytest.fixture
def settings(sqlite_url: str, tmp_path: Path) -> Settings:
    """Training knows nothing of the kind of database."""
    return settings_for(sqlite_url, tmp_path / "state")


def fill(runtime: Runtime, count: int) -> None:
    """Import the first `count` proposals."""
    runtime.writer.run(lambda session: take(session, Kind.PROPOSAL, history(count)))


def served(api: httpx.Client) -> dict[str, Any]:
    """What the API forecasts of one proposal, as of its publication."""
    found: dict[str, Any] = api.get(f"/v1/proposals/{proposal_id(DAO, '0x00f8')}/forecast", params={"as_of": _opened(0xF8)}).json()
    return found


def _opened(number: int) -> str:
    from datetime import UTC, datetime  # noqa: PLC0415  # beside its only use

    return datetime.fromtimestamp(OPENED + HALF_A_DAY * number, UTC).isoformat()


def entries(api: httpx.Client, kind: str) -> list[dict[str, Any]]:
    """The log's entries of one kind, oldest first."""
    found: list[dict[str, Any]] = api.get("/v1/log/entries", params={"kind": kind}).json()["items"]
    return found


@pytest.fixture
def reopened(settings: Settings, clock: FixedClock) -> Iterator[list[Runtime]]:
    """Runtimes opened later by a test, closed after it."""
    opened: list[Runtime] = []
    yield opened
    for each in opened:
        each.close()


def test_a_better_candidate_serves_a_worse_one_does_not_and_a_restart_remembers(
    runtime: Runtime, api: httpx.Client, settings: Settings, clock: FixedClock, reopened: list[Runtime]
) -> None:
    """The whole of it with the real trainer: withheld, promoted, logged, served, and served again after a restart."""
    fill(runtime, 266)
    before = served(api)

    withheld = api.post(PATH, json={"margin_micronats": 9_000_000}).json()
    assert (withheld["decision"], withheld["serves"]) == ("withheld", before["model_sha256"])
    assert "9000000" in withheld["reason"]
    assert served(api) == before

    promoted = api.post(PATH, json={"margin_micronats": 50_000}).json()
    assert promoted["decision"] == "promoted"
    assert promoted["gain_micronats"] == promoted["incumbent_log_loss_micronats"] - promoted["log_loss_micronats"] >= 50_000
    assert promoted["held_out_answers"] >= FEWEST_HELD_OUT
    after = served(api)
    assert after["model_sha256"] == promoted["serves"] == promoted["model_sha256"] != before["model_sha256"]
    assert (after["features"], after["base_rate"]) == (before["features"], before["base_rate"])
    assert after["passes"] != before["passes"]

    again = api.post(PATH, json={}).json()
    assert (again["decision"], again["serves"]) == ("withheld", promoted["model_sha256"])

    assert [each["document"]["data"]["margin_micronats"] for each in entries(api, "model.trained")] == [9_000_000, 50_000, 5_000]
    assert [each["document"]["subject"] for each in entries(api, "model.promoted")] == [{"model": promoted["model_sha256"]}]
    assert len(entries(api, "promotion.withheld")) == 2
    trained, decided = (entries(api, kind)[-1]["document"]["data"] for kind in ("model.trained", "promotion.withheld"))
    assert trained["data"].keys() == {"digest", "answers", "daos", "trained", "held_out", "held_out_digest"}
    assert trained["weights"] == {"sha256": again["model_sha256"]}
    assert trained["scores"] == {name: again[name] for name in ("log_loss_micronats", "incumbent_log_loss_micronats")}
    assert (trained["incumbent_digest"], trained["verifications"]) == (promoted["model_sha256"], again["verifications"])
    assert (decided["serving"], decided["reason"]) == (again["serves"], again["reason"])
    aliases = {each["sha256"]: each["alias"] for each in api.get("/v1/models", params={"task": "outcome"}).json()["items"]}
    assert aliases[promoted["model_sha256"]] == "champion"
    assert list(aliases.values()).count("champion") == 1

    # Killed between the commit and the file: the database says who serves.
    runtime.close()
    for file in promoted_folder(settings).iterdir():
        file.unlink()
    reopened.append(open_runtime(settings, clock=clock))
    assert reopened[0].models.forecaster().digest() == promoted["model_sha256"]


def test_a_file_no_champion_stands_behind_does_not_serve(
    runtime: Runtime, settings: Settings, clock: FixedClock, reopened: list[Runtime]
) -> None:
    """After a restored backup the file of a later promotion still lies there."""
    shipped = runtime.models.forecaster().digest()
    runtime.close()
    folder = promoted_folder(settings)
    folder.mkdir()
    (folder / "outcome.json").write_text('{"file": "outcome-x.safetensors", "sha256": "00"}')

    reopened.append(open_runtime(settings, clock=clock))
    assert reopened[0].models.forecaster().digest() == shipped


def test_too_few_results_are_refused_by_number(runtime: Runtime, api: httpx.Client) -> None:
    """Who asks too early learns how many there are and how many it takes; nothing is logged."""
    fill(runtime, 12)
    answer = api.post(PATH, json={})

    assert answer.status_code == 409
    assert "12 results are known" in answer.json()["detail"]
    assert str(FEWEST_ANSWERS) in answer.json()["detail"]
    assert api.post(PATH, json={"dao_id": "nobody"}).status_code == 404
    assert entries(api, "model.trained") == []


def test_what_cannot_be_retrained_yet_says_so(capfd: pytest.CaptureFixture[str]) -> None:
    """A wrong use, not a failure; and it opens nothing."""
    assert run(["retrain", "policy"]) == 64
    assert "not" in capfd.readouterr().err or "nothing" in capfd.readouterr().err


def test_the_transport_is_that_of_the_deployment(transport: httpx.BaseTransport) -> None:
    """The route needs the admin's key."""
    assert isinstance(transport, InProcess)
    client = httpx.Client(transport=transport, base_url="http://assent.test", headers={"Authorization": f"Bearer {ADMIN_KEY}x"})
    assert client.post(PATH, json={}).status_code == 401
