"""What a forecast sees in service is what the models learnt from: the same numbers from a database as from a dump."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from sqlmodel import Session

from governance.identity import proposal_id
from governance.records.history import outcome_question
from nlp.features import FeatureMaker
from nlp.outcome_dataset import MOMENTS, Case, histories, replay
from nlp.outcome_record import Records
from nlp.outcome_text import CachedEmbedder
from tests.outcome_world import WordEmbedder, cases, imported, small_weights

# Later proposals only: a database knows that votes are collected once it has seen one, a dump from its first row on.
FIRST = 20


def without_counts(world: Sequence[Case]) -> tuple[Case, ...]:
    """As a source gives them that counts no voters: their number is that of the votes."""
    return tuple(replace(case, closed=replace(case.closed, voters=len({vote.voter for vote in case.votes}))) for case in world)


def test_features_from_a_database_are_those_from_a_dump(session: Session) -> None:
    """Each one, before the vote and while it runs, where the source counts no voters and power decided."""
    world = without_counts(cases(40))
    imported(session, world)
    maker = FeatureMaker(small_weights().recipe, Records(CachedEmbedder(WordEmbedder())))
    asked = list(replay(world[FIRST::5], histories(world), past=world))

    for one in asked:
        name = proposal_id("tide.eth", one.case.closed.proposal.proposal_id)
        told = outcome_question(session, name, one.question.as_of)
        assert maker.see(told).features == pytest.approx(dict(maker.see(one.question).features), abs=1e-5), one.moment
    assert {one.moment for one in asked} == set(MOMENTS)
