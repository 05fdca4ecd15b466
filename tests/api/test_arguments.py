"""Whose sentences are read where not all can be, and that none is read twice; the model is a stand-in that knows two words."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from eth_account import Account
from numpy.typing import NDArray

from api.runtime import Runtime, open_runtime
from api.settings import Settings
from governance.evidence import TextReading, TextToRead
from governance.identity import proposal_id
from governance.intake.batches import Kind
from governance.mood.account_links import proof, typed_data
from tests.api.conftest import settings_for
from tests.fakes import FixedClock
from tests.ingest_rows import OPENED, a_post, a_proposal, a_vote, take

PATH = f"/v1/daos/tide.eth/proposals/{proposal_id('tide.eth', '0x01')}/arguments"
ANN = Account.from_key("0x" + "11" * 32)
COLOURS = ["amber", "azure", "beige", "black", "brown", "coral", "green", "ivory", "lilac", "olive", "pearl", "rusty"]


class CountingReader:
    """Takes a sentence with "support" for one that is for, and one with "oppose" for one that is against."""

    def __init__(self, model: str) -> None:
        self.model = model
        self.asked: list[str] = []

    def read(self, texts: Sequence[TextToRead]) -> list[tuple[TextReading, ...]]:
        self.asked += [text.text for text in texts]
        return [(self._reading(text),) for text in texts]

    def digest(self, task: str) -> str:  # noqa: ARG002  # one model reads all
        return self.model

    def _reading(self, text: TextToRead) -> TextReading:
        label = "for" if "support" in text.text else "against" if "oppose" in text.text else "neutral"
        return TextReading("stance", label, (0.9,), self.model, "", "", 1)


class WordVectors:
    """A text is what words it has."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        rows = np.zeros((len(texts), 384), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in text.casefold().split():
                row[int(sha256(word.encode()).hexdigest()[:8], 16) % 384] += 1
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


class StandIns:
    """In the place of the models."""

    def __init__(self, model: str) -> None:
        self.canned = CountingReader(model)

    def reader(self) -> CountingReader:
        return self.canned

    def embedder(self) -> WordVectors:
        return WordVectors()


@pytest.fixture
def settings(sqlite_url: str, tmp_path: Path) -> Settings:
    """What is asked here knows no database; the records are tested on both."""
    return settings_for(sqlite_url, tmp_path / "state")


@pytest.fixture
def runtime(settings: Settings, clock: FixedClock, request: pytest.FixtureRequest) -> Iterator[Runtime]:
    """An open deployment without weights. Each test has a model of its own, because what one said is kept for the process."""
    opened = open_runtime(settings, clock=clock)
    opened.models = StandIns(sha256(request.node.nodeid.encode()).hexdigest())  # type: ignore[assignment]
    opened.writer.run(lambda session: take(session, Kind.PROPOSAL, [a_proposal()]))
    yield opened
    opened.close()


@pytest.fixture
def reader(runtime: Runtime) -> CountingReader:
    """Who is asked."""
    found: Any = runtime.models.reader()
    return found


def _posts(runtime: Runtime, *posts: tuple[str, str], first: int = 0) -> None:
    """(author, text), a minute apart."""
    rows = [
        a_post(
            post_id=first + number, author=author, text=text, created=OPENED + 60 * (first + number), linked_proposal="0x01", dao="tide.eth"
        )
        for number, (author, text) in enumerate(posts)
    ]
    runtime.writer.run(lambda session: take(session, Kind.POST, rows))


def _votes(runtime: Runtime, *votes: tuple[float, str]) -> None:
    """(power, reason), each of another voter."""
    rows = [
        a_vote(voter=f"0x{number + 1:040x}", vp=power, reason=reason, created=OPENED + 7_200 + number)
        for number, (power, reason) in enumerate(votes)
    ]
    runtime.writer.run(lambda session: take(session, Kind.VOTE, rows))


