"""Fits of beliefs: what is kept of them answers the same, within a bound, and no longer than their record lives."""

import gc
from weakref import ref

import numpy as np
import pytest

from nlp import outcome_belief
from nlp.outcome_belief import Asked, Belief, Beliefs
from nlp.outcome_kernels import START
from nlp.outcome_points import Points
from nlp.outcome_record import DaoRecord, Records, build_record
from tests.outcome_world import WordEmbedder, history, question

ASKED = {
    "passed": Asked(START, 0.5, whole=True),
    "share": Asked(START),
    "voters": Asked(START),
}


def ask(beliefs: Beliefs, record: DaoRecord, known: int) -> dict[str, Belief]:
    """What the record's first `known` rows say of its last."""
    return beliefs.ask(record, known, Points.of(record, np.array([len(record.rows) - 1]), words=True), ASKED)


def test_a_fit_that_made_room_is_made_again_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bound is on memory; no answer depends on what was kept."""
    record = build_record(history(40), WordEmbedder())
    moments = [5, 12, 20, 28, 36, 5, 12]
    plenty = Beliefs()
    wanted = [ask(plenty, record, known) for known in moments]
    assert len(plenty) == len(set(moments)) * len(ASKED)

    monkeypatch.setattr(outcome_belief, "KEPT_BYTES", 20_000)
    tight = Beliefs()
    for known, said in zip(moments, wanted, strict=True):
        assert ask(tight, record, known)["passed"] == said["passed"]
        assert tight.nbytes <= 20_000
    assert 0 < len(tight) < len(plenty)


def test_fits_go_with_their_record() -> None:
    """Each new result makes a new record of the DAO; a server would keep the fits of every old one."""
    beliefs = Beliefs()
    old, new = (build_record(history(count), WordEmbedder()) for count in (20, 21))
    for record in (old, new):
        ask(beliefs, record, 15)
    watched, size = ref(old), beliefs.nbytes

    del old, record
    gc.collect()
    assert watched() is None
    assert len(beliefs) == len(ASKED)
    assert 0 < beliefs.nbytes < size


def test_only_the_longest_history_of_a_dao_is_kept_as_a_table() -> None:
    """With each result a DAO's history is another, longer one; the tables of the shorter ones are dropped."""
    records = Records(WordEmbedder())
    shorter, longer = history(30), history(31)
    first = ref(records.of(question(60, past=shorter)))
    second = records.of(question(60, past=longer))

    gc.collect()
    assert first() is None
    assert records.of(question(60, past=longer)) is second
