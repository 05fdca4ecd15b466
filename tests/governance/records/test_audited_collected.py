"""Every collected row is compared with the log's fingerprints: what is altered, gone or slipped in is named, on both databases."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlmodel import Session

from governance.actors import SYSTEM, Role
from governance.evidence import TextReading, TextToRead
from governance.intake.batches import Kind
from governance.records.audited_collected import check_collected
from governance.records.audited_registrations import check_registrations
from governance.records.engine import writing
from governance.verification import Report
from governance.workflow.analyse import read_texts, record_readings, unread_texts, wanted_readings
from governance.workflow.attribute import attribute
from governance.workflow.issue_key import issue_key, revoke_key
from governance.workflow.pause import pause
from tests.ingest_rows import OPENED, a_link, a_post, a_proposal, a_vote, an_observation, take


class _Reader:
    """Says the same of everything."""

    def read(self, texts: Sequence[TextToRead]) -> list[tuple[TextReading, ...]]:
        return [tuple(self._one(text, task) for task in ("sentiment", "stance") if task == "sentiment" or text.target) for text in texts]

    def digest(self, task: str) -> str:
        return {"sentiment": "5", "stance": "6"}[task] * 64

    def _one(self, text: TextToRead, task: str) -> TextReading:
        label = "for" if task == "stance" else "positive"
        return TextReading(task, label, (0.1, 0.2, 0.7), self.digest(task), "", None if text.target is None else "", 1)


@pytest.fixture
def collected(engine: Engine, now: datetime) -> Iterator[Session]:
    """Rows of every kind, some of them in several contents, in one transaction that is rolled back at the end."""
    progress = {"proposal_id": "0x01", "snapshot_at": OPENED, "status": "active", "total_vp": 1.5, "votes": 2, "end": OPENED + 9}
    with Session(writing(engine)) as session:
        take(session, Kind.DAO, [{"name": "tide.eth", "about": "A tide."}], at=now)
        take(
            session,
            Kind.PROPOSAL,
            [a_proposal(), a_proposal(proposal_id="0x02"), a_proposal(proposal_id="0x02", title="Told twice")],
            at=now,
        )
        take(session, Kind.VOTE, [a_vote(voter=f"voter {n}") for n in range(12)], at=now)
        take(
            session, Kind.VOTE, [a_vote(voter="voter 3", vp=99.5), a_vote(voter="voter 20", reason="Because.")], at=now + timedelta(days=1)
        )
        take(session, Kind.POST, [a_post(), a_post(topic_id=8, post_id=80), a_post(dao="tide.eth", linked_proposal="0x01")], at=now)
        take(session, Kind.POST, [a_post(text="Edited.")], at=now + timedelta(days=1))
        take(session, Kind.FORUM_LINK, [a_link()], at=now)
        take(session, Kind.VOTE_PROGRESS, [progress, {**progress, "proposal_id": "unknown"}], at=now)
        take(session, Kind.OBSERVATION, [an_observation()], at=now, dao="tide.eth")
        take(session, Kind.OBSERVATION, [an_observation(value="1.5"), an_observation(metric="volume")], at=now + timedelta(days=1))
        attribute(session, now=now)
        reader = _Reader()
        unread = unread_texts(session, "tide.eth", reader=reader, now=now, limit=100)
        record_readings(
            session, "tide.eth", read_texts(wanted_readings(session, unread.subjects, reader=reader), reader=reader), actor=SYSTEM, now=now
        )
        _issue(session, now)
        pause(session, "tide.eth", guardian=SYSTEM, reason="a drill", now=now)
        session.flush()
        yield session
        session.rollback()


def _issue(session: Session, now: datetime) -> None:
    for secret in ("ab" * 32, "cd" * 32):
        given: dict[str, Any] = {"scopes": [Role.INGESTER], "dao_id": "tide.eth", "expires_at": now + timedelta(days=9)}
        key = issue_key(session, name="feed", secret_sha256=secret, **given, actor=SYSTEM, now=now)
    revoke_key(session, key.id, actor=SYSTEM, now=now)


def audit(session: Session) -> Report:
    report = Report()
    session.expire_all()
    check_registrations(session, report, own_key_sha256=None)
    check_collected(session, report)
    return report


# One statement, and the noun whose row it spoils. What the rows say of themselves is spoilt along where that is possible.
CHANGES = [
    ("UPDATE vote SET power = '13' WHERE voter = 'voter 1'", "vote"),
    ("UPDATE vote SET voter = 'voter 99' WHERE voter = 'voter 1'", "vote"),
    ("UPDATE vote SET cast_at = NULL WHERE voter = 'voter 1'", "vote"),
    ("UPDATE vote SET reason = 'No.' WHERE voter = 'voter 20'", "vote"),
    ("UPDATE vote SET dao_id = 'other' WHERE voter = 'voter 2'", "vote"),
    ("UPDATE vote SET revision = 2 WHERE voter = 'voter 2'", "vote"),
    ("UPDATE vote SET known_at = recorded_at WHERE voter = 'voter 2'", "vote"),
    ("UPDATE vote SET power = '12.5' WHERE voter = 'voter 3'", "vote"),
    ("DELETE FROM vote WHERE voter = 'voter 4'", "vote"),
    ("DELETE FROM vote WHERE voter = 'voter 3'", "vote"),
    ("DELETE FROM vote_revision WHERE power = '99.5'", "vote"),
    ("UPDATE vote_revision SET power = '98' WHERE power = '99.5'", "vote"),
    ("UPDATE proposal SET title = 'Raise the fee' WHERE external_id = '0x01'", "proposal"),
    ("UPDATE proposal SET outcome = 'fail' WHERE external_id = '0x01'", "proposal"),
    ("UPDATE proposal SET result_known_at = known_at WHERE external_id = '0x01'", "proposal"),
    ("UPDATE proposal SET external_id = '0x03' WHERE external_id = '0x01'", "proposal"),
    ("UPDATE proposal SET choices = '[\"For\"]' WHERE external_id = '0x01'", "proposal"),
    ("UPDATE proposal SET content_sha256 = 'ab' WHERE external_id = '0x01'", "proposal"),
    ("UPDATE proposal SET revision = 1 WHERE external_id = '0x02'", "proposal"),
    ("DELETE FROM proposal_revision", "proposal"),
    ("UPDATE post SET text = 'I hate it.' WHERE external_id = '80'", "post"),
    ("UPDATE post SET dao_id = 'tide.eth' WHERE dao_id = 'forum.tide.example'", "none"),
    ("UPDATE post SET proposal_id = NULL WHERE NOT dao_inferred", "post"),
    ("UPDATE post SET proposal_id = 'prop_x' WHERE dao_inferred", "post"),
    ("UPDATE post SET dao_inferred = NOT dao_inferred", "post"),
    ("UPDATE post_revision SET content = '{}' WHERE recorded_at = (SELECT max(recorded_at) FROM post_revision)", "post"),
    ("UPDATE observation SET value = '1.75' WHERE metric = 'volume'", "observation"),
    ("UPDATE observation SET observed_at = known_at, metric = 'depth' WHERE metric = 'volume'", "observation"),
    ("UPDATE observation SET recorded_at = known_at WHERE metric = 'volume'", "observation"),
    ("DELETE FROM observation WHERE metric = 'volume'", "observation"),
    ("UPDATE vote_progress SET power = '2' WHERE external_id = '0x01'", "vote_progress"),
    ("UPDATE vote_progress SET dao_id = 'tide.eth' WHERE external_id = 'unknown'", "vote_progress"),
    ("UPDATE vote_progress SET proposal_id = 'prop_x' WHERE external_id = 'unknown'", "vote_progress"),
    ("UPDATE forum_link SET topic_id = 8", "forum_link"),
    ("DELETE FROM forum_link", "forum_link"),
    ("UPDATE reading SET label = 'against' WHERE task = 'stance'", "reading"),
    ("UPDATE reading SET scores = '[]'", "reading"),
    ("DELETE FROM reading WHERE task = 'sentiment'", "reading"),
    ("UPDATE api_key SET secret_sha256 = 'ef' WHERE revoked_at IS NULL", "api_key"),
    ("UPDATE api_key SET scopes = '[\"admin\"]'", "api_key"),
    ("UPDATE api_key SET revoked_at = NULL", "api_key"),
    ("UPDATE api_key SET expires_at = NULL", "api_key"),
    ("DELETE FROM api_key", "api_key"),
    ("UPDATE dao SET name = 'tide' WHERE id = 'tide.eth'", "dao"),
    ("UPDATE dao SET about = NULL WHERE id = 'tide.eth'", "dao"),
    ("DELETE FROM pause_event", "pause_event"),
    ("UPDATE pause_event SET guardian = 'another'", "pause_event"),
]


def test_what_was_collected_is_what_the_log_says(collected: Session) -> None:
    """Revisions, revotes, filings and readings included: no finding at all, and every content is counted."""
    report = audit(collected)

    assert report.findings == []
    counted = {
        table: collected.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
        for table in ("vote", "proposal", "post", "observation", "vote_progress", "forum_link", "reading")
    }
    twice = 4  # one vote, proposal, post and observation were told in two ways
    assert report.rows == sum(counted.values()) + twice
    assert report.uncovered_rows == 0


def test_every_changed_row_is_named(collected: Session) -> None:
    """Whoever owns the database can change any row; each change is found at the row's own noun, with the entry that stored it."""
    for statement, noun in CHANGES:
        with collected.begin_nested() as savepoint:
            # Foreign keys off, as the database's owner can.
            owner = "SET LOCAL session_replication_role = replica" if _postgres(collected) else "PRAGMA defer_foreign_keys = ON"
            collected.execute(text(owner))
            collected.execute(text(statement))
            report = audit(collected)
            savepoint.rollback()
        found = {finding.rule for finding in report.findings}
        if noun == "none":  # what a link names is allowed: filings move as links come in
            assert found == set(), statement
        else:
            assert f"row.{noun}" in found, (statement, report.findings)
            assert found <= {f"row.{noun}", "row.post"}, (
                statement,
                report.findings,
            )  # without its link a post stands where nothing puts it
    assert audit(collected).findings == []


