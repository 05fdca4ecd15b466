"""Texts are read whole: windows overlap, and together they hold every token."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp.base_weights import base_folder
from nlp.windows import TARGET_TOKENS, Tokens, WindowCut


@pytest.fixture(scope="module")
def tokens() -> Tokens:
    """The pinned tokenizer."""
    return Tokens(base_folder() / "tokenizer.json")


@given(length=st.integers(0, 5000), target=st.integers(0, TARGET_TOKENS), tokens=st.integers(96, 512))
def test_windows_cover_every_token_and_none_is_too_long(length: int, target: int, tokens: int) -> None:
    """A token in no window would be a silent cut."""
    spans = WindowCut(tokens).spans(length, target)

    assert spans[0][0] == 0
    assert spans[-1][1] == length
    assert all(later[0] < earlier[1] for earlier, later in pairwise(spans))
    assert all(end - start + 2 + (target + 1 if target else 0) <= tokens for start, end in spans)


@settings(deadline=None)
@given(length=st.integers(1, 3000))
def test_fresh_tokens_add_up_to_the_text(tokens: Tokens, length: int) -> None:
    """Windows are weighted by fresh tokens, so that each token counts once."""
    windows = tokens.windows(list(range(1000, 1000 + length)), [5, 6], WindowCut(128))

    assert sum(window.fresh for window in windows) == length


def test_a_pair_is_laid_out_as_the_encoder_knows_it(tokens: Tokens) -> None:
    """[CLS] text [SEP] target [SEP], the second segment with type 1."""
    text, target = tokens.encode(["fund it", "the grant"])

    window = tokens.window(text, target)

    assert window.ids == (101, *text, 102, *target, 102)
    assert window.types == (0,) * 4 + (1,) * 3
