"""A model is replaced only by a better one, by the stated margin, on the same answers."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.errors import InvalidInput
from governance.promotions import FEWEST_HELD_OUT, HeldOutResult, Promotion, PromotionWithheld, decide_promotion

INCUMBENT = HeldOutResult("old", 500_000, FEWEST_HELD_OUT, "answers")
CANDIDATE = HeldOutResult("new", 490_000, FEWEST_HELD_OUT, "answers")


@given(gain=st.integers(-500_000, 500_000), margin=st.integers(0, 500_000))
def test_promotes_exactly_when_the_gain_reaches_the_margin(gain: int, margin: int) -> None:
    """The margin is inclusive; equal is never better, even with a margin of nought."""
    decision = decide_promotion(replace(CANDIDATE, log_loss_micronats=500_000 - gain), INCUMBENT, margin_micronats=margin)

    assert isinstance(decision, Promotion) == (gain >= margin and gain > 0)
    assert decision.gain_micronats == gain


def test_one_answer_too_few_withholds_whatever_the_gain() -> None:
    """A handful of answers cannot tell better from lucky."""
    few = FEWEST_HELD_OUT - 1

    decision = decide_promotion(replace(CANDIDATE, answers=few), replace(INCUMBENT, answers=few), margin_micronats=0)
    assert isinstance(decision, PromotionWithheld)
    assert str(FEWEST_HELD_OUT) in decision.reason


def test_a_model_is_not_promoted_over_itself() -> None:
    """The same bytes are no candidate."""
    same = replace(CANDIDATE, model_digest="old")

    assert isinstance(decide_promotion(same, INCUMBENT, margin_micronats=0), PromotionWithheld)


@pytest.mark.parametrize("other", [{"held_out_digest": "others"}, {"answers": FEWEST_HELD_OUT + 1}])
def test_results_on_different_answers_are_not_compared(other: dict[str, object]) -> None:
    """A lower loss on easier answers says nothing."""
    with pytest.raises(InvalidInput):
        decide_promotion(replace(CANDIDATE, **other), INCUMBENT, margin_micronats=0)  # type: ignore[arg-type] # by name


def test_a_negative_margin_is_refused() -> None:
    """It would promote a worse model."""
    with pytest.raises(InvalidInput):
        decide_promotion(CANDIDATE, INCUMBENT, margin_micronats=-1)