def _unlike(number: int, verb: str = "oppose") -> str:
    """A sentence that shares no three words in a row with that of another number."""
    name = sha256(str(number).encode()).hexdigest()
    return f"Folk{name[:6]} {verb} fee{name[6:12]} because{name[12:18]} of{name[18:24]} {COLOURS[number % 12]}."


def _flood(posts: int, author: str = "flood{}") -> list[tuple[str, str]]:
    return [(author.format(n), "\n".join(_unlike(12 * n + k) for k in range(12))) for n in range(posts)]


def _quoted(found: dict[str, Any]) -> list[str]:
    return [quote["text"] for side in ("for", "against") for argument in found[side] for quote in argument["quotes"]]


def test_twenty_new_posts_do_not_silence_votes_and_older_posts(api: httpx.Client, runtime: Runtime, reader: CountingReader) -> None:
    """They are 240 sentences, as many as are read: the votes' half and the old post's turn stay theirs."""
    _posts(runtime, ("ann", "We support the fee since keepers need it."), *_flood(20))
    _votes(runtime, (5.0, "All of us support the audit that it pays."), (900.0, "Large holders support a fee like that one."))

    found = api.get(PATH, params={"limit": 20}).json()

    assert {"We support the fee since keepers need it.", "All of us support the audit that it pays."} <= set(reader.asked)
    assert {quote["kind"] for argument in found["for"] for quote in argument["quotes"]} == {"post", "vote"}
    assert (found["sentences"], found["complete"]) == (240, False)
    assert reader.asked[0] == "Large holders support a fee like that one."


def test_votes_and_posts_have_half_each_where_both_want_more(api: httpx.Client, runtime: Runtime, reader: CountingReader) -> None:
    """Of the votes those with the most power; what is not read is told."""
    _posts(runtime, *_flood(20))
    _votes(runtime, *((float(n), _unlike(1_000 + n, "support")) for n in range(1, 151)))

    found = api.get(PATH).json()

    reasons = [text for text in reader.asked if "support" in text]
    assert (len(reasons), len(reader.asked), found["complete"]) == (120, 240, False)
    assert set(reasons) == {_unlike(1_000 + n, "support") for n in range(31, 151)}


def test_a_thousand_accounts_do_not_silence_one_whose_power_is_known(api: httpx.Client, runtime: Runtime, reader: CountingReader) -> None:
    """A linked voter's post and a voter's reason are read and come first, with their power, whatever is said more often."""
    said = typed_data(dao_id="tide.eth", forum="forum.tide.example", account="ann", voter=ANN.address)
    signature = Account.sign_typed_data(ANN.key, full_message=said).signature.hex().removeprefix("0x")
    vote = a_vote(voter=ANN.address, vp=60.0, created=OPENED + 7_200)
    runtime.writer.run(lambda session: take(session, Kind.VOTE, [vote]))
    _votes(runtime, (25.0, "I oppose a fee that nobody asked for."))
    _posts(runtime, ("ann", proof(ANN.address, "0x" + signature)), ("ann", "Providers wait for it, so I support the fee."))
    for start in range(0, 1_000, 500):
        _posts(runtime, *((f"bot{n}", _unlike(n)) for n in range(start, start + 500)), first=10 + start)

    found = api.get(PATH).json()

    assert (found["for"][0]["quotes"][0]["author"], found["for"][0]["power"]) == ("ann", "60")
    assert (found["against"][0]["quotes"][0]["text"], found["against"][0]["power"]) == ("I oppose a fee that nobody asked for.", "25")
    assert found["against"][1]["power"] == "0"
    assert len(reader.asked) == 240
    assert not any("link" in sentence for sentence in reader.asked)


def test_an_account_with_many_posts_has_one_turn_at_a_time(api: httpx.Client, runtime: Runtime, reader: CountingReader) -> None:
    """Thirty posts of one account, and twelve accounts with one: these are read whole."""
    others = [(f"a{n}", f"{_unlike(9_000 + n, 'support')} {_unlike(9_100 + n, 'support')}") for n in range(12)]
    _posts(runtime, *others, *_flood(30, author="flood"))

    found = api.get(PATH).json()

    assert sum("support" in text for text in reader.asked) == 24
    assert (found["sentences"], found["complete"]) == (240, False)


