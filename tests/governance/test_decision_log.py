"""Entries: what may be one, and that every kind is known to readers and to the audit."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from governance.actors import SYSTEM
from governance.decision_log import MAX_LEAF_BYTES, REQUIRED_DATA, EntryKind, entry_id, leaf, main_subject
from governance.errors import InvalidInput
from governance.executions import TRANSITIONS
from governance.verification.entries import KINDS
from governance.verification.states import STEPS

NOW = datetime(2026, 11, 21, 1, 2, 3, 4, tzinfo=UTC)
DOCUMENT = Path(__file__).parents[2] / "docs" / "log-entries.md"


def make(data: dict[str, object], kind: EntryKind = EntryKind.PAUSE_SET, subject: dict[str, str] | None = None) -> bytes:
    return leaf(entry_id="ent_x", kind=kind, dao_id="demo", actor=SYSTEM, subject=subject or {}, data=data, ts=NOW)


def test_a_leaf_is_canonical_and_holds_exactly_eight_members() -> None:
    """These bytes are what is hashed and signed; a change of one of them is a change of the format."""
    assert make({"reason": "drill"}) == (
        b'{"actor":{"auth":"internal","id":"assent","kind":"system"},"dao":"demo","data":{"reason":"drill"},"id":"ent_x",'
        b'"subject":{},"ts":"2026-11-21T01:02:03.000004Z","type":"pause.set","v":1}'
    )


def test_the_largest_leaf_fits_and_one_byte_more_does_not() -> None:
    """C2SP entry bundles give the length two bytes."""
    room = MAX_LEAF_BYTES - len(make({"reason": ""}))

    assert len(make({"reason": "x" * room})) == MAX_LEAF_BYTES
    with pytest.raises(InvalidInput):
        make({"reason": "x" * (room + 1)})


@pytest.mark.parametrize("kind", [kind for kind in EntryKind if REQUIRED_DATA.get(kind)])
def test_an_entry_without_what_its_kind_requires_is_refused(kind: EntryKind) -> None:
    """A reader years later must find what the kind promises."""
    with pytest.raises(InvalidInput):
        make({}, kind)


@pytest.mark.parametrize("subject", [{"Upper": "x"}, {"a-b": "x"}, {"": "x"}])
def test_a_subject_with_an_odd_name_is_refused(subject: dict[str, str]) -> None:
    """Queries find entries by these names."""
    with pytest.raises(InvalidInput):
        make({"reason": "x"}, subject=subject)


def test_a_story_is_found_by_its_recommendation_first() -> None:
    """The main subject decides what `GET /v1/log/decisions/{id}` tells."""
    assert main_subject({"parameter": "par_1", "recommendation": "rec_1"}) == "rec_1"
    assert main_subject({"parameter": "par_1"}) == "par_1"
    assert main_subject({"z": "last", "b": "first"}) == "first"
    assert main_subject({}) is None


def test_an_id_depends_on_place_time_and_what_stands_before() -> None:
    """An entry moved, doubled or put elsewhere has the wrong id."""
    ids = {
        entry_id(seq=3, last_peak=b"\1" * 32, ts=NOW),
        entry_id(seq=4, last_peak=b"\1" * 32, ts=NOW),
        entry_id(seq=3, last_peak=b"\2" * 32, ts=NOW),
        entry_id(seq=3, last_peak=b"\1" * 32, ts=NOW.replace(microsecond=5)),
    }

    assert len(ids) == 4
    assert all(id_.startswith("ent_") and len(id_) == 30 for id_ in ids)


def test_every_kind_is_documented_with_the_data_it_requires() -> None:
    """docs/log-entries.md is what an auditor reads beside the log."""
    text = DOCUMENT.read_text(encoding="utf-8")
    sections = dict(part.split("\n", 1) for part in text.split("\n### ")[1:])

    assert set(sections) == {f"`{kind.value}`" for kind in EntryKind}
    for kind in EntryKind:
        for name in REQUIRED_DATA.get(kind, ()):
            assert f"`{name}`" in sections[f"`{kind.value}`"], f"{kind.value}: {name}"


def test_the_audit_knows_every_kind_and_every_step() -> None:
    """Its tables are its own; here they are held against the writer's."""
    assert set(KINDS) == {kind.value for kind in EntryKind}
    assert {kind.value: (frozenset(froms), to.value) for kind, (froms, to) in TRANSITIONS.items()} == dict(STEPS)
