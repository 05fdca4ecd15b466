"""Concentration: the textbook definitions, computed another way, give the same numbers exactly."""

from collections import Counter
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from governance.concentration import concentration, exact_sum, of_alike, of_texts

POWERS = st.lists(st.decimals(min_value=0, max_value=10**30, places=6).map(lambda power: f"{power:f}"), min_size=1, max_size=30)


@given(POWERS)
def test_gini_is_half_the_relative_mean_difference(powers: list[str]) -> None:
    """The definition of Gini (1912) goes over all pairs; the ranked form must agree to the last digit."""
    exact = [Fraction(power) for power in powers]
    total, count = sum(exact), len(exact)
    found = of_texts(powers)

    if total == 0:
        assert (found.gini, found.nakamoto, found.largest_share, found.top_ten_share) == (None, None, None, None)
        return
    assert found.gini == sum(abs(one - other) for one in exact for other in exact) / (2 * count * total)
    assert found.top_ten_share == sum(sorted(exact)[-10:]) / total
    assert found.largest_share == max(exact) / total
    assert found == concentration(exact)


@given(POWERS)
def test_the_nakamoto_coefficient_is_the_fewest_that_outvote_the_rest(powers: list[str]) -> None:
    """One fewer must not be enough, whoever is chosen: the largest are the best choice."""
    exact = sorted((Fraction(power) for power in powers), reverse=True)
    needed = of_texts(powers).nakamoto
    if needed is not None:
        assert 2 * sum(exact[:needed]) > sum(exact) >= 2 * sum(exact[: needed - 1])


@given(st.lists(st.integers(0, 20), min_size=1, max_size=60))
def test_holders_of_equal_amounts_may_be_given_together(amounts: list[int]) -> None:
    """The database counts voters by number of votes; that must not change the figures."""
    assert of_alike(Counter(amounts).items()) == concentration([Fraction(amount) for amount in amounts])


def test_sums_of_powers_do_not_round() -> None:
    """A double would lose the small holder beside the large one."""
    assert exact_sum(["1e30", "0.000000000000000001"]) == exact_sum(["0.000000000000000001", "1e30"])
    assert f"{exact_sum(['1000000000000000000000000000000', '0.000000000000000001']):f}" == "1" + "0" * 30 + "." + "0" * 17 + "1"
