"""A mood that cannot be bought: whatever accounts without voting power say, the served value stays within its stated reach."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.mood.pooling import UNEVIDENCED_SHARE, Mood, Statement, pool
from governance.mood.standing import Evidence, Known, Standing, standings

BEGINS = datetime(2026, 11, 1, tzinfo=UTC)
OLD = Known(posts_before=9, first_post=BEGINS - timedelta(days=400))
VALUES = st.floats(-1, 1, allow_nan=False)
SAID = st.lists(st.tuples(st.integers(0, 6), VALUES), max_size=12)


def mood(heard: list[tuple[int, float]], crowd: list[tuple[int, float]], *, aged: bool = False) -> Mood:
    """Voters of power 10, 20, 30 … and accounts without power, each text of the crowd its own cluster."""
    known = {f"voter{n}": Known(power=Decimal(10 * n + 10), votes_before=5) for n in range(7)}
    known |= {f"bot{n}": OLD if aged else Known() for n in range(7)}
    said = [Statement(f"voter{who}", str(place), value, 0.1) for place, (who, value) in enumerate(heard)]
    said += [Statement(f"bot{who}", str(-1 - place), value, 0.1) for place, (who, value) in enumerate(crowd)]
    return pool(said, standings(known, begins=BEGINS))


def value(found: Mood) -> float:
    """What is served."""
    assert found.by_account is not None
    return found.by_account.value


@settings(max_examples=50, deadline=None)
@given(SAID.filter(bool), SAID, SAID, st.booleans())
def test_no_crowd_moves_the_value_by_more_than_a_twenty_fifth_of_its_range(
    heard: list[tuple[int, float]], before: list[tuple[int, float]], added: list[tuple[int, float]], aged: bool
) -> None:
    """The bound holds for any words of any accounts, old or new, and what is said by power does not move at all."""
    first, second = mood(heard, before, aged=aged), mood(heard, before + added, aged=aged)

    assert abs(value(second) - value(first)) <= 2 * UNEVIDENCED_SHARE + 1e-12
    assert second.by_power == first.by_power
    assert first.reach == second.reach
    assert first.reach is not None
    assert first.reach[0] - 1e-12 <= value(second) <= first.reach[1] + 1e-12


@settings(max_examples=30, deadline=None)
@given(SAID, SAID)
def test_without_anyone_who_has_power_the_value_stays_near_undecided(
    before: list[tuple[int, float]], added: list[tuple[int, float]]
) -> None:
    """Where nobody has evidence the answer says so, has no value by power, and its interval is everything."""
    found = mood([], before + added)
    assert not found.evidenced
    assert found.by_power is None
    if before + added:
        assert abs(value(found)) <= UNEVIDENCED_SHARE + 1e-12
        assert found.by_account is not None
        assert (found.by_account.low, found.by_account.high) == (-1.0, 1.0)
    else:
        assert found.by_account is None


@settings(max_examples=30, deadline=None)
@given(SAID, SAID)
def test_the_core_is_of_accounts_with_power_alone(heard: list[tuple[int, float]], added: list[tuple[int, float]]) -> None:
    """What others say does not move it by the least bit; without accounts with power there is none."""
    assert mood(heard, added).core == mood(heard, []).core
    assert (mood(heard, added).core is None) == (not heard)


@settings(max_examples=30, deadline=None)
@given(SAID.filter(bool), st.permutations(range(12)))
def test_the_order_of_texts_does_not_matter(heard: list[tuple[int, float]], order: list[int]) -> None:
    """The same rows in another order are the same mood, to the last bit."""
    known = {f"voter{n}": Known(power=Decimal(n + 1), votes_before=n) for n in range(7)}
    said = [Statement(f"voter{who}", str(place), value, 0.1) for place, (who, value) in enumerate(heard)]
    shuffled = [said[place] for place in order if place < len(said)]
    assert pool(shuffled, standings(known, begins=BEGINS)) == pool(said, standings(known, begins=BEGINS))


def test_one_account_is_one_voice_however_much_it_writes() -> None:
    """Ten different posts of one voter weigh what one post weighs; the same post ten times is one of two things it said."""
    shy = mood([(0, 1.0), (1, -1.0)], [])
    loud = mood([(0, 1.0)] * 10 + [(1, -1.0)], [])
    assert value(loud) == pytest.approx(value(shy))

    known = {"ann": Known(power=Decimal(1), votes_before=5)}
    repeated = [Statement("ann", str(0), 1.0, 0.0)] * 10 + [Statement("ann", str(1), -1.0, 0.0)]
    assert value(pool(repeated, standings(known, begins=BEGINS))) == pytest.approx(0.0)


def test_near_duplicates_among_the_unknown_are_one_voice() -> None:
    """A thousand copies weigh against one other unknown voice as one."""
    known = {f"bot{n}": OLD for n in range(1001)}
    said = [Statement(f"bot{n}", str(0), -1.0, 0.0) for n in range(1000)] + [Statement("bot1000", str(1), 1.0, 0.0)]
    found = pool(said, standings(known, begins=BEGINS)).unevidenced
    assert found is not None
    assert found.value == pytest.approx(0.0)


def test_a_few_extreme_voices_are_trimmed() -> None:
    """Of a hundred equal voices, five at one end are left out, and five at the other."""
    known = {f"v{n}": Known(power=Decimal(1), votes_before=5) for n in range(100)}
    said = [Statement(f"v{n}", str(n), -1.0 if n < 5 else 0.5, 0.0) for n in range(100)]
    assert value(pool(said, standings(known, begins=BEGINS))) == pytest.approx(0.5)


def test_intervals_narrow_with_voices_and_widen_with_doubt() -> None:
    """Three who agree prove less than thirty; readings that the model doubts prove less than those it does not."""

    def width(count: int, variance: float) -> float:
        known = {f"v{n}": Known(power=Decimal(1), votes_before=5) for n in range(count)}
        found = pool([Statement(f"v{n}", str(n), 0.2, variance) for n in range(count)], standings(known, begins=BEGINS)).by_power
        assert found is not None
        return found.high - found.low

    assert width(30, 0.1) < width(3, 0.1) < width(3, 0.9)


@pytest.mark.parametrize(
    ("known", "evidence", "weight"),
    [
        (Known(power=Decimal(5), delegate=True), Evidence.DELEGATE, 1.0),
        (Known(power=Decimal(5), votes_before=3), Evidence.VOTER, 1.0),
        (Known(power=Decimal(5), votes_before=2), Evidence.HOLDER, 0.5),
        (Known(power=Decimal(0), delegate=True, votes_before=9), Evidence.NEWCOMER, 0.05),
        (Known(votes_before=9), Evidence.NEWCOMER, 0.05),
        (OLD, Evidence.ESTABLISHED, 0.25),
        (Known(posts_before=2, first_post=BEGINS - timedelta(days=400)), Evidence.NEWCOMER, 0.05),
        (Known(posts_before=9, first_post=BEGINS - timedelta(days=89)), Evidence.NEWCOMER, 0.05),
    ],
)
def test_evidence_is_by_rule(known: Known, evidence: Evidence, weight: float) -> None:
    """Power counts if a source told it and it is above zero; age counts only from before the window."""
    assert standings({"a": known}, begins=BEGINS)["a"] == Standing(
        evidence, weight, known.power or Decimal(0) if weight > 0.25 else Decimal(0)
    )


def test_dust_is_not_a_crowd() -> None:
    """A balance of 1 split over a thousand wallets weighs as little beside a voter of 1,000 as the balance itself."""
    known = {f"dust{n}": Known(power=Decimal("0.001"), votes_before=5) for n in range(1000)}
    known["ann"] = Known(power=Decimal(1000), votes_before=5)
    found = standings(known, begins=BEGINS)
    assert found["ann"].weight == 1.0
    assert sum(found[f"dust{n}"].weight for n in range(1000)) == pytest.approx(1.0, rel=1e-2)


def test_intervals_cover_what_the_population_thinks() -> None:
    """Of 300 small samples with calibrated readings, the 90 % interval by power holds the true mean of at least 85 %."""
    dice = np.random.Generator(np.random.PCG64(5))
    known = {f"v{n}": Known(power=Decimal(1), votes_before=5) for n in range(12)}
    standing = standings(known, begins=BEGINS)
    covered = 0
    for _ in range(300):
        population = dice.dirichlet((1, 1, 1))
        readings = dice.dirichlet(0.6 * population + 1e-3, size=12)
        scores = readings[:, 2] - readings[:, 0]
        said = [Statement(f"v{n}", str(n), scores[n], readings[n, 2] + readings[n, 0] - scores[n] ** 2) for n in range(12)]
        found = pool(said, standing).by_power
        assert found is not None
        covered += found.low <= population[2] - population[0] <= found.high
    assert covered >= 255
