"""A candidate learns from earlier answers, is judged on later ones, and is the same from the same rows."""

import random
from dataclasses import replace
from datetime import timedelta
from functools import cache

import pytest

from governance.errors import InvalidInput
from governance.outcome_lessons import OutcomeCandidate
from governance.promotions import PromotionWithheld
from nlp.outcome_retraining import FEWEST_ANSWERS, Answer, retrain_outcome
from nlp.outcome_text import CachedEmbedder
from nlp.outcome_weights import pack
from tests.outcome_world import BEGIN, WordEmbedder, closed, history, question, small_weights

NOW = BEGIN + timedelta(days=400)


def answers(count: int) -> list[Answer]:
    """Questions at publication and their answers; one history for all, of which each sees what was closed by then."""
    past = history(count)
    return [(replace(question(number), history=past), closed(number).passed) for number in range(count)]


def retrained(rows: list[Answer], margin: int = 0) -> OutcomeCandidate:
    """A candidate from the small weights."""
    embedder = CachedEmbedder(WordEmbedder())
    return retrain_outcome(rows, pack(small_weights()), embedder, as_of=NOW, margin_micronats=margin)


@cache
def plain() -> OutcomeCandidate:
    """The candidate of 400 answers."""
    return retrained(answers(400))


def test_the_same_rows_in_any_order_give_the_same_bytes() -> None:
    """A logged promotion can be made again by anyone with the rows."""
    rows = answers(400)
    random.Random(1).shuffle(rows)

    assert retrained(rows).digest == plain().digest


def test_what_is_held_out_teaches_nothing() -> None:
    """With every held-out answer turned round the candidate's bytes stay, and only its score moves."""
    rows = answers(400)
    turned = [*rows[:280], *((asked, not passed) for asked, passed in rows[280:])]

    candidate = retrained(turned)
    assert candidate.data == plain().data
    assert candidate.result.log_loss_micronats != plain().result.log_loss_micronats
    assert candidate.result.answers == candidate.incumbent.answers == 120


def test_an_impossible_margin_withholds_with_its_reason() -> None:
    """The gain and what was needed are named."""
    decision = retrained(answers(400), margin=10_000_000).decision

    assert isinstance(decision, PromotionWithheld)
    assert "10000000" in decision.reason


def test_too_few_answers_and_answers_from_later_are_refused() -> None:
    """No model is made of a handful of rows, and none of rows from after `as_of`."""
    with pytest.raises(InvalidInput, match=str(FEWEST_ANSWERS)):
        retrained(answers(100))
    with pytest.raises(InvalidInput, match="later"):
        retrain_outcome(answers(20), pack(small_weights()), WordEmbedder(), as_of=BEGIN, margin_micronats=0)
    with pytest.raises(InvalidInput, match="closed proposals"):
        retrained([])
