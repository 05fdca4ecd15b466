"""An alarm for falling mood: a change point in the weekly values, by PELT (Killick, Fearnhead and Eckley 2012) with ruptures."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

# Half a year of weeks is looked at, and with fewer than so many of them the answer is unknown.
WEEKS: Final = 26
FEWEST_WEEKS: Final = 20
# A fall counts once it has lasted so long.
LASTING_WEEKS: Final = 3
# A fall that is worth an alarm, on a scale from -1 to 1. Accounts without voting power have no part in weeks that rest on
# evidence (`pooling.Mood.core`).
LEAST_FALL: Final = 0.1
# The price of a change point, in noise variances and logarithms of the number of weeks: with 4, real weeks in random
# order ring about once in four years of weekly looks (docs/mood.md; benchmarks/mood_alarm.py measures it).
_PENALTY: Final = 4.0
_LEAST_NOISE: Final = 1e-6


class Status(StrEnum):
    """What the alarm says."""

    FIRED = "fired"
    CLEAR = "clear"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Alarm:
    """The answer and what it rests on: `before` and `now` are the means of the weeks before and after the last change.

    `weeks` counts the weeks with a value that were looked at, `lasting` those since the last change; both means are
    None where the mood never changed.
    """

    status: Status
    weeks: int
    lasting: int
    before: float | None
    now: float | None


def alarm(values: Sequence[float | None]) -> Alarm:
    """The alarm over weekly `values`, oldest first; None is a week in which nobody spoke, and is passed over."""
    known = np.array([value for value in values[-WEEKS:] if value is not None], dtype=np.float64)
    if len(known) < FEWEST_WEEKS:
        return Alarm(Status.UNKNOWN, len(known), len(known), None, None)
    ends = _changes(known)
    if len(ends) == 1:
        return Alarm(Status.CLEAR, len(known), len(known), None, None)
    last = ends[-2]
    former = ends[-3] if len(ends) > 2 else 0
    before, now = float(known[former:last].mean()), float(known[last:].mean())
    fallen = before - now >= LEAST_FALL
    return Alarm(Status.FIRED if fallen else Status.CLEAR, len(known), len(known) - last, before, now)


def _changes(known: np.typing.NDArray[np.float64]) -> list[int]:
    """Where each stretch of one mean ends; the last is the end of the series."""
    import ruptures  # noqa: PLC0415  # loads scipy, which a server need not wait for at start

    # From week to week a change of level counts once; everything else in the steps is noise. (The median absolute step
    # tells less: weeks of few voices have heavy tails.)
    noise = max(float(np.diff(known).std()) / math.sqrt(2), _LEAST_NOISE)
    search = ruptures.Pelt(model="l2", min_size=LASTING_WEEKS, jump=1).fit((known / noise).reshape(-1, 1))
    return [int(end) for end in search.predict(pen=_PENALTY * math.log(len(known)))]
