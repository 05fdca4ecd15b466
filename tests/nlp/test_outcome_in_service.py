"""What a forecast sees in service is what the models learnt from: the same numbers from a database as from a dump."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from sqlmodel import Session

from governance.identity import proposal_id
from governance.intake.batches import Kind
from governance.records.history import outcome_question
from nlp.features import FeatureMaker
from nlp.outcome_dataset import MOMENTS, Case, histories, replay
from nlp.outcome_record import Records
from nlp.outcome_text import CachedEmbedder
from tests.ingest_rows import a_proposal, a_vote, take
from tests.outcome_world import WordEmbedder, cases, small_weights

# Later proposals only: a database knows that votes are collected once it has seen one, a dump from its first row on.
FIRST = 20


def without_counts(world: Sequence[Case]) -> tuple[Case, ...]:
    """As a source gives them that counts no voters: their number is that of the votes."""
    return tuple(replace(case, closed=replace(case.closed, voters=len({vote.voter for vote in case.votes}))) for case in world)


def rows_of(world: Sequence[Case]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The proposals and votes of a dump as a source gives them."""
    proposals, votes = [], []
    for case in world:
        asked, opened = case.closed.proposal, int(case.opened_at.timestamp())
        told = {
            "proposal_id": asked.proposal_id,
            "title": asked.title,
            "body": asked.body,
            "choices": list(asked.choices),
            "type": asked.kind,
            "author": asked.author,
            "created": opened,
            "start": opened,
            "end": int(case.closed.closed_at.timestamp()),
            "outcome": "pass" if case.closed.passed else "fail",
            "outcome_rule": "weight_majority",
            "approval_share": case.closed.approval_share,
            "scores": None,
            "scores_total": None,
            "votes_count": None,
        }
        proposals.append(a_proposal(**told))
        votes += [
            a_vote(proposal_id=asked.proposal_id, voter=vote.voter, choice=vote.choice, vp=float(vote.power or 0),
                   created=int(vote.cast_at.timestamp())) for vote in case.votes
        ]  # fmt: skip
    return proposals, votes


def test_features_from_a_database_are_those_from_a_dump(session: Session) -> None:
    """Each one, before the vote and while it runs, where the source counts no voters and power decided."""
    world = without_counts(cases(40))
    proposals, votes = rows_of(world)
    take(session, Kind.PROPOSAL, proposals)
    take(session, Kind.VOTE, votes)
    maker = FeatureMaker(small_weights().recipe, Records(CachedEmbedder(WordEmbedder())))
    asked = list(replay(world[FIRST::5], histories(world), past=world))

    for one in asked:
        name = proposal_id("tide.eth", one.case.closed.proposal.proposal_id)
        told = outcome_question(session, name, one.question.as_of)
        assert maker.see(told).features == pytest.approx(dict(maker.see(one.question).features), abs=1e-5), one.moment
    assert {one.moment for one in asked} == set(MOMENTS)
