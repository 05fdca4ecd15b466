"""A flood of posts against a running deployment: what is served hardly moves, and says how little it can."""

from collections.abc import Sequence
from typing import Any

import httpx
import pytest
from eth_account import Account
from sqlmodel import Session

from api.runtime import Runtime
from governance.actors import SYSTEM
from governance.evidence import TextReading, TextToRead
from governance.identity import proposal_id
from governance.intake.batches import Kind
from governance.mood.account_links import proof, typed_data
from governance.workflow.analyse import read_texts, record_readings, unread_texts, wanted_readings
from tests.fakes import FixedClock
from tests.ingest_rows import OPENED, a_post, a_proposal, a_vote, take

DAO = "tide.eth"
FORUM = "forum.tide.example"
DAY = 86_400
ANN = Account.from_key("0x" + "11" * 32)
BEN = Account.from_key("0x" + "22" * 32)


class WordReader:
    """Reads "good" as positive and for, "bad" as negative and against, all else as neutral; the pooling is what is tested."""

    def read(self, texts: Sequence[TextToRead]) -> list[tuple[TextReading, ...]]:
        """One reading per task."""
        return [tuple(self._reading(task, text) for task in (("sentiment", "stance") if text.target else ("sentiment",))) for text in texts]

    def digest(self, task: str) -> str:  # noqa: ARG002  # one model reads both
        """One model for all."""
        return "w" * 64

    def _reading(self, task: str, text: TextToRead) -> TextReading:
        place = 2 if "good" in text.text else 0 if "bad" in text.text else 1
        label = (("negative", "neutral", "positive"), ("against", "neutral", "for"))[task == "stance"][place]
        scores = tuple(0.9 if each == place else 0.05 for each in range(3))
        return TextReading(task, label, scores, "w" * 64, "", None, 1)


def link(account: str, wallet: Any) -> str:
    """The line by which a forum account proves a wallet its own."""
    said = typed_data(dao_id=DAO, forum=FORUM, account=account, voter=wallet.address)
    return proof(wallet.address, "0x" + Account.sign_typed_data(wallet.key, full_message=said).signature.hex().removeprefix("0x"))


def post(number: int, author: str, text: str, day: float) -> dict[str, Any]:
    """A post in the proposal's topic, `day` days after it opened."""
    return a_post(
        post_id=1000 + number,
        post_number=number,
        author=author,
        text=text,
        created=int(OPENED + day * DAY),
        dao=DAO,
        linked_proposal="0x00",
    )


def read_all(runtime: Runtime) -> None:
    """Have every text read that was not."""
    now, reader = runtime.clock(), WordReader()
    with Session(runtime.engine) as session:
        found = unread_texts(session, DAO, reader=reader, now=now, limit=100_000)
        rows = read_texts(wanted_readings(session, found.subjects, reader=reader), reader=reader)
    for start in range(0, len(rows), 200):
        part = rows[start : start + 200]
        runtime.writer.run(lambda unit, part=part: record_readings(unit, DAO, part, actor=SYSTEM, now=now))  # type: ignore[misc]  # its default


@pytest.fixture
def world(runtime: Runtime) -> Runtime:
    """Two voters with a history and linked accounts, one who has power and writes a reason, and two accounts without."""
    proposals = [a_proposal(proposal_id=f"0x{n:02x}", created=OPENED - n * 30 * DAY, start=OPENED - n * 30 * DAY + 3600,
                            end=OPENED - n * 30 * DAY + 7 * DAY) for n in range(5)]  # fmt: skip
    votes = [
        a_vote(proposal_id=f"0x{n:02x}", voter=who.address, vp=power, created=OPENED - n * 30 * DAY + 7200)
        for n in range(1, 5)
        for who, power in ((ANN, 60.0), (BEN, 40.0))
    ]
    votes.append(a_vote(proposal_id="0x00", voter="0x" + "3" * 40, vp=20.0, reason="A bad deal.", created=OPENED + 2 * DAY))
    posts = [
        post(1, "ann", link("ann", ANN), 0.1),
        post(2, "ben", link("ben", BEN), 0.1),
        post(3, "ann", "A good plan.", 1),
        post(4, "ben", "A good use of funds.", 2),
        post(5, "kim", "bad, bad", 2),
        post(6, "lou", link("ann", ANN) + " I am Ann.", 2),
        post(7, "lou", "bad idea of all ideas", 3),
    ]
    for kind, rows in ((Kind.PROPOSAL, proposals), (Kind.VOTE, votes), (Kind.POST, posts)):
        runtime.writer.run(lambda unit, kind=kind, rows=rows: take(unit, kind, rows))  # type: ignore[misc]  # its defaults
    read_all(runtime)
    return runtime


AT = {"as_of": "2023-11-22T00:00:00Z"}  # a week after the proposal opened


def flood(runtime: Runtime, count: int, text: str) -> None:
    """Accounts that nobody knows, one post each."""
    rows = [post(100 + n, f"bot{n}", text.format(n=n), 4) for n in range(count)]
    runtime.writer.run(lambda unit: take(unit, Kind.POST, rows))
    read_all(runtime)


