"""One row of `proposals.parquet` as a closed proposal, or the reason why it cannot be one."""

import json
import math
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq

from governance.evidence import ClosedProposal, KnownProgress, KnownProposal
from governance.outcome_sources import HEADCOUNT_PROXY, end_is_scheduled, was_executed

_COLUMNS = (
    "source", "dao", "proposal_id", "title", "body", "choices", "type", "created", "start", "end", "votes_count",
    "author", "outcome", "outcome_rule", "approval_share", "quorum", "scores_total", "state",
)  # fmt: skip
# Times outside these years are slips of the pen (the data README counts 26).
_FIRST, _LAST = datetime(2014, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)


def read_closed(file: Path) -> tuple[list[tuple[str, ClosedProposal]], Mapping[str, int]]:
    """(source, closed proposal) of every usable row, and how many rows were left out, by reason."""
    parquet = pq.ParquetFile(file)
    columns = [name for name in _COLUMNS if name in parquet.schema_arrow.names]
    closed: list[tuple[str, ClosedProposal]] = []
    left_out: Counter[str] = Counter()
    for batch in parquet.iter_batches(columns=columns):
        for row in batch.to_pylist():
            found = _closed(row)
            if isinstance(found, str):
                left_out[found] += 1
            else:
                closed.append((str(row["source"]), found))
    return closed, dict(sorted(left_out.items()))


def read_progress(file: Path) -> dict[str, tuple[KnownProgress, ...]]:
    """Running totals by proposal, oldest first; empty without the file."""
    found: dict[str, list[KnownProgress]] = defaultdict(list)
    if not file.is_file():
        return {}
    for row in pq.read_table(file, columns=["proposal_id", "snapshot_at", "total_vp", "votes"]).to_pylist():
        seen, power = _moment(row["snapshot_at"]), row["total_vp"]
        if seen is not None:
            known = power is not None and math.isfinite(power) and power >= 0
            found[row["proposal_id"]].append(KnownProgress(seen, row["votes"], repr(power) if known else None))
    return {key: tuple(sorted(rows, key=lambda each: each.seen_at)) for key, rows in found.items()}


def _closed(row: Mapping[str, object]) -> ClosedProposal | str:
    if row.get("outcome") not in ("pass", "fail"):
        return "no outcome"
    if row.get("outcome_rule") == HEADCOUNT_PROXY:
        return "outcome is a headcount proxy, not official"
    started, ended = _moment(row.get("start")), _moment(row.get("end"))
    published = _moment(row.get("created")) or started
    if ended is None:
        return "no time of close"
    if published is None:
        return "no time of publication"
    if ended <= published:
        return "closed before it was published"
    share, voters = row.get("approval_share"), row.get("votes_count")
    scheduled = end_is_scheduled(str(row["source"]))
    quorum, power = _positive(row.get("quorum")), _positive(row.get("scores_total"))
    proposal = KnownProposal(
        proposal_id=str(row["proposal_id"]),
        dao_id=str(row["dao"]),
        source=str(row["source"]),
        title=_text(row.get("title")),
        body=_text(row.get("body")),
        kind=_text(row.get("type")),
        author=_text(row.get("author")),
        choices=_choices(row.get("choices")),
        published_at=published,
        starts_at=started,
        ends_at=ended if scheduled else None,
        quorum=None if quorum is None else repr(quorum),
    )
    return ClosedProposal(
        proposal=proposal,
        closed_at=ended,
        passed=row["outcome"] == "pass",
        approval_share=share if isinstance(share, float) and math.isfinite(share) and 0 <= share <= 1 else None,
        voters=voters if isinstance(voters, int) and voters >= 0 else None,
        power=power,
        quorum_reached=None if quorum is None or row.get("scores_total") is None else (power or 0.0) >= quorum,
        executed=was_executed(str(row["source"]), _text(row.get("state"))),
    )


def _positive(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) and math.isfinite(value) and value > 0 else None


def _moment(seconds: object) -> datetime | None:
    if not isinstance(seconds, int) or not _FIRST.timestamp() <= seconds < _LAST.timestamp():
        return None
    return datetime.fromtimestamp(seconds, UTC)


def _text(value: object) -> str | None:
    # "<NA>" is how one source wrote a missing value.
    return value if isinstance(value, str) and value.strip() and value != "<NA>" else None


def _choices(value: object) -> tuple[str, ...]:
    try:
        found = json.loads(value) if isinstance(value, str) else None
    except ValueError:
        return ()
    return tuple(str(choice) for choice in found) if isinstance(found, list) else ()
