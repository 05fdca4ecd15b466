"""From texts with their readings to statements that count: near-duplicates told apart for those with evidence and those without."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Final

from governance.mood.near_duplicates import clusters
from governance.mood.pooling import Statement
from governance.mood.scores import Score
from governance.mood.standing import Evidence, Standing

# Of voices without evidence, no more texts than this are compared and pooled: they share one small weight however many
# they are, and a flood must not make the answer slow. Established accounts come first, then chance decides.
MOST_UNEVIDENCED: Final = 1_000
# Of one account with evidence, its newest texts: power may be dust, and comparing takes the square of what one account wrote.
MOST_OF_ONE: Final = 200


@dataclass(frozen=True, slots=True)
class Speech:
    """One text that somebody wrote: a stable id, the account, when it was known, the text with its digest, and its score."""

    id: str
    account: str
    known_at: datetime
    digest: str
    text: str
    score: Score


def statements(said: Sequence[Speech], standings: Mapping[str, Standing]) -> list[Statement]:
    """What counts of `said`. An evidenced account's newest texts are compared with each other, all others' among themselves."""
    heard = sorted((each for each in said if standings[each.account].evidenced), key=_by_time)
    others = [each for each in said if not standings[each.account].evidenced]
    if len(others) > MOST_UNEVIDENCED:
        others = sorted(others, key=lambda each: (standings[each.account].evidence is Evidence.NEWCOMER, _chance(each)))
    others = sorted(others[:MOST_UNEVIDENCED], key=_by_time)
    mine: defaultdict[str, list[Speech]] = defaultdict(list)
    for each in heard:
        mine[each.account].append(each)
    return [statement for group in (*(texts[-MOST_OF_ONE:] for texts in mine.values()), others) for statement in _statements(group)]


def _statements(said: Sequence[Speech]) -> list[Statement]:
    numbers = clusters([(each.digest, each.text) for each in said])
    firsts: dict[int, str] = {}
    for each, number in zip(said, numbers, strict=True):
        firsts.setdefault(number, each.id)
    return [
        Statement(each.account, firsts[number], each.score.value, each.score.variance) for each, number in zip(said, numbers, strict=True)
    ]


def _by_time(each: Speech) -> tuple[datetime, str]:
    return each.known_at, each.id


def _chance(each: Speech) -> bytes:
    return blake2b(each.id.encode(), digest_size=8).digest()
