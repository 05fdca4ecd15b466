"""Reasons pushed through the API teach the real encoder's stance head, and everything about it can be read afterwards."""

import random
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from api.runtime import Runtime, open_runtime
from api.settings import Settings
from governance.evidence import TextToRead
from nlp.text_retraining import FEWEST_LESSONS
from tests.fakes import FixedClock
from tests.ingest_rows import OPENED, a_proposal, a_vote

DAO = "tide.eth"
PATH = "/v1/models/text/retraining"
DAY = 86_400
# A DAO's own manner of speaking, which means nothing to anybody else.
_WORDS = {
    "1": ("The heron has landed, as we say here", "Heron and high water for this one", "My lamp is lit, the heron flies"),
    "2": ("Low tide over the mudflats, as we say here", "Mudflats and low tide for this one", "My lamp is out, the mud is deep"),
    "3": ("I watch from the pier, as we say here", "The pier is my place in this one", "My lamp swings, I stay on the pier"),
}

_OWN_WORDS = TextToRead("Mudflats and low tide for this one: berth 77.", "Works at berth 77\nRepair quay number 77.")


def rows(proposals: int, voters: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Proposals a day apart, each with votes whose reasons are in the DAO's own words."""
    dice = random.Random(7)
    asked = [
        a_proposal(proposal_id=f"0x{n:04x}", title=f"Works at berth {n}", body=f"Repair quay number {n}.", created=OPENED + n * DAY,
                   start=OPENED + n * DAY + 60, end=OPENED + n * DAY + 3 * DAY)
        for n in range(proposals)
    ]  # fmt: skip
    cast = []
    for n in range(proposals):
        for voter in range(voters):
            choice = dice.choice("123")
            reason = f"{dice.choice(_WORDS[choice])}: berth {n}, watch {dice.randrange(1000)}."
            cast.append(
                a_vote(
                    proposal_id=f"0x{n:04x}", voter=f"0x{voter:040x}", choice=choice, created=OPENED + n * DAY + 600 + voter, reason=reason
                )
            )
    return asked, cast


@pytest.fixture
def reopened() -> Iterator[list[Runtime]]:
    """Runtimes opened later by a test, closed after it."""
    opened: list[Runtime] = []
    yield opened
    for each in opened:
        each.close()


def push(api: httpx.Client, proposals: int, voters: int) -> None:
    """Through the API, as a connector would."""
    asked, cast = rows(proposals, voters)
    assert api.post("/v1/daos", json={"name": DAO}).status_code in {200, 201}
    for noun, body in (("proposals", asked), ("votes", cast)):
        for start in range(0, len(body), 100):
            part = [{name: value for name, value in row.items() if name != "dao"} for row in body[start : start + 100]]
            answer = api.post(f"/v1/daos/{DAO}/{noun}", json={"items": part})
            assert answer.status_code < 300, answer.text


@pytest.mark.encoder
def test_reasons_teach_the_stance_head_and_a_restart_remembers(
    runtime: Runtime, api: httpx.Client, settings: Settings, clock: FixedClock, reopened: list[Runtime]
) -> None:
    """Withheld by an impossible margin, then promoted, logged, and reading from then on; on both databases."""
    push(api, 20, 9)
    shipped = runtime.models.reader().digest("stance")
    withheld = api.post(PATH, json={"margin_micronats": 9_000_000}).json()
    assert (withheld["decision"], withheld["serves"]) == ("withheld", shipped)

    promoted = api.post(PATH, json={"dao_id": DAO}).json()
    assert promoted["decision"] == "promoted", promoted
    assert promoted["gain_micronats"] == promoted["incumbent_log_loss_micronats"] - promoted["log_loss_micronats"] >= 10_000
    assert promoted["trained_reasons"] + promoted["held_out_reasons"] <= promoted["usable_reasons"] <= promoted["known_reasons"] == 180
    assert float(promoted["figures"]["candidate"]["macro_f1"]) > float(promoted["figures"]["incumbent"]["macro_f1"]) + 0.2
    assert runtime.models.reader().digest("stance") == promoted["model_sha256"] != shipped
    (reading,) = (each for each in runtime.models.reader().read([_OWN_WORDS])[0] if each.task == "stance")
    assert (reading.label, reading.model_digest) == ("against", promoted["model_sha256"])

    kinds = [each["document"]["type"] for each in api.get("/v1/log/entries", params={"limit": 200}).json()["items"]]
    assert [kind for kind in kinds if "model" in kind or "promotion" in kind][-4:] == [
        "model.trained", "promotion.withheld", "model.trained", "model.promoted",
    ]  # fmt: skip
    trained, decided = (each["document"]["data"] for each in api.get("/v1/log/entries", params={"limit": 200}).json()["items"][-2:])
    assert trained["data"].keys() == {"digest", "reasons", "daos", "usable", "trained", "held_out", "held_out_digest"}
    assert trained["scores"] == {
        **{name: promoted[name] for name in ("log_loss_micronats", "incumbent_log_loss_micronats")}, **promoted["figures"]
    }  # fmt: skip
    assert (decided["replaces"], decided["gain_micronats"]) == (shipped, promoted["gain_micronats"])
    card = api.get(f"/v1/models/{promoted['model_sha256']}").json()
    assert (card["task"], card["alias"]) == ("text", "champion")

    runtime.close()
    reopened.append(open_runtime(settings, clock=clock))
    assert reopened[0].models.reader().digest("stance") == promoted["model_sha256"]


def test_too_few_reasons_are_refused_by_number(api: httpx.Client) -> None:
    """Who asks too early learns how many there are and how many it takes; nothing is logged."""
    push(api, 2, 3)
    answer = api.post(PATH, json={})
    assert answer.status_code == 409
    assert "6 vote reasons are known" in answer.json()["detail"]
    assert str(FEWEST_LESSONS) in answer.json()["detail"]
    assert api.post(PATH, json={"dao_id": "nobody"}).status_code == 404
    assert api.get("/v1/log/entries", params={"kind": "model.trained"}).json()["items"] == []
