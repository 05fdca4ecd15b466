"""No text, time or flood of posts that the intake takes keeps a rule busy for long."""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from multiprocessing import get_context

from hypothesis import given
from hypothesis import strategies as st

from governance.flags.case import Said
from governance.flags.timing import HOLIDAYS, weekend_vote
from governance.flags.verdicts import Status
from tests.flag_cases import DAY, START, a_case, ballots, judged
from tests.hostile_texts import repetitive

# A guard against hanging: what grows with the square of the length would take hours.
HANGS = 60
ON_TEXTS = ("R03", "R08", "R16", "R17", "R18", "S01")


def _texts() -> set[Status]:
    cases = [a_case(title=text[:10_000], body=text) for text in repetitive(100_000)]
    return {judged(rule, case).status for case in cases for rule in ON_TEXTS}


def _posts() -> set[Status]:
    words = " ".join(str(number) for number in range(12_000))
    return {judged("R19", a_case(posts=tuple(Said(f"new{n}", f"{n} {words}", START, START) for n in range(200)))).status}


def _far_end() -> set[Status]:
    return {judged("R04", a_case(ends_at=datetime(9999, 12, 31, 23, 59, tzinfo=UTC))).status}


def _within(judge: Callable[[], set[Status]]) -> set[Status]:
    """What comes of it; a process of its own, for a pattern that hangs holds the interpreter and cannot be interrupted in it."""
    pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"))
    try:
        return pool.submit(judge).result(timeout=HANGS)
    finally:
        for process in list((pool._processes or {}).values()):  # the pool offers no way to stop one that hangs
            process.kill()
        pool.shutdown(wait=False, cancel_futures=True)


def test_a_text_of_one_run_is_read() -> None:
    """A thousand blank lines once took ten seconds, and a body may hold 200,000."""
    assert _within(_texts)


def test_two_hundred_long_posts_are_compared() -> None:
    """Every pair of them: copies of one text by accounts that are a day old."""
    assert _within(_posts) == {Status.FIRED}


def test_an_end_in_the_year_9999_is_reckoned() -> None:
    """The intake takes it; two days of each seven are free then, and the few holidays."""
    assert _within(_far_end) == {Status.CLEAR}


@given(st.integers(0, 8 * 365 * 24 * 60), st.integers(1, 60 * 24 * 40))
def test_the_free_share_is_that_of_walking_day_by_day(later: int, minutes: int) -> None:
    """Reckoned by weeks and holidays, it is what counting the minutes of each day gives."""
    start = datetime(2019, 1, 1, tzinfo=UTC) + timedelta(minutes=later)
    end, free, moment = start + timedelta(minutes=minutes), timedelta(), start
    while moment < end:
        until = min(moment.replace(hour=0, minute=0, second=0, microsecond=0) + DAY, end)
        if moment.weekday() >= 5 or (moment.month, moment.day) in HOLIDAYS:
            free += until - moment
        moment = until

    told = weekend_vote.judge(a_case(starts_at=start, ends_at=end, as_of=end, past=(), ballots=ballots(1))).inputs["weekend_share"]

    assert told == f"{(Decimal(free // timedelta(microseconds=1)) / Decimal((end - start) // timedelta(microseconds=1))):.6f}"
