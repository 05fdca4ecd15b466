"""The grouped queries behind a DAO's health: the database groups votes, by proposal and by interval, for many DAOs at once."""

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, func, literal_column, select, text
from sqlmodel import Session

from governance.health.intervals import WEEKS_FROM, Interval
from governance.records.columns import from_microseconds, to_microseconds
from governance.records.evidence import Reading
from governance.records.readings import counts_at

_IDS_PER_QUERY: Final = 20_000
_WEEK_US: Final = 7 * 86_400_000_000
# Of one voter's several votes the last counts; one without a time is taken as the earliest, as tallies take it.
_AS_CAST: Final = "(v.cast_at IS NOT NULL), v.cast_at, v.id"


@dataclass(frozen=True, slots=True)
class Span:
    """Intervals of one kind of some DAOs: those that start in [start, end), both of which are starts of intervals.

    `whole`: outside of it these DAOs have no votes.
    """

    kind: Interval
    dao_ids: Sequence[str]
    start: datetime
    end: datetime
    whole: bool = False


# (DAO, number of the interval)
Place = tuple[str, int]


class Said(NamedTuple):
    """The votes of one interval for one choice (as written) of one proposal.

    `powers`: how many of the votes have a power; `known_at`: the newest, as the database gives it; `revision`: the greatest.
    """

    dao_id: str
    number: int
    proposal_id: str
    choice: str | None
    votes: int
    powers: int
    known_at: Any
    revision: int


# (proposal, choice as written, votes, of them with a power, newest known_at, greatest revision)
SaidOfAll = tuple[str, str | None, int, int, datetime, int]


@dataclass(frozen=True, slots=True)
class Active:
    """Who voted in an interval: the votes, and by number of proposals voted on those who voted on so many."""

    votes: int
    voters: Mapping[int, list[str]]

    @classmethod
    def of(cls, by_votes: Mapping[int, list[str]], more: Mapping[str, int]) -> "Active":
        """From voters by number of votes; `more`: how many of a voter's votes were not the first on their proposal."""
        votes = sum(count * len(voters) for count, voters in by_votes.items())
        if not more:
            return cls(votes, by_votes)
        voters: dict[int, list[str]] = defaultdict(list)
        for count, each in by_votes.items():
            for voter in each:
                voters[count - more.get(voter, 0)].append(voter)
        return cls(votes, voters)


