"""Builds a proposal's page: the proposal, and the parts that were asked for."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from api.pagination import make_cursor
from api.proposal_parts import Part
from governance.records import proposal_page
from governance.records.as_of import PROPOSALS, read_one, votes_cast
from governance.records.columns import from_microseconds, to_microseconds
from governance.records.prepared import Reads
from governance.records.proposal_page import Overview
from governance.tally import count, decimal_text, voting_type

# Votes on a page, unless `votes_limit` says otherwise.
VOTES_SHOWN = 50
_POSTS = 20
_READINGS = 50
_PROGRESS = 400
# Columns of the proposal that its page leaves out.
_HIDDEN = frozenset({"result_known_at", "recorded_at"})


@dataclass(frozen=True, slots=True)
class PageQuestion:
    """Which page is asked for; `as_of` None: as known now."""

    proposal_id: str
    parts: tuple[Part, ...]
    as_of: datetime | None
    votes_limit: int
    votes_after: tuple[int, str] | None
    secret: bytes

    @property
    def scope(self) -> str:
        """What a cursor into this page's votes is bound to."""
        return f"votes of {self.proposal_id}"


def build_page(reads: Reads, asked: PageQuestion, *, overview: Overview, as_of: datetime) -> dict[str, Any]:
    """The page as a document of `ProposalPage`'s shape.

    Raises:
        NotFound: there is no such proposal, or nobody could know of it at `as_of`.
    """
    row = read_one(reads, PROPOSALS, asked.proposal_id, as_of=as_of)
    page = {name: value for name, value in row.items() if name not in _HIDDEN}
    page["phase"] = _phase(row, as_of)
    page["as_of"] = as_of
    page["complete"] = False
    for part in asked.parts:
        here = overview.votes if part is Part.TALLY else getattr(overview, part.value)
        page[part.value] = _PARTS[part](reads, asked, row, as_of) if here else _empty(part, row)
    page["indexed_to"] = _newest(page)
    return page


def _phase(row: dict[str, Any], as_of: datetime) -> str:
    starts, ends = row["starts_at"] or row["created_at"], row["ends_at"]
    if row["outcome"] is not None or (ends is not None and ends <= as_of):
        return "closed"
    if starts is None:
        return "unknown"
    return "pending" if starts > as_of else "active"


def _newest(page: dict[str, Any]) -> datetime:
    moments: list[datetime] = [page["known_at"]]
    for part in (page.get("votes") or {}).get("items", ()), page.get("posts") or (), (page.get("readings") or {}).get("items", ()):
        moments += [item["known_at"] for item in part]
    return max(moments)


def tally_part(reads: Reads, row: Mapping[str, Any], *, as_of: datetime) -> dict[str, Any]:
    """What the votes of the proposal in `row` add up to, of `TallyOut`'s shape."""
    return _tally(row, votes_cast(reads, row["id"], as_of=as_of))


def _tally(row: Mapping[str, Any], cast: Sequence[tuple[str, str | None, str | None]]) -> dict[str, Any]:
    counted = count(cast, kind=row["kind"], choices=row["choices"])
    labels = dict(enumerate(row["choices"] or (), start=1))
    return {
        "voting_type": voting_type(row["kind"]),
        "votes": counted.votes,
        "voters": counted.voters,
        "without_choice": counted.without_choice,
        "uncounted": counted.uncounted,
        "without_power": counted.without_power,
        "power": None if counted.power is None else decimal_text(counted.power),
        "quorum_reached": counted.reaches(row["quorum"]),
        "choices": [
            {"choice": place, "label": labels.get(place), "heads": each.heads, "power": counted.power_of(place)}
            for place, each in counted.choices.items()
        ],
    }


def _votes(reads: Reads, asked: PageQuestion, _row: dict[str, Any], as_of: datetime) -> dict[str, Any]:
    after = None if asked.votes_after is None else (from_microseconds(asked.votes_after[0]), bytes.fromhex(asked.votes_after[1]))
    rows = proposal_page.votes_page(reads, asked.proposal_id, as_of=as_of, after=after, limit=asked.votes_limit + 1)
    shown = rows[: asked.votes_limit]
    cursor = None
    if len(rows) > asked.votes_limit:
        last = shown[-1]
        cursor = make_cursor((to_microseconds(last["known_at"]), last["id"].hex()), scope=asked.scope, secret=asked.secret)
    return {"items": [{**vote, "id": vote["id"].hex()} for vote in shown], "next_cursor": cursor}


def _readings(reads: Reads, asked: PageQuestion, _row: dict[str, Any], as_of: datetime) -> dict[str, Any]:
    counts, items = proposal_page.readings(reads, asked.proposal_id, as_of=as_of, limit=_READINGS)
    return {"counts": counts, "items": items}


_PARTS: dict[Part, Callable[[Reads, PageQuestion, dict[str, Any], datetime], object]] = {
    Part.TALLY: lambda reads, _asked, row, as_of: tally_part(reads, row, as_of=as_of),
    Part.VOTES: _votes,
    Part.READINGS: _readings,
    Part.FORECAST: lambda reads, asked, _row, as_of: proposal_page.last_forecast(reads, asked.proposal_id, as_of=as_of),
    Part.FLAGS: lambda reads, asked, _row, as_of: proposal_page.flags(reads, asked.proposal_id, as_of=as_of),
    Part.POSTS: lambda reads, asked, _row, as_of: proposal_page.posts(reads, asked.proposal_id, as_of=as_of, limit=_POSTS),
    Part.LINKS: lambda reads, asked, _row, as_of: proposal_page.links(reads, asked.proposal_id, as_of=as_of),
    Part.PROGRESS: lambda reads, asked, _row, as_of: proposal_page.progress(reads, asked.proposal_id, as_of=as_of, limit=_PROGRESS),
    Part.REVISIONS: lambda reads, asked, _row, as_of: proposal_page.revisions(reads, asked.proposal_id, as_of=as_of),
}


def _empty(part: Part, row: Mapping[str, Any]) -> object:
    """What a part is without rows."""
    if part is Part.TALLY:
        return _tally(row, ())
    if part is Part.VOTES:
        return {"items": [], "next_cursor": None}
    if part is Part.READINGS:
        return {"counts": {}, "items": []}
    return None if part is Part.FORECAST else []