def test_an_altered_row_is_named_with_its_entry(collected: Session) -> None:
    """An auditor must know where to look."""
    id_ = bytes(collected.execute(text("SELECT id FROM vote WHERE voter = 'voter 5'")).scalar_one()).hex()
    entry = collected.execute(text("SELECT min(seq) FROM log_entry WHERE kind = 'votes.ingested'")).scalar_one()
    collected.execute(text("UPDATE vote SET choice = '2' WHERE voter = 'voter 5'"))

    (finding,) = audit(collected).findings

    assert (finding.rule, finding.seq) == ("row.vote", entry)
    assert finding.message == f"{id_} is not what this entry stored"


def test_a_row_that_no_entry_stored_is_found(collected: Session) -> None:
    """A vote slipped in with a digest of its own must not count."""
    columns = "dao_id, proposal_id, source, choice, power, power_kind, cast_at, cast_at_estimated, content, revision, known_at, recorded_at"
    voter = "x'00112233445566778899aabbccddeeff'" if not _postgres(collected) else "decode('00112233445566778899aabbccddeeff', 'hex')"
    collected.execute(
        text(f"INSERT INTO vote (id, voter, {columns}) SELECT {voter}, 'stranger', {columns} FROM vote WHERE voter = 'voter 1'")
    )

    (finding,) = audit(collected).findings

    assert (finding.rule, finding.seq) == ("row.vote", None)
    assert "00112233445566778899aabbccddeeff" in finding.message


def _postgres(session: Session) -> bool:
    return session.get_bind().dialect.name == "postgresql"
