"""Setting up a token economy and asking for a recommendation, through the API alone."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.runtime import Runtime
from api.settings import Settings
from governance.canonical import canonical, digest, timestamp
from governance.recommendations import recommend
from tests.api.conftest import settings_for
from tests.consent_world import electorate_body, signed, wallet
from tests.fakes import FixedClock
from tests.token_economy import DAO, economy, guardrail_body, objective_body, parameter_body, store

APR = "staking_apr_bps"
BASE = f"/v1/daos/{DAO}"
REGISTRATION = {**parameter_body(), "place": {"kind": "manual_record"}}


@pytest.fixture
def settings(sqlite_url: str, tmp_path: Path) -> Settings:
    """The workflows are tested on both databases; here it is about the API."""
    return settings_for(sqlite_url, tmp_path / "state")


@pytest.fixture
def ready(api: httpx.Client, runtime: Runtime, now: datetime) -> httpx.Client:
    """A DAO set up through the API, with a history that gives a raise."""
    for method, path, body in (
        ("POST", "/v1/daos", {"name": DAO, "invented": True}),
        ("PUT", f"{BASE}/delegates", electorate_body("10", "20", "30")),
        ("POST", f"{BASE}/parameters", REGISTRATION),
        ("PUT", f"{BASE}/objectives", objective_body()),
        ("PUT", f"{BASE}/parameters/{APR}/guardrail", guardrail_body()),
    ):
        answer = api.request(method, path, json=body)
        assert answer.is_success, answer.text
    runtime.writer.run(lambda session: store(session, economy(now=now), now=now))
    return api


def ask(api: httpx.Client) -> dict[str, Any]:
    answer = api.post(f"{BASE}/recommendations", json={"parameter": APR})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_dao_is_set_up_and_asked_about_through_the_api_alone(ready: httpx.Client) -> None:
    """What comes back is the whole recommendation; from its inputs anybody recomputes it byte for byte."""
    made = ask(ready)["recommendation"]

    read = ready.get(f"/v1/recommendations/{made['id']}").json()
    inputs = ready.get(f"/v1/recommendations/{made['id']}/inputs").json()

    assert read == made
    assert made["document"]["change"]["to"] == "900"
    assert (made["state"], made["parameter"]) == ("PROPOSED", APR)
    assert digest(inputs) == made["inputs_sha256"]
    assert canonical(recommend(inputs)) == canonical(made["document"])
    assert digest(made["document"]) == made["digest"]
    assert [row["id"] for row in ready.get(f"{BASE}/recommendations").json()["items"]] == [made["id"]]
    assert ready.get(f"{BASE}/recommendations", params={"state": "EXECUTED"}).json()["items"] == []


def test_everything_that_was_set_can_be_read_back(ready: httpx.Client) -> None:
    """Bodies come back as they went in, with version and digest."""
    guardrail = ready.get(f"{BASE}/parameters/{APR}/guardrail").json()

    assert (guardrail["guardrail"], guardrail["version"], guardrail["sha256"]) == (guardrail_body(), 1, digest(guardrail_body()))
    assert ready.get(f"{BASE}/parameters/{APR}").json()["value"] == "800"
    assert ready.get(f"{BASE}/parameters").json()["items"][0]["name"] == APR
    assert ready.get(f"{BASE}/objectives/more_staked").json()["objective"] == objective_body()
    assert ready.get(f"{BASE}/objectives").json()["items"][0]["version"] == 1
    assert ready.get(f"{BASE}/parameters/{APR}/guardrail/versions").json()["items"] == [guardrail]
    assert [v["value"] for v in ready.get(f"{BASE}/parameters/{APR}/history").json()["items"]] == ["800"]


def test_a_simulation_shows_effect_and_refusal_and_leaves_no_trace(ready: httpx.Client) -> None:
    """A delegate asks what 900 and what 1500 would do."""
    allowed = ready.get(f"{BASE}/parameters/{APR}/simulation", params={"proposed": "900"}).json()
    refused = ready.get(f"{BASE}/parameters/{APR}/simulation", params={"proposed": "1500"}).json()

    assert allowed["refused"] is None
    assert refused["refused"]["rule"] == "max_step"
    assert float(refused["effect"]["extra_issued"]) > float(allowed["effect"]["extra_issued"]) > 0
    assert ready.get(f"{BASE}/recommendations").json()["items"] == []
    assert ready.get(f"{BASE}/parameters/{APR}/simulation", params={"proposed": "-5"}).status_code == 422


def test_an_abstention_is_an_answer_too(ready: httpx.Client) -> None:
    """At its target the DAO is told why nothing is recommended."""
    ready.put(f"{BASE}/objectives", json=objective_body(target="0.395000")).raise_for_status()
    answer = ask(ready)

    assert answer["recommendation"] is None
    assert answer["abstention"]["reason"] == "within_dead_band"
    assert ready.get(f"{BASE}/abstentions").json()["items"] == [answer["abstention"]]
    assert ready.get(f"/v1/abstentions/{answer['abstention']['id']}").json() == answer["abstention"]


def test_a_second_guardrail_needs_consent_and_there_is_a_way_to_ask_for_it(ready: httpx.Client) -> None:
    """The API key that set the first one cannot loosen it; it can put another one to the delegates."""
    loose = guardrail_body(max_step="1000")
    refused = ready.put(f"{BASE}/parameters/{APR}/guardrail", json=loose)
    change = ready.post(f"{BASE}/changes", json={"kind": "guardrail_change", "parameter": APR, "to": loose, "reason": "larger steps"})
    typed = ready.get(f"/v1/recommendations/{change.json()['id']}/typed-data", params={"delegate": wallet(1).address})

    assert (refused.status_code, refused.json()["code"]) == (409, "consent_required")
    assert change.status_code == 201, change.text
    assert change.json()["document"]["change"]["to"] == loose
    assert typed.status_code == 200, typed.text
    assert ready.get(f"{BASE}/parameters/{APR}/guardrail").json()["version"] == 1


def test_delegates_are_put_to_a_vote_of_the_present_ones(ready: httpx.Client) -> None:
    """And consent to it is taken like to any other change."""
    change = ready.post(
        f"{BASE}/changes", json={"kind": "delegates_change", "to": electorate_body("5", "6", first=2), "reason": "rotation"}
    ).json()
    word = signed(change["document"], wallet(2))
    consent = ready.post(
        f"/v1/recommendations/{change['id']}/approvals", json={"message": word.message, "domain": word.domain, "signature": word.signature}
    )

    assert consent.status_code == 201, consent.text
    assert ready.get(f"/v1/recommendations/{change['id']}").json()["state"] == "VOTING"


def test_a_recommendation_is_withdrawn_once_and_stays_so(ready: httpx.Client) -> None:
    """The reason is asked for; a second withdrawal changes nothing."""
    made = ask(ready)["recommendation"]
    first = ready.post(f"/v1/recommendations/{made['id']}/withdrawal", json={"reason": "too early"})
    second = ready.post(f"/v1/recommendations/{made['id']}/withdrawal", json={"reason": "too early"})

    assert first.json()["state"] == "CANCELLED"
    assert second.json() == first.json()
    assert ready.post(f"/v1/recommendations/{made['id']}/withdrawal", json={"reason": ""}).status_code == 422


def test_what_was_not_executed_is_not_verified(ready: httpx.Client) -> None:
    """A verdict needs an effect."""
    made = ask(ready)["recommendation"]
    answer = ready.post(f"/v1/recommendations/{made['id']}/verification")

    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert ready.get(f"/v1/recommendations/{made['id']}/verifications").json()["items"] == []


def test_a_list_of_recommendations_has_each_once_newest_first(ready: httpx.Client, clock: FixedClock) -> None:
    """Pages of two over five."""
    made = []
    for _ in range(5):
        made.append(ask(ready)["recommendation"]["id"])
        clock.advance(seconds=60)
    seen, cursor = [], None
    while True:
        page = ready.get(f"{BASE}/recommendations", params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        seen += [row["id"] for row in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break

    assert seen == made[::-1]
    assert [row["state"] for row in ready.get(f"{BASE}/recommendations").json()["items"]] == ["PROPOSED", *["SUPERSEDED"] * 4]


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        (f"{BASE}/parameters", {**REGISTRATION, "value": 800}, "value"),
        (f"{BASE}/parameters", {**REGISTRATION, "value": "8e2"}, "value"),
        (f"{BASE}/parameters", {**REGISTRATION, "value": str(2**256)}, "value"),
        (f"{BASE}/parameters", {**REGISTRATION, "value": "-1"}, "value"),
        (f"{BASE}/parameters", {**REGISTRATION, "unit": "base_units"}, "unit"),
        (f"{BASE}/parameters", {**REGISTRATION, "kind": "mood"}, "kind"),
        (f"{BASE}/parameters", {**REGISTRATION, "colour": "red"}, "colour"),
        (f"{BASE}/parameters", {**REGISTRATION, "place": {"kind": "cloud"}}, "place"),
        (f"{BASE}/recommendations", {"parameter": "UPPER"}, "parameter"),
        (f"{BASE}/recommendations", {}, "parameter"),
    ],
)
def test_bad_bodies_are_refused_by_field(api: httpx.Client, path: str, body: dict[str, Any], field: str) -> None:
    """Field, value and rule, and nothing half done."""
    api.post("/v1/daos", json={"name": DAO})
    answer = api.post(path, json=body)

    assert answer.status_code == 422, answer.text
    assert field in answer.text
    assert api.get(f"{BASE}/parameters").json()["items"] == []


def test_nothing_is_set_up_for_a_dao_or_parameter_that_is_not_there(api: httpx.Client) -> None:
    """404, with the noun and the key."""
    assert api.post(f"{BASE}/parameters", json=REGISTRATION).status_code == 404
    api.post("/v1/daos", json={"name": DAO})
    assert api.put(f"{BASE}/parameters/{APR}/guardrail", json=guardrail_body()).status_code == 404
    assert api.put(f"{BASE}/objectives", json=objective_body()).status_code == 404
    assert api.get("/v1/recommendations/rec_nothing").status_code == 404
    assert api.get("/v1/abstentions/abs_nothing").status_code == 404


def test_everything_can_be_read_as_it_was(ready: httpx.Client, clock: FixedClock, now: datetime) -> None:
    """Before its registration a parameter was not there; a superseded recommendation once was not; nobody sees the future."""
    before, then = timestamp(now - timedelta(days=1)), timestamp(now)
    first = ask(ready)["recommendation"]
    clock.advance(hours=1)
    second = ask(ready)["recommendation"]
    ready.put(f"{BASE}/objectives", json=objective_body(target="0.600000")).raise_for_status()

    def get(path: str, as_of: str) -> httpx.Response:
        return ready.get(path, params={"as_of": as_of})

    assert get(f"{BASE}/parameters/{APR}/history", before).json()["items"] == []
    assert get(f"{BASE}/parameters", before).json()["items"] == []
    assert get(f"{BASE}/parameters/{APR}", before).status_code == 404
    assert get(f"{BASE}/parameters/{APR}/guardrail", before).status_code == 404
    assert get(f"{BASE}/objectives/more_staked", then).json()["version"] == 1
    assert get(f"{BASE}/objectives", "2999-01-01T00:00:00Z").json()["items"][0]["version"] == 2
    assert get(f"/v1/recommendations/{first['id']}", before).status_code == 404
    assert get(f"/v1/recommendations/{first['id']}", then).json() == first
    assert [row["id"] for row in get(f"{BASE}/recommendations", then).json()["items"]] == [first["id"]]
    assert ready.get(f"/v1/recommendations/{first['id']}").json()["superseded_by"] == second["id"]
    assert get(f"{BASE}/recommendations", then).json()["as_of"] == then.replace(".000000", "")
    assert ready.get(f"{BASE}/recommendations", params={"state": "PROPOSED", "as_of": then}).status_code == 422
