"""Claims turned round by rule, as training shows them."""

import pytest

from nlp.opposites import opposed


@pytest.mark.parametrize(
    ("claim", "opposite"),
    [
        ("We should abandon the use of school uniform", "We should not abandon the use of school uniform"),
        ("Children should not own a phone", "Children should own a phone"),
        ("Zoos are cruel", "Zoos are not cruel"),
        ("Climate change is a real concern", "Climate change is not a real concern"),
        ("Raise the swap fee", "Lower the swap fee"),
        ("Legalization of gambling", "Prohibition of gambling"),
    ],
)
def test_a_claim_is_turned_into_its_opposite(claim: str, opposite: str) -> None:
    """Only the one word that decides changes; a denial is lifted, not doubled."""
    assert opposed(claim) == opposite


def test_a_claim_no_rule_fits_is_left_alone() -> None:
    """A wrong opposite would teach a wrong label."""
    assert opposed("Atheism") is None
    assert opposed("") is None
