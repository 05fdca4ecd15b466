"""S01: what the recogniser takes for filler, why it says so, and that its weights are the pinned ones."""

import csv
import hashlib
import json
import re
import time
from base64 import b64decode
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.flags.spam import THRESHOLD, THRESHOLD_OF_TITLES
from governance.flags.spam_features import features
from governance.flags.spam_model import WEIGHTS, WEIGHTS_SHA256, fits, read
from governance.flags.spam_reasons import _SAYS, reasons
from governance.flags.spam_wording import BUCKETS, LONGEST_RUN, buckets, plain, wording
from governance.flags.verdicts import Status
from tests.flag_cases import a_case, judged

LABELS = Path(__file__).parents[3] / "benchmarks" / "spam_labels.csv"
FILLER = (("test", ""), ("Will ETH reach 5000 by the end of the year?", ""), ("asdfgh", "asdf"), ("\u6d4b\u8bd5", ""))
BODY = "## Summary\nThis proposal asks the treasury to fund the audit with a grant of 10,000 USDC, see the forum."


def test_the_recogniser_tells_filler_from_a_decision() -> None:
    """One plain case each: tests, price guesses, and a proposal."""
    for title, body in FILLER:
        assert read(title, body, ("yes", "no")).probability >= THRESHOLD

    assert read("[AIP-12] Fund the audit", BODY, ("For", "Against")).probability < 0.1


@pytest.mark.parametrize(("title", "body"), FILLER)
def test_reasons_name_facts_in_words(title: str, body: str) -> None:
    """A delegate reads why, never the name of a variable, and each reason once."""
    said = reasons(read(title, body, ("yes", "no")))
    known = {says for both in _SAYS.values() for says in both}

    assert said
    assert len(set(said)) == len(said) <= 3
    assert all(reason in known or re.fullmatch(r'the wording: "\w+"(?: and "\w+")?', reason) for reason in said)


def test_reasons_are_of_the_text_they_are_told_of() -> None:
    """A bare question and a word of a trial are told as what they are, and an ordinary proposal has no such reason."""
    assert "the title is a question" in reasons(read("Moon soon?", "", ("yes", "no")), most=9)
    assert "a question with no text to it" in reasons(read("Moon soon?", "yes", ("yes", "no")), most=9)
    assert 'the wording: "test"' in reasons(read("Test", "Test", ("yes", "no")), most=9)
    ordinary = reasons(read("[AIP-12] Fund the audit", BODY, ("For", "Against")), most=9)
    assert not {"hardly any text below the title", "words of a trial in the title", "a very short title"} & set(ordinary)


def test_every_fact_has_its_words_and_weights() -> None:
    """A fact without words would be told by its variable's name; one without a weight would count for nothing."""
    assert set(_SAYS) == set(features("a", "b", ("c",))) == set(fits()["with_body"].facts)
    assert set(features("a", None, ("c",))) == set(fits()["title_alone"].facts)


def test_the_weights_are_the_pinned_file_and_of_its_shape() -> None:
    """Other weights under the same name would answer otherwise; the file is small and holds numbers alone."""
    given_bytes = WEIGHTS.read_bytes()
    told = json.loads(given_bytes)

    assert hashlib.sha256(given_bytes).hexdigest() == WEIGHTS_SHA256
    assert len(given_bytes) < 100_000
    assert told["fits"].keys() == {"with_body", "title_alone"}
    for each in told["fits"].values():
        assert len(b64decode(each["wording"], validate=True)) == BUCKETS
        assert all(isinstance(value, float) for value in (*each["facts"].values(), *each["usual"].values()))
    for fit in fits().values():
        assert np.isfinite(fit.wording).all()


def test_a_body_that_no_source_tells_does_not_make_spam() -> None:
    """An ordinary title is judged as such without its body, and what the title does not settle is unknown, not fired."""
    for title in ("Add wstETH to the collateral list", "[AIP-12] Fund the audit", "Increase the grants budget for Q3"):
        assert judged("S01", a_case(title=title, body=None)).status is Status.CLEAR
    assert judged("S01", a_case(title="test", body=None, choices=("a", "b"))).status is Status.FIRED

    doubtful = judged("S01", a_case(title="Logo", body=None))
    assert THRESHOLD <= float(doubtful.value or 0) < THRESHOLD_OF_TITLES
    assert doubtful.status is Status.UNKNOWN
    assert doubtful.missing


def test_a_blank_body_is_one_that_nobody_told() -> None:
    """The intake keeps no blanks, so that a rule must not tell apart what history cannot."""
    assert judged("S01", a_case(title="Moon soon?", body=" \n")) == judged("S01", a_case(title="Moon soon?", body=None))


def test_without_a_title_the_first_line_stands_for_it() -> None:
    """Some sources have one text alone: a proposal in it has no "very short title"."""
    body = "Membership proposal #35: a new member\nRequests 100 shares for a tribute of 10 ETH."

    assert read(None, body, ()) == read("Membership proposal #35: a new member", body, ())


@pytest.mark.parametrize("title", ["<NA>", "nan", " NULL "])
def test_a_mark_for_no_title_is_no_title(title: str) -> None:
    """Some sources write what their tables show for nothing; nobody named a proposal so."""
    case = a_case(title=title, body=None)

    assert judged("S01", case).status is Status.UNKNOWN
    assert judged("S01", replace(case, title=None)).status is Status.UNKNOWN


@given(st.text(max_size=300), st.one_of(st.none(), st.text(max_size=300)), st.lists(st.text(max_size=20), max_size=5))
def test_features_stay_between_nought_and_one(title: str, body: str | None, choices: list[str]) -> None:
    """A weight says the same for every text only if its feature has the same range; any text is read, with its reasons."""
    assert all(0.0 <= value <= 1.0 for value in features(title, body, choices).values())
    reading = read(title, body, choices)
    assert 0.0 <= reading.probability <= 1.0
    assert len(reasons(reading)) <= 3


@given(st.text(max_size=40))
def test_wording_counts_every_run_once(text: str) -> None:
    """Each run of one to four characters falls in one bucket; the whole has unit length."""
    found, counted = wording(text)
    length = len(plain(text))

    assert sum(len(buckets(plain(text), run)) for run in range(1, LONGEST_RUN + 1)) == sum(
        max(length - run + 1, 0) for run in range(1, LONGEST_RUN + 1)
    )
    assert (found < BUCKETS).all()
    assert np.linalg.norm(counted) == pytest.approx(1.0)


def test_the_hash_is_fixed() -> None:
    """Weights hold for these buckets alone, on any machine."""
    assert buckets("test", 4).tolist() == [9577]


def test_a_long_text_is_read_in_time() -> None:
    """5 ms a proposal is the promise for ordinary ones; a text of megabytes must not hold the rules up either."""
    body = "Should we fund 10 ETH? https://example.org/page \n" * 40_000
    began = time.perf_counter()
    reasons(read("word " * 40_000, body, ("yes",) * 200))

    assert time.perf_counter() - began < 1.0


def test_the_labels_are_ids_alone_and_their_parts_are_apart() -> None:
    """What is shipped of the data is ids; 500 labels at least."""
    with LABELS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))

    assert len(rows) >= 500
    assert set(rows[0]) == {"proposal", "label", "drawn_by", "part"}
    assert len({row["proposal"] for row in rows}) == len(rows)
    assert {row["label"] for row in rows} == {"proposal", "spam", "trial"}
    assert all(row["proposal"].startswith("prop_") and len(row["proposal"]) == 31 for row in rows)
