"""Expected ranges hold about as often as they say, and a raise is not clear where stakers do not answer."""

import pytest

from tests.token_worlds import World, measure_worlds


@pytest.mark.parametrize("noise", [0.0006, 0.002])
def test_a_ninety_percent_range_holds_in_about_nine_worlds_of_ten(noise: float) -> None:
    """40 worlds: a range far too narrow or far too wide would be seen. The benchmark has the figures over 500."""
    found = measure_worlds(World(answer=0.06, noise=noise, days=120), worlds=40, seed=11)

    assert 0.75 <= found.covered <= 1.0
    assert found.recommended >= 0.9


def test_where_stakers_do_not_answer_a_raise_is_hardly_ever_clear() -> None:
    """The false recommendation is the costly one."""
    found = measure_worlds(World(answer=0.0, noise=0.002, days=120), worlds=40, seed=12)

    assert found.recommended <= 0.05
