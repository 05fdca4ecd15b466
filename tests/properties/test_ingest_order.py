"""Ingestion as arithmetic: counts add up, repeats change nothing, and order within a run does not show."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text
from sqlmodel import Session

from governance.errors import InvalidInput
from governance.intake import fields, votes
from governance.intake.batches import Kind
from governance.intake.vote_columns import VoteReader
from governance.records.engine import writing
from governance.workflow.attribute import attribute
from tests.ingest_rows import OPENED, a_link, a_post, a_proposal, a_vote, an_observation, take

_RUN = datetime(2026, 11, 21, 12, tzinfo=UTC)
_TABLES = {
    "proposal": "id, title, outcome, content_sha256, revision, known_at, result_known_at",
    "proposal_revision": "proposal_id, content_sha256, known_at",
    "vote": "id, choice, power, content, revision, known_at",
    "vote_revision": "vote_id, content, power, known_at",
    "post": "id, dao_id, proposal_id, text, revision",
    "observation": "id, value, content_sha256, revision",
    "forum_link": "proposal_id, forum, topic_id, source",
    "dao": "id, name",
}
# Few of each, so that they meet often: the same proposal told in two ways, the same vote with two powers, bad rows.
_ROWS: tuple[tuple[Kind, dict[str, Any]], ...] = (
    (Kind.PROPOSAL, a_proposal()),
    (Kind.PROPOSAL, a_proposal(title="Raise the fee", created=OPENED - 60)),
    (Kind.PROPOSAL, a_proposal(source="other", outcome=None)),
    (Kind.VOTE, a_vote()),
    (Kind.VOTE, a_vote(vp=99.0)),
    (Kind.VOTE, a_vote(vp=98.0)),
    (Kind.VOTE, a_vote(created=OPENED + 8_000)),
    (Kind.VOTE, a_vote(voter=None)),
    (Kind.POST, a_post()),
    (Kind.POST, a_post(text="Edited.")),
    (Kind.FORUM_LINK, a_link()),
    (Kind.FORUM_LINK, a_link(source="another")),
    (Kind.OBSERVATION, an_observation()),
    (Kind.OBSERVATION, an_observation(value="1.5")),
    (Kind.OBSERVATION, an_observation(value="NaN")),
)
_CAREFUL = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def _state(session: Session) -> dict[str, list[tuple[Any, ...]]]:
    return {
        name: sorted((tuple(row) for row in session.execute(text(f"SELECT {columns} FROM {name}"))), key=repr)
        for name, columns in _TABLES.items()
    }


def _import(engine: Engine, batches: Sequence[Sequence[int]], at: datetime = _RUN) -> dict[str, list[tuple[Any, ...]]]:
    """What is stored after one run of these batches (rows of one kind each), rolled back afterwards."""
    with Session(writing(engine)) as session:
        for batch in batches:
            for kind in Kind:
                rows = [row for of, row in (_ROWS[number] for number in batch) if of is kind]
                if rows:
                    counts = take(session, kind, rows, at=at).counts()
                    assert sum(counts.values()) == len(rows)
        attribute(session, now=at)
        found = _state(session)
        session.rollback()
    return found


@_CAREFUL
@given(order=st.permutations(range(len(_ROWS))), cuts=st.lists(st.integers(0, len(_ROWS)), max_size=4))
def test_the_order_of_rows_and_files_within_a_run_does_not_show(engine: Engine, order: list[int], cuts: list[int]) -> None:
    """Files come in any order, in batches of any size; the record must be the same."""
    borders = [0, *sorted(cuts), len(order)]
    batches = [order[low:high] for low, high in pairwise(borders)]

    assert _import(engine, batches) == _import(engine, [range(len(_ROWS))])


@_CAREFUL
@given(rows=st.lists(st.integers(0, len(_ROWS) - 1), max_size=20), later=st.integers(0, 3))
def test_importing_again_changes_nothing(engine: Engine, rows: list[int], later: int) -> None:
    """Whatever came in, the same again is unchanged, in the same run or days after."""
    with Session(writing(engine)) as session:
        for number in rows:
            take(session, _ROWS[number][0], [_ROWS[number][1]], at=_RUN)
        before = _state(session)
        verdicts = [take(session, _ROWS[n][0], [_ROWS[n][1]], at=_RUN + timedelta(days=later)).verdicts[0] for n in rows]
        after = _state(session)
        session.rollback()

    assert before == after
    assert {verdict.value for verdict in verdicts} <= {"unchanged", "refused"}


_VALUES: dict[str, st.SearchStrategy[object]] = {
    "source": st.sampled_from(["snapshot", " padded ", "", None, 3, "\0"]),
    "dao": st.sampled_from(["tide.eth", "Prætorian", "", None, "\ud800", 5]),
    "proposal_id": st.sampled_from(["0x01", "with space", None, "x" * 600]),
    "voter": st.sampled_from(["ann", "0x" + "AB" * 20, "0x12", "", " ", None, 7, "a\0b", "v" * 513]),
    "choice": st.sampled_from(["1", " 2 ", "[1, 2]", '{"1": 2}', "", None, 1, [1, 2], {"1": 2}, True, "<NA>"]),
    "vp": st.one_of(
        st.floats(), st.integers(-3, 2**257), st.sampled_from([None, "1.50", "1e5", "-1", True, 0.0, -0.0, 1e-7, 1e22, 123456.75])
    ),
    "created": st.one_of(
        st.integers(-5, 2**40), st.sampled_from([None, 1.5, 5.0, "1700000000", "2023-01-01T00:00:00Z", "2023-01-01", True])
    ),
    "reason": st.sampled_from([None, "because", "", "\0"]),
    "created_estimated": st.sampled_from([True, False, None, "true", 1]),
    "surprise": st.sampled_from([None, 1]),
}


@settings(max_examples=250, deadline=None)
@given(rows=st.lists(st.fixed_dictionaries(_VALUES), min_size=1, max_size=8))
def test_the_bulk_path_answers_as_the_rule_for_one_vote_does(rows: list[dict[str, Any]]) -> None:
    """The fast way of an import must never take, refuse or write a vote differently than the rule says."""
    reader = VoteReader(now=lambda _: _RUN)
    # The second reading goes the fast way wherever it can: by then everything is remembered.
    for _ in range(2):
        columns = {name: [row[name] for row in rows] for name in _VALUES}
        accepted, places, refused = reader.read(columns, len(rows))
        assert sorted([*places, *refused]) == list(range(len(rows)))
    for row, place in zip(accepted, places, strict=True):
        vote = votes.receive(rows[place])
        assert (row.id, row.content, row.choice, row.power, row.power_kind) == (
            vote.id,
            vote.content(),
            vote.choice,
            vote.power,
            vote.power_kind,
        )
        assert row.known_at == fields.microseconds(vote.known_at(_RUN))
        assert (row.dao_id, row.proposal_id, row.voter, row.source) == (vote.dao_id, vote.proposal_id, vote.voter, vote.source)
        assert (row.reason, row.cast_at_estimated) == (vote.reason, vote.cast_at_estimated)
    for place in refused:
        with pytest.raises(InvalidInput):
            votes.receive(rows[place])


@settings(max_examples=500, deadline=None)
@given(value=st.floats(min_value=1e-60, max_value=1e70))
def test_a_double_is_kept_as_text_that_reads_back_as_the_same_double(value: float) -> None:
    """Voting power received as a double loses nothing on the way to text."""
    kept = fields.exact(value, "vp")

    assert float(kept.text) == value
    assert "e" not in kept.text


def test_votes_of_the_bulk_path_keep_their_microsecond_on_both_databases(engine: Engine) -> None:
    """PostgreSQL gets times as integers through a staging table; none may be rounded on the way."""
    moments = ["2023-01-01T00:00:00.000001Z", "2026-11-20T23:59:59.999999Z", "2019-06-01T12:34:56.789012Z"]
    with Session(writing(engine)) as session:
        take(session, Kind.VOTE, [a_vote(created=moment) for moment in moments])
        stored = session.execute(text("SELECT cast_at FROM vote ORDER BY cast_at")).scalars().all()

    exact = sorted(fields.microseconds(datetime.fromisoformat(moment)) for moment in moments)
    assert [value if isinstance(value, int) else fields.microseconds(value) for value in stored] == exact
