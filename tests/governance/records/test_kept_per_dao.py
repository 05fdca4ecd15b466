"""What was read of a DAO is kept until its rows change, and of so many DAOs."""

from sqlmodel import Session

from governance.intake.batches import Kind
from governance.records.kept_per_dao import KeptPerDao
from tests.ingest_rows import a_proposal, take


def test_a_dao_is_read_again_when_its_rows_changed_or_it_was_put_out(session: Session) -> None:
    """Each reading is given the one before it; another DAO's rows do not count, and of three DAOs with room for two the oldest goes."""
    names = ("tide.eth", "ebb.eth", "reef.eth")
    take(session, Kind.PROPOSAL, [a_proposal(dao=name) for name in names])
    read: list[tuple[str, str | None]] = []

    def reading(_session: Session, dao_id: str, before: str | None) -> str:
        read.append((dao_id, before))
        return f"{dao_id} {len(read)}"

    kept = KeptPerDao(reading, most=2)
    assert [kept.of(session, "tide.eth"), kept.of(session, "tide.eth")] == ["tide.eth 1"] * 2
    take(session, Kind.PROPOSAL, [a_proposal(dao="ebb.eth", proposal_id="0x02")])
    session.expire_all()
    assert kept.of(session, "tide.eth") == "tide.eth 1"
    take(session, Kind.PROPOSAL, [a_proposal(proposal_id="0x02")])
    session.expire_all()
    assert kept.of(session, "tide.eth") == "tide.eth 2"
    for name in ("ebb.eth", "reef.eth", "tide.eth"):
        kept.of(session, name)

    assert read == [("tide.eth", None), ("tide.eth", "tide.eth 1"), ("ebb.eth", None), ("reef.eth", None), ("tide.eth", None)]