def test_a_flood_moves_what_is_served_by_at_most_five_percent(world: Runtime, anonymous: httpx.Client) -> None:
    """Through the real intake and record: DAO, proposal and topic, by account and by power, and the plain mean beside it."""
    proposal = proposal_id(DAO, "0x00")
    paths: list[tuple[str, dict[str, str | int]]] = [
        (f"/v1/daos/{DAO}/mood", {**AT, "window_days": 30}),
        (f"/v1/proposals/{proposal}/mood", {**AT}),
    ]
    before = [anonymous.get(path, params=params).json()["whole"] for path, params in paths]
    topic = anonymous.get(f"/v1/daos/{DAO}/mood/topics", params=AT).json()["items"][0]
    assert before[0]["accounts"] == {"delegate": 0, "voter": 2, "holder": 1, "established": 0, "newcomer": 2}
    assert [each["evidence"] for each in before] == ["power", "power"]
    assert float(before[1]["by_power"]["value"]) == pytest.approx((60 + 40 - 20) / 120 * 0.85, abs=0.1)

    flood(world, 300, "bad {n} bad thing number {n} of {n}")

    after = [anonymous.get(path, params=params).json()["whole"] for path, params in paths]
    for first, second in zip(before, after, strict=True):
        assert abs(float(second["by_account"]["value"]) - float(first["by_account"]["value"])) <= 0.1
        assert second["by_power"] == first["by_power"]
        assert float(first["reach"][0]) <= float(second["by_account"]["value"]) <= float(first["reach"][1])
        assert float(second["plain_mean"]) < float(first["plain_mean"]) - 0.4
    flooded = anonymous.get(f"/v1/daos/{DAO}/mood/topics", params=AT).json()["items"][0]
    assert abs(float(flooded["mood"]["by_account"]["value"]) - float(topic["mood"]["by_account"]["value"])) <= 0.1


def test_sentiment_stance_and_health_serve_the_value_that_cannot_be_bought(world: Runtime, anonymous: httpx.Client) -> None:
    """Whoever asks by the older names gets the same protection; plain counts say by their name that they are plain."""
    proposal = proposal_id(DAO, "0x00")
    paths = [f"/v1/daos/{DAO}/sentiment", f"/v1/proposals/{proposal}/stance", f"/v1/daos/{DAO}/health"]
    before = [anonymous.get(path, params=AT).json() for path in paths]
    assert before[1]["mood"]["by_power"] == anonymous.get(f"/v1/proposals/{proposal}/mood", params=AT).json()["whole"]["by_power"]
    assert sum(before[1]["plain_counts"]["total"].values()) > 0

    flood(world, 300, "bad {n} bad thing number {n} of {n}")

    after = [anonymous.get(path, params=AT).json() for path in paths]
    for first, second in zip(before, after, strict=True):
        assert abs(float(second["mood"]["by_account"]["value"]) - float(first["mood"]["by_account"]["value"])) <= 0.1
    assert after[1]["plain_counts"]["total"]["against"] >= before[1]["plain_counts"]["total"].get("against", 0) + 300


def test_nothing_later_than_as_of_counts(world: Runtime, anonymous: httpx.Client) -> None:
    """A day after the opening only Ann had spoken; before her link was posted nobody had evidence of being anyone."""
    early = anonymous.get(f"/v1/daos/{DAO}/mood", params={"as_of": "2023-11-16T00:00:00Z"}).json()["whole"]
    assert (early["texts"], early["accounts"]["voter"]) == (1, 1)
    assert anonymous.get(f"/v1/daos/{DAO}/mood", params={"as_of": "2023-11-01T00:00:00Z"}).json()["whole"]["by_account"] is None


def test_someone_elses_proof_proves_nothing(world: Runtime, anonymous: httpx.Client) -> None:
    """Lou posted Ann's proof word for word; it names Ann's account, so Lou stays unknown."""
    whole = anonymous.get(f"/v1/daos/{DAO}/mood", params=AT).json()["whole"]
    assert whole["accounts"]["voter"] == 2
    assert whole["accounts"]["newcomer"] == 2


def test_steps_alarm_and_link_are_served(world: Runtime, anonymous: httpx.Client, clock: FixedClock) -> None:
    """A series by week, an alarm that says it cannot know yet, and what to sign."""
    found = anonymous.get(f"/v1/daos/{DAO}/mood", params={**AT, "window_days": 28, "step_days": 7, "task": "stance"}).json()
    assert [step["texts"] for step in found["steps"]] == [0, 0, 0, 5]
    alarm = anonymous.get(f"/v1/daos/{DAO}/mood/alarm", params=AT).json()
    assert (alarm["status"], alarm["weeks"], len(alarm["steps"])) == ("unknown", 1, 26)

    asked = {"forum": FORUM, "account": "ann", "voter": ANN.address}
    offered = anonymous.get(f"/v1/daos/{DAO}/account-link", params=asked).json()
    assert offered["typed_data"] == typed_data(dao_id=DAO, forum=FORUM, account="ann", voter=ANN.address)
    assert anonymous.get(f"/v1/daos/{DAO}/account-link", params={**asked, "voter": ANN.address.lower()}).status_code == 422
    assert anonymous.get("/v1/daos/nobody/mood").status_code == 404
