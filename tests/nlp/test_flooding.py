"""A short version of benchmarks/flooding.py: the real encoder's readings of generated attacks, resampled."""

import pytest

from benchmarks.flooding import MOST, STYLES, TASKS, Pool, read_pool, shifts
from nlp.reader import EncoderTextReader


@pytest.fixture(scope="module")
def texts(text_reader: EncoderTextReader) -> Pool:
    """A hundred and fifty generated texts, read once."""
    return read_pool(text_reader, 150)


@pytest.mark.encoder
@pytest.mark.parametrize("linked", [True, False])
@pytest.mark.parametrize("style", STYLES)
def test_a_flood_moves_the_plain_mean_and_hardly_what_is_served(texts: Pool, style: str, linked: bool) -> None:
    """At a thousand accounts the plain mean is theirs; what is served moved by less than a twentieth of its range."""
    for task in TASKS:
        for seed in range(2):
            found = shifts(texts, task, style, seed, linked=linked, counts=(10, 1_000))
            assert found[1_000].plain_mean > max(0.1, 5 * found[1_000].by_account)
            assert all(each.by_account <= MOST and each.by_power == 0 for each in found.values())