class HealthQueries:
    """The queries, in the words of the session's database, for one counting: votes that come in meanwhile are none of its."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._postgres = session.get_bind().dialect.name == "postgresql"
        # Asked for by proposal, by interval and before votes are added, of the same proposals.
        self._voted_again: dict[str, bool] = {}
        # What was read of all votes of some proposals, interval by interval.
        self._said: dict[str, list[Said]] = defaultdict(list)

    def votes_by_choice(self, proposal_ids: Sequence[str]) -> list[SaidOfAll]:
        """All votes of the proposals, by choice."""
        found = [row for proposal in proposal_ids if proposal in self._said for row in _of_all(self._said[proposal])]
        unread = [proposal for proposal in proposal_ids if proposal not in self._said]
        rows = self._rows(
            f"SELECT v.proposal_id, v.choice, count(*), count(v.power), max(v.known_at), max(v.revision) FROM vote v"
            f" WHERE {self._among('v.proposal_id', 'ids')} GROUP BY v.proposal_id, v.choice",
            ids=self._list(unread),
        )
        return [*found, *((*row[:4], moment(row[4]), row[5]) for row in rows)]

    def voted_again(self, proposal_ids: Collection[str]) -> set[str]:
        """Those of the proposals on which somebody voted more than once."""
        new = [each for each in proposal_ids if each not in self._voted_again]
        if new:
            # Groups of votes rather than distinct voters of a group: the database need not sort for these.
            rows = self._rows(
                f"SELECT DISTINCT w.proposal_id FROM (SELECT v.proposal_id FROM vote v WHERE {self._among('v.proposal_id', 'ids')}"
                " GROUP BY v.proposal_id, v.voter HAVING count(*) > 1) w",
                ids=self._list(new),
            )
            again = {row[0] for row in rows}
            self._voted_again.update({each: each in again for each in new})
        return {each for each in proposal_ids if self._voted_again[each]}

    def powers_by_choice(self, proposal_ids: Sequence[str]) -> list[tuple[str, str | None, str]]:
        """(proposal, choice, power) of every vote with a power: decimal text is added up outside, exactly."""
        return self._rows(
            f"SELECT v.proposal_id, v.choice, v.power FROM vote v WHERE {self._among('v.proposal_id', 'ids')} AND v.power IS NOT NULL",
            ids=self._list(proposal_ids),
        )

    def corrections_of(self, proposal_ids: Sequence[str]) -> dict[str, datetime]:
        """When a correction of any of a proposal's votes last became known, by proposal."""
        rows = self._rows(
            f"SELECT v.proposal_id, max(v.known_at) FROM vote_revision v WHERE {self._among('v.proposal_id', 'ids')} GROUP BY 1",
            ids=self._list(proposal_ids),
        )
        return {proposal: moment(known_at) for proposal, known_at in rows}

    def voters(self, span: Span, again: Collection[str]) -> dict[Place, Active]:
        """Who voted in each interval; `again` are the proposals of `voted_again` among those voted on."""
        counted = f"SELECT v.dao_id, {self._number(span.kind)} AS number, v.voter, count(*) AS votes FROM {self._within()}"
        # A row per voter would take longer to hand over than to count.
        listed = "array_agg(w.voter)" if self._postgres else "json_group_array(w.voter)"
        rows = self._rows(
            f"SELECT w.dao_id, w.number, w.votes, {listed} FROM ({counted} GROUP BY 1, 2, 3) w GROUP BY 1, 2, 3", **self._bounds(span)
        )
        found: dict[Place, dict[int, list[str]]] = defaultdict(dict)
        for dao, number, votes, voters in rows:
            found[dao, number][votes] = voters if self._postgres else json.loads(voters)
        more: dict[Place, Counter[str]] = defaultdict(Counter)
        if again:
            # On the others nobody voted twice: there are as many proposals as votes, and the database need not tell proposals apart.
            repeated = f"{counted} AND {self._among('v.proposal_id', 'ids')} GROUP BY 1, 2, 3, v.proposal_id HAVING count(*) > 1"
            for dao, number, voter, votes in self._rows(repeated, ids=self._list(sorted(again)), **self._bounds(span)):
                more[dao, number][voter] += votes - 1
        return {place: Active.of(by_votes, more.get(place, {})) for place, by_votes in found.items()}

    def votes_said(self, span: Span) -> list[Said]:
        """The votes of each interval, by proposal and choice."""
        rows = self._rows(
            f"SELECT v.dao_id, {self._number(span.kind)} AS number, v.proposal_id, v.choice, count(*), count(v.power), max(v.known_at),"
            f" max(v.revision) FROM {self._within()} GROUP BY 1, 2, 3, v.choice",
            **self._bounds(span),
        )
        said = [Said._make(row) for row in rows]
        for each in said if span.whole else ():
            self._said[each.proposal_id].append(each)
        return said

    def votes_by_id(self, kinds: Sequence[Interval], ids: Sequence[bytes]) -> list[Any]:
        """(proposal, voter, choice, power, known_at, then the number of its interval for each of the kinds) of some votes."""
        numbers = "".join(f", {self._number(kind)}" for kind in kinds)
        told = f"SELECT v.proposal_id, v.voter, v.choice, v.power, v.known_at{numbers} FROM vote v WHERE v.id"
        found: list[Any] = []
        for start in range(0, len(ids), _IDS_PER_QUERY):
            part = list(ids[start : start + _IDS_PER_QUERY])
            if self._postgres:
                found += self._rows(f"{told} = ANY(:ids)", ids=part)
            else:
                marks = ",".join("?" * len(part))
                found += self.session.connection().exec_driver_sql(f"{told} IN ({marks})", tuple(part)).all()
        return found

    def votes_with_power(self, span: Span) -> list[tuple[str, int, str, str, str | None, str]]:
        """(DAO, interval, proposal, voter, choice, power) of the votes with a power, in the order in which they were cast."""
        return self._rows(
            f"SELECT v.dao_id, {self._number(span.kind)}, v.proposal_id, v.voter, v.choice, v.power"
            f" FROM {self._within()} AND v.power IS NOT NULL ORDER BY {_AS_CAST}",
            **self._bounds(span),
        )

    def votes_of(self, span: Span, voters: Sequence[tuple[str, str]]) -> list[tuple[str, int, str, str, str | None]]:
        """(DAO, interval, proposal, voter, choice) of the votes of some (DAO, voter), in the order in which they were cast."""
        wanted: dict[str, Any]
        if self._postgres:
            names = "unnest(CAST(:of_daos AS text[]), CAST(:voters AS text[])) AS w(dao_id, voter)"
            wanted = {"of_daos": [dao for dao, _ in voters], "voters": [voter for _, voter in voters]}
            same, hint = "v.dao_id = w.dao_id AND v.voter = w.voter", ""
        else:
            names, wanted = "json_each(:pairs) AS w CROSS", {"pairs": json.dumps(voters)}
            same, hint = "v.dao_id = w.value ->> 0 AND v.voter = w.value ->> 1", " INDEXED BY ix_vote_voter"
        bounds = {name: value for name, value in self._bounds(span).items() if name != "daos"}
        return self._rows(
            f"SELECT v.dao_id, {self._number(span.kind)}, v.proposal_id, v.voter, v.choice FROM {names} JOIN vote v{hint} ON {same}"
            f" WHERE v.known_at >= :start AND v.known_at < :end ORDER BY {_AS_CAST}",
            **bounds,
            **wanted,
        )

    def corrections_in(self, span: Span) -> dict[tuple[str, int], datetime]:
        """When a correction of any vote of an interval last became known, by DAO and interval."""
        rows = self._rows(
            f"SELECT v.dao_id, {self._number(span.kind)}, max(r.known_at) FROM vote_revision r JOIN vote v ON v.id = r.vote_id"
            f" WHERE {self._among('v.dao_id', 'daos')} AND v.known_at >= :start AND v.known_at < :end GROUP BY 1, 2",
            **self._bounds(span),
        )
        return {(dao, number): moment(known_at) for dao, number, known_at in rows}

    def readings(self, kind: Interval, dao_id: str, *, start: datetime, as_of: datetime) -> list[tuple[int, str, str, int]]:
        """(interval, task, label, texts) of what text models read of the DAO's texts of `start` to `as_of`, each text once per task."""
        read = Reading.__table__.alias("v")  # type: ignore[attr-defined]  # SQLModel makes it
        by: tuple[ColumnElement[Any], ...] = (literal_column(self._number(kind)), read.c.task, read.c.label)
        query = select(*by, func.count()).where(read.c.dao_id == dao_id, read.c.known_at >= start, counts_at(read, as_of))
        return [(number, task, label, texts) for number, task, label, texts in self.session.execute(query.group_by(*by))]

    def _number(self, kind: Interval) -> str:
        """The number of the interval of a vote, as `intervals.number_of` gives it."""
        if kind is Interval.WEEK:
            if self._postgres:
                return f"CAST(floor((extract(epoch FROM v.known_at) * 1000000 - {to_microseconds(WEEKS_FROM)}) / {_WEEK_US}) AS integer)"
            return f"(v.known_at - {to_microseconds(WEEKS_FROM)}) / {_WEEK_US}"
        if self._postgres:
            utc = "v.known_at AT TIME ZONE 'UTC'"
            # Not `extract`, whose decimal arithmetic takes twice as long; years and months are whole numbers.
            return f"CAST(floor((date_part('year', {utc}) * 12 + date_part('month', {utc}) - 1) / {kind.months}) AS integer)"
        seconds = "v.known_at / 1000000, 'unixepoch'"
        return f"(strftime('%Y', {seconds}) * 12 + strftime('%m', {seconds}) - 1) / {kind.months}"

    def _within(self) -> str:
        # Without the hint SQLite may go by voter, which reads the table's pages in no order.
        hint = "" if self._postgres else " INDEXED BY ix_vote_dao"
        return f"vote v{hint} WHERE {self._among('v.dao_id', 'daos')} AND v.known_at >= :start AND v.known_at < :end"

    def _bounds(self, span: Span) -> dict[str, Any]:
        return {"daos": self._list(span.dao_ids), "start": self._time(span.start), "end": self._time(span.end)}

    def _among(self, column: str, name: str) -> str:
        return f"{column} = ANY(:{name})" if self._postgres else f"{column} IN (SELECT value FROM json_each(:{name}))"

    def _list(self, values: Sequence[str]) -> object:
        return list(values) if self._postgres else json.dumps(list(values))

    def _time(self, moment: datetime) -> object:
        return moment if self._postgres else to_microseconds(moment)

    def _rows(self, query: str, **values: Any) -> list[Any]:  # noqa: ANN401  # what each database binds
        # The driver's own tuples: making a row object of each would take as long as the database takes to group them.
        with self.session.connection().execute(text(query), values) as result:
            return list(result.cursor.fetchall()) if result.cursor else []


def _of_all(said: Sequence[Said]) -> Iterator[SaidOfAll]:
    """What was said of one proposal, all intervals together."""
    by_choice: dict[str | None, list[Said]] = defaultdict(list)
    for each in said:
        by_choice[each.choice].append(each)
    for choice, alike in by_choice.items():
        votes, powers = sum(each.votes for each in alike), sum(each.powers for each in alike)
        known_at = moment(max(each.known_at for each in alike))
        yield alike[0].proposal_id, choice, votes, powers, known_at, max(each.revision for each in alike)


def moment(value: Any) -> Any:  # noqa: ANN401  # an integer on SQLite, a time on PostgreSQL
    """A time as the database gives it outside of typed columns."""
    return from_microseconds(value) if isinstance(value, int) else value
