"""Many people's words as one value that accounts without voting power move by at most a twenty-fifth of its range.

One account is one voice, whatever it writes: its value is the mean over the different things it said. Voices with
evidence (`standing.EVIDENCED`) are pooled by themselves, and nobody else's words can change that part. All voices
without evidence share one weight, at most `UNEVIDENCED_SHARE` of the whole, however many they are; among them,
near-duplicates are one voice. Both parts are trimmed means. Where nobody has evidence, the place of those who have
it is held by an undecided one: without a costly proof of identity no rule can tell a thousand people from one with
a thousand accounts (Douceur 2002, The Sybil Attack).
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from governance.mood.standing import EVIDENCED, Evidence, Standing

Floats = NDArray[np.float64]

# From one end to the other: from all their voices at -1 to all at 1 is twice this, of a range of 2.
UNEVIDENCED_SHARE: Final = 0.04
# Of the weight of each part, so much is left out at either end.
TRIMMED: Final = 0.05
# Intervals are at 90 %, as everywhere in Assent.
_DEVIATIONS: Final = 1.6449
# One made-up voice whose place between -1 and 1 is unknown: with few voices, their likeness proves little.
_PRIOR_VARIANCE: Final = 1 / 3


@dataclass(frozen=True, slots=True)
class Statement:
    """One text as it counts: who said it, the first text it is a near-duplicate of, its score and the reading's variance."""

    account: str
    cluster: str
    value: float
    variance: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value between -1 and 1 and its interval at 90 %."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Mood:
    """What the statements come to.

    `by_account` and its `reach`, the whole range in which any number of further accounts without voting power could
    put its value, are None while nobody says anything; `by_power` while nobody with voting power does, and so is `core`:
    `by_account` of the accounts with voting power alone, which no others move at all. `unevidenced` is what the accounts
    without voting power say by themselves, and `plain_mean` the mean of all texts: both are for show, and anyone can buy them.
    """

    by_account: Estimate | None
    reach: tuple[float, float] | None
    by_power: Estimate | None
    core: Estimate | None
    unevidenced: Estimate | None
    plain_mean: float | None
    accounts: Mapping[Evidence, int]
    statements: int
    clusters: int

    @property
    def evidenced(self) -> bool:
        """Whether anyone who speaks has voting power."""
        return any(self.accounts.get(each) for each in EVIDENCED)


@dataclass(frozen=True, slots=True)
class _Voices:
    """Voices with their weights."""

    values: Floats
    variances: Floats
    weights: Floats


def pool(statements: Sequence[Statement], standings: Mapping[str, Standing]) -> Mood:
    """What `statements` come to, of accounts with these `standings`; the order of statements does not matter."""
    by_account: defaultdict[str, list[Statement]] = defaultdict(list)
    for said in statements:
        by_account[said.account].append(said)
    counts = dict.fromkeys(Evidence, 0)
    for account in by_account:
        counts[standings[account].evidence] += 1
    heard = sorted(account for account in by_account if standings[account].evidenced)
    core = _voices([voice(by_account[account]) for account in heard], [standings[account].weight for account in heard])
    crowd = _crowd(by_account, standings)
    estimate, reach = _bounded(core, crowd)
    total = sum(standings[each].power for each in heard)
    powers = [float(standings[each].power / total) for each in heard]
    return Mood(
        by_account=estimate,
        reach=reach,
        by_power=_estimate(_Voices(core.values, core.variances, np.array(powers))) if heard else None,
        core=_estimate(core) if heard else None,
        unevidenced=_estimate(crowd) if len(crowd.values) else None,
        plain_mean=math.fsum(said.value for said in statements) / len(statements) if statements else None,
        accounts=counts,
        statements=len(statements),
        clusters=len({said.cluster for said in statements}),
    )