def test_posts_of_the_whole_discussion_have_turns(api: httpx.Client, runtime: Runtime, reader: CountingReader) -> None:
    """Of three hundred accounts eighty per cent can be read; those that are not stand in no one place."""
    _posts(runtime, *((f"a{n}", _unlike(n)) for n in range(300)))

    api.get(PATH)

    read = {n for n in range(300) if _unlike(n) in reader.asked}
    assert len(read) == 240
    assert all(len(read & set(range(start, start + 50))) >= 35 for start in range(0, 300, 50))


def test_copies_cost_nothing_and_count_once(api: httpx.Client, runtime: Runtime, reader: CountingReader) -> None:
    """In other letters, with other marks, on any number of accounts, and in a vote's reason too: one sentence, one text, one account."""
    copies = [
        "We oppose this fee because traders leave.",
        "WE OPPOSE THIS FEE - because traders leave!",
        "we  oppose this fee, because traders leave",
    ]
    _posts(runtime, *((f"copy{n}", copies[n % 3]) for n in range(300)), ("ann", "We support the fee since keepers need it."))
    _votes(runtime, (5.0, copies[0]))

    found = api.get(PATH).json()

    assert sorted(reader.asked) == [copies[0], "We support the fee since keepers need it."]
    assert (found["sentences"], found["texts"], found["complete"]) == (2, 302, True)
    assert [(each["sentences"], each["texts"], each["accounts"]) for each in found["against"]] == [(1, 1, 1)]


def test_nearly_the_same_words_are_read_last_and_counted_once_on_each_side(
    api: httpx.Client, runtime: Runtime, reader: CountingReader
) -> None:
    """A word more buys nothing; a word that turns the sentence is not lost."""
    said = "we oppose the proposed fee of thirty points since traders would leave us for other venues at once"
    spun = [(f"spun{n}", f"{said} {COLOURS[n]}.") for n in range(12)]
    turned = ("turned", f"{said.replace('oppose', 'support')} {COLOURS[0]}.")
    _posts(runtime, *spun, turned, ("ann", "Nobody here has read the report yet."))

    found = api.get(PATH).json()

    assert reader.asked.index("Nobody here has read the report yet.") <= 1
    assert (found["sentences"], found["neutral"], found["complete"]) == (14, 1, True)
    assert [(each["sentences"], each["accounts"]) for each in found["against"]] == [(1, 1)]
    assert [each["quotes"][0]["text"] for each in found["for"]] == [turned[1]]


def test_asking_again_asks_the_model_nothing(api: httpx.Client, runtime: Runtime, reader: CountingReader) -> None:
    """A new post costs its own sentences, another model all of them."""
    _posts(runtime, ("ann", "We support the fee since keepers need it. It is a fair price to ask."), ("bob", "I oppose the fee for good."))
    first = api.get(PATH).json()
    assert len(reader.asked) == 3

    assert api.get(PATH).json() == first
    assert len(reader.asked) == 3

    _posts(runtime, ("eve", "We oppose a fee that nobody asked for."), first=10)
    assert api.get(PATH).json()["sentences"] == 4
    assert reader.asked[3:] == ["We oppose a fee that nobody asked for."]

    reader.model = sha256(reader.model.encode()).hexdigest()
    assert api.get(PATH).json()["model"] == reader.model
    assert len(reader.asked) == 8


def test_what_was_said_later_is_not_heard(api: httpx.Client, runtime: Runtime) -> None:
    """`as_of` holds for posts and for reasons."""
    _posts(runtime, ("ann", "We support the fee since keepers need it."), ("bob", "I oppose the fee for good."))
    _votes(runtime, (5.0, "All of us support the audit that it pays."))

    early = api.get(PATH, params={"as_of": datetime.fromtimestamp(OPENED + 30, UTC).isoformat()}).json()

    assert (_quoted(early), early["texts"], early["complete"]) == (["We support the fee since keepers need it."], 1, True)
    assert api.get(PATH).json()["texts"] == 3
