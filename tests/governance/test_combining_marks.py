"""Normal forms of texts that pile marks on letters."""

import unicodedata
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.combining_marks import MOST_MARKS, normal_form

FORMS: tuple[Literal["NFC", "NFD", "NFKC", "NFKD"], ...] = ("NFC", "NFD", "NFKC", "NFKD")


@given(st.text(max_size=MOST_MARKS), st.sampled_from(FORMS))
def test_a_text_without_long_piles_is_as_unicode_has_it(text: str, form: Literal["NFC", "NFD", "NFKC", "NFKD"]) -> None:
    """No language piles up so many."""
    assert normal_form(form, text) == unicodedata.normalize(form, text)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("form", FORMS)
def test_a_pile_is_lowered_before_it_is_put_in_order(form: Literal["NFC", "NFD", "NFKC", "NFKD"]) -> None:
    """Two kinds of marks in turns, half a million of them: putting them in order would take an hour."""
    found = normal_form(form, f"a{chr(0x5B0) + chr(0x301) * 2}" + "\u0301\u0316" * 250_000 + "b, the end")

    assert found.endswith("b, the end")
    assert len(found) <= 1 + MOST_MARKS + len("b, the end")