def _bounded(core: _Voices, crowd: _Voices) -> tuple[Estimate | None, tuple[float, float] | None]:
    if not len(core.values) and not len(crowd.values):
        return None, None
    known = _estimate(core) if len(core.values) else None
    held = float(core.weights.sum()) if known else 1.0
    middle = known.value if known else 0.0
    most = held * UNEVIDENCED_SHARE / (1 - UNEVIDENCED_SHARE)
    theirs = min(float(crowd.weights.sum()), most)
    value = (held * middle + theirs * _trimmed_mean(crowd)) / (held + theirs)
    # Whatever the crowd says, and however many join it.
    rest = 1 - UNEVIDENCED_SHARE
    reach = (rest * middle - UNEVIDENCED_SHARE, rest * middle + UNEVIDENCED_SHARE)
    if known is None:
        return Estimate(value, -1.0, 1.0), reach
    return Estimate(value, rest * known.low - UNEVIDENCED_SHARE, rest * known.high + UNEVIDENCED_SHARE), reach


def voice(said: Iterable[Statement]) -> tuple[float, float]:
    """An account's value and variance: the mean over the different things it said, each repeated thing once."""
    clusters: defaultdict[str, list[Statement]] = defaultdict(list)
    for each in said:
        clusters[each.cluster].append(each)
    means = [(_mean(each.value for each in alike), _mean(each.variance for each in alike)) for _, alike in sorted(clusters.items())]
    return _mean(value for value, _ in means), math.fsum(variance for _, variance in means) / len(means) ** 2


def _crowd(by_account: Mapping[str, Sequence[Statement]], standings: Mapping[str, Standing]) -> _Voices:
    """Voices without evidence: one per cluster of near-duplicates, with no more weight than the weightiest who said it."""
    said: defaultdict[str, list[tuple[float, float, float, float]]] = defaultdict(list)
    for account in sorted(by_account):
        standing = standings[account]
        if standing.evidenced:
            continue
        share = 1 / len({each.cluster for each in by_account[account]})
        repeats: defaultdict[str, list[Statement]] = defaultdict(list)
        for each in by_account[account]:
            repeats[each.cluster].append(each)
        for cluster, alike in repeats.items():
            value, variance = _mean(each.value for each in alike), _mean(each.variance for each in alike)
            said[cluster].append((standing.weight * share, standing.weight, value, variance))
    voices, weights = [], []
    for _, members in sorted(said.items()):
        together = math.fsum(part for part, *_ in members)
        voices.append(tuple(math.fsum(part * row[place] for part, *row in members) / together for place in (1, 2)))
        weights.append(min(together, max(whole for _, whole, *_ in members)))
    return _voices([(value, variance) for value, variance in voices], weights)


def _voices(pairs: Sequence[tuple[float, float]], weights: Sequence[float]) -> _Voices:
    rows = np.array(pairs, dtype=np.float64).reshape(-1, 2)
    return _Voices(rows[:, 0], rows[:, 1], np.array(weights, dtype=np.float64))


def _estimate(voices: _Voices) -> Estimate:
    """The trimmed mean with its interval: which voices spoke is chance, and what each meant is read with doubt."""
    shares = voices.weights / voices.weights.sum()
    middle = _trimmed_mean(voices)
    count = 1 / float((shares**2).sum())
    spread = float((shares * (voices.values - (shares * voices.values).sum()) ** 2).sum())
    sampling = (count * spread + _PRIOR_VARIANCE) / (count + 1) / count
    reading = float((shares**2 * voices.variances).sum())
    half = _DEVIATIONS * math.sqrt(sampling + reading)
    return Estimate(middle, max(middle - half, -1.0), min(middle + half, 1.0))


def _trimmed_mean(voices: _Voices) -> float:
    """The weighted mean without the lowest and highest `TRIMMED` of the weight; 0 without voices."""
    if not len(voices.values):
        return 0.0
    order = np.argsort(voices.values, kind="stable")
    values, weights = voices.values[order], voices.weights[order]
    ends = np.cumsum(weights) / weights.sum()
    kept = np.clip(np.minimum(ends, 1 - TRIMMED) - np.maximum(ends - weights / weights.sum(), TRIMMED), 0, None)
    return float((kept * values).sum() / kept.sum())


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return math.fsum(found) / len(found)
