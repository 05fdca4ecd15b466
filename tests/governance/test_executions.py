"""The table of states: every legal step and no other."""

from datetime import UTC, datetime, timedelta

import pytest

from governance.decision_log import EntryKind
from governance.errors import IllegalTransition
from governance.executions import ACCEPTED, BEFORE_SIGNED, FINAL, IN_FLIGHT, MIN_DELAY, TRANSITIONS, State, operation_id, ready_at, step

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def test_each_state_is_before_the_signature_in_flight_or_final() -> None:
    """The three are exclusive and there is no fourth."""
    assert frozenset(State) == BEFORE_SIGNED | IN_FLIGHT | FINAL
    assert len(BEFORE_SIGNED) + len(IN_FLIGHT) + len(FINAL) == len(State)
    assert ACCEPTED < BEFORE_SIGNED


@pytest.mark.parametrize("kind", list(TRANSITIONS))
def test_a_step_is_taken_from_the_states_of_the_table_and_refused_from_all_others(kind: EntryKind) -> None:
    """A refusal names the state, the step and where it would have been possible."""
    froms, to = TRANSITIONS[kind]
    for state in froms:
        assert step(state, kind) is to
    for state in frozenset(State) - froms:
        with pytest.raises(IllegalTransition) as refused:
            step(state, kind)
        assert refused.value.details["state"] == state.value
        assert refused.value.details["expected"] == sorted(s.value for s in froms)


def test_final_states_have_no_way_out_and_every_other_state_has_one() -> None:
    """I6, and that nothing can be stuck by design."""
    leaving = {state for froms, _ in TRANSITIONS.values() for state in froms}

    assert leaving == frozenset(State) - FINAL


def test_there_is_one_way_to_signed_and_it_passes_the_vote_and_the_delay() -> None:
    """Take away the approval, the delay or the check, and SIGNED cannot be reached."""

    def reachable(without: EntryKind | None) -> set[State]:
        found = {State.DRAFT}
        for _ in State:
            found |= {to for kind, (froms, to) in TRANSITIONS.items() if kind is not without and froms & found}
        return found

    assert reachable(None) == set(State)
    for needed in (
        EntryKind.VOTING_OPENED,
        EntryKind.APPROVAL_RECORDED,
        EntryKind.EXECUTION_SCHEDULED,
        EntryKind.EXECUTION_READY,
        EntryKind.EXECUTION_SIGNED,
    ):
        assert State.EXECUTED not in reachable(needed)


def test_the_delay_is_never_shorter_than_the_houses() -> None:
    """A guardrail may ask for more; a shorter one, or none, is the house's hour."""
    early = NOON - timedelta(days=1)

    assert ready_at(approved_at=NOON, not_before=early) == NOON + MIN_DELAY
    assert ready_at(approved_at=NOON, not_before=early, min_delay=timedelta(0)) == NOON + MIN_DELAY
    assert ready_at(approved_at=NOON, not_before=early, min_delay=timedelta(days=2)) == NOON + timedelta(days=2)
    assert ready_at(approved_at=NOON, not_before=NOON + timedelta(days=3)) == NOON + timedelta(days=3)


@pytest.mark.parametrize("size", [0, 31, 33])
def test_an_operation_id_is_made_of_a_whole_digest(size: int) -> None:
    """A shorter digest would collide where a whole one does not."""
    with pytest.raises(ValueError, match="32 bytes"):
        operation_id(bytes(size))
