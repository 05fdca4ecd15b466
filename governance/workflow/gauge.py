"""Gauges what a DAO feels: texts with their readings, weighed by what is known of who wrote them. Writes nothing."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from sqlmodel import Session

from governance.mood import alarm as alarms
from governance.mood.alarm import Alarm
from governance.mood.histories import Histories
from governance.mood.pooling import Mood, pool
from governance.mood.scores import score
from governance.mood.speech import Speech, statements
from governance.mood.standing import standings
from governance.records import mood as records
from governance.records.mood import Said, Scope

Topic = tuple[str, int, str | None]
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Window:
    """The time (since, ends] whose texts are meant (since None: from the beginning).

    What an account did before `begins` is its history; what it does later is not evidence of anything.
    """

    since: datetime | None
    begins: datetime
    ends: datetime

    def holds(self, moment: datetime) -> bool:
        """Whether a text known at `moment` is meant."""
        return (self.since is None or moment > self.since) and moment <= self.ends


@dataclass(frozen=True, slots=True)
class Gauged:
    """The mood of one window, and the digests of the models whose readings it rests on."""

    window: Window
    mood: Mood
    models: tuple[str, ...]


def gauge(session: Session, scope: Scope, windows: Sequence[Window], *, task: str, as_of: datetime) -> list[Gauged]:
    """The mood of `scope` in each of `windows`, from what was known at `as_of`."""
    said = records.said(session, scope, task=task, since=_earliest(windows), as_of=as_of)
    histories = records.histories(session, scope.dao_id, {each.account for each in said}, as_of=as_of)
    return [_gauged(said, histories, window, task) for window in windows]


def gauge_topics(session: Session, dao_id: str, window: Window, *, task: str, as_of: datetime, most: int) -> list[tuple[Topic, Gauged]]:
    """The mood of each forum topic with texts in the window; those with the most evidenced accounts first, then the most texts."""
    said = records.said(session, Scope(dao_id), task=task, since=window.since, as_of=as_of)
    histories = records.histories(session, dao_id, {each.account for each in said}, as_of=as_of)
    topics: defaultdict[tuple[str, int], list[Said]] = defaultdict(list)
    for each in said:
        if each.topic is not None and window.holds(each.known_at):
            topics[each.topic[:2]].append(each)
    names = {place: max(texts, key=lambda each: (each.known_at, each.id)).topic or (*place, None) for place, texts in topics.items()}
    weights = {place: _loudness(texts, histories, window) for place, texts in topics.items()}
    chosen = sorted(topics, key=lambda place: (weights[place], place), reverse=True)[:most]
    return [(names[place], _gauged(topics[place], histories, window, task)) for place in chosen]


def gauge_alarm(session: Session, dao_id: str, *, task: str, as_of: datetime) -> tuple[Alarm, bool, list[Gauged]]:
    """The alarm over the last weeks; whether it rests on evidenced accounts (else anyone can ring it); and the weeks.

    As soon as anyone with voting power spoke in them, only such accounts count, though it may take half a year until they tell
    anything: what the others say would ring it in the name of those who have a say.
    """
    windows = weeks(as_of, alarms.WEEKS)
    found = gauge(session, Scope(dao_id), windows, task=task, as_of=as_of)
    evidenced = [_value(each.mood, evidenced=True) for each in found]
    rests_on_evidence = any(value is not None for value in evidenced)
    values = evidenced if rests_on_evidence else [_value(each.mood, evidenced=False) for each in found]
    return alarms.alarm(values), rests_on_evidence, found


def weeks(ends: datetime, count: int) -> list[Window]:
    """The last `count` weeks up to `ends`, oldest first."""
    return steps(ends, WEEK, count)


def steps(ends: datetime, length: timedelta, count: int) -> list[Window]:
    """`count` windows of `length` up to `ends`, oldest first."""
    first = datetime.min.replace(tzinfo=UTC)
    edges = [ends - min(length * number, ends - first) for number in range(count, -1, -1)]
    return [Window(since, since, end) for since, end in pairwise(edges)]


def _value(mood: Mood, *, evidenced: bool) -> float | None:
    if evidenced:
        # Not `by_account`, of which accounts without power have a small share: these weeks are said to be out of their reach.
        return None if mood.core is None else mood.core.value
    return None if mood.unevidenced is None else mood.unevidenced.value


def _gauged(said: Sequence[Said], histories: Histories, window: Window, task: str) -> Gauged:
    speech: list[Speech] = []
    models: set[str] = set()
    for each in said:
        found = score(task, each.label, each.scores) if window.holds(each.known_at) else None
        if found is not None:
            person = histories.person(each.account, at=window.ends)
            speech.append(Speech(each.id, person, each.known_at, each.digest, each.text, found))
            models.add(each.model)
    people = {each.account for each in speech}
    known = {person: histories.known(person, begins=window.begins, ends=window.ends) for person in people}
    registered = sum(histories.electorate(window.ends).values(), Decimal(0))
    standing = standings(known, begins=window.begins, electorate_power=registered)
    return Gauged(window, pool(statements(speech, standing), standing), tuple(sorted(models)))


def _loudness(said: Sequence[Said], histories: Histories, window: Window) -> tuple[int, int]:
    people = {histories.person(each.account, at=window.ends) for each in said}
    powers = (histories.known(person, begins=window.begins, ends=window.ends).power for person in people)
    return sum(power is not None and power > 0 for power in powers), len(said)


def _earliest(windows: Sequence[Window]) -> datetime | None:
    starts = [window.since for window in windows]
    return None if not starts or None in starts else min(since for since in starts if since is not None)
