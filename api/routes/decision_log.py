"""The decision log: entries, checkpoints, proofs, one decision's whole story, and the log's tiles (C2SP)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, Field
from sqlmodel import Session

from api.dependencies import ClockDep, ReadDep, SignerDep
from api.errors import problems
from api.instants import Instant
from api.log_serving import head_of, tile_content
from api.pagination import Page, PageDep
from api.routes import log_exports
from governance.checkpoint import parse_checkpoint, parse_note
from governance.decision_log import EntryKind
from governance.errors import InvalidInput, LogDiscontinuity, NotFound
from governance.records import decision_log as records
from governance.records import log_reads
from governance.records.decision_log import LogEntry
from governance.records.log_reads import EntryFilter

router = APIRouter(prefix="/log", tags=["decision log"])
router.include_router(log_exports.router)

Seq = Annotated[int, Field(ge=0, le=2**53 - 1)]
_HASH = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_LARGEST = 2**53 - 1


class EntryOut(BaseModel):
    """One entry. `document` is what was logged; its RFC 8785 bytes hash to `leaf_hash` (RFC 6962)."""

    seq: int = Field(description="Its number, from 0.", examples=[17])
    id: str
    kind: EntryKind
    dao_id: str | None
    actor: str
    subject: str | None = Field(description="The main id that the entry is about.")
    leaf_hash: str = Field(description="SHA-256(0x00 || canonical bytes), hex.", examples=[_HASH])
    document: dict[str, Any]
    recorded_at: datetime


class ProofOut(BaseModel):
    """That an entry is in the tree of `size` entries with head `root` (RFC 6962 section 2.1.1)."""

    seq: int
    leaf_hash: str = Field(examples=[_HASH])
    size: int
    root: str = Field(examples=[_HASH])
    hashes: list[str] = Field(description="Nearest first, hex.", examples=[[_HASH]])
    checkpoint: str | None = Field(description="The signed head, when `size` is that of the last checkpoint; else null.")


class ConsistencyOut(BaseModel):
    """That the tree of `old_size` entries is a prefix of that of `new_size` (RFC 6962 section 2.1.2)."""

    old_size: int
    new_size: int
    old_root: str = Field(examples=[_HASH])
    new_root: str = Field(examples=[_HASH])
    hashes: list[str] = Field(examples=[[_HASH]])


class CheckpointOut(BaseModel):
    """A published signed head."""

    size: int
    note: str = Field(description="C2SP checkpoint: a signed note.")
    recorded_at: datetime


class StoryEntry(BaseModel):
    """One entry of a story, and its proof."""

    entry: EntryOut
    proof: ProofOut


class StoryOut(BaseModel):
    """Everything logged about one recommendation, in order, each with its proof against one signed head."""

    recommendation_id: str
    checkpoint: str
    entries: list[StoryEntry]


class Note(PlainTextResponse):
    """A signed note, as text."""

    media_type = "text/plain; charset=utf-8"


class Tile(Response):
    """A tile's bytes."""

    media_type = "application/octet-stream"


@router.get("/checkpoint", operation_id="getCheckpoint", response_class=Note, responses=problems(LogDiscontinuity))
def get_checkpoint(signer: SignerDep) -> Note:
    """The last signed head of the log (c2sp.org/tlog-checkpoint). It covers every entry that was answered for."""
    return Note(signer.last_note(), headers={"Cache-Control": "no-cache"})


@router.get("/checkpoints", operation_id="listCheckpoints", response_model=Page[CheckpointOut], responses=problems(InvalidInput))
def list_checkpoints(
    session: ReadDep, clock: ClockDep, page: PageDep, since: Annotated[int, Query(ge=0, le=_LARGEST, description="Only larger ones.")] = 0
) -> dict[str, Any]:
    """Every published head but the last, smallest first. An auditor compares them with those they kept."""
    after = since if page.after is None else int(page.after[0])
    rows = log_reads.checkpoints(session, after=after, limit=page.limit + 1)
    items = [CheckpointOut(size=row.size, note=row.note, recorded_at=row.recorded_at) for row in rows[: page.limit]]
    return _page(items, [(row.size,) for row in rows], page, clock(), rows[-1].recorded_at if rows else None)


@router.get("/consistency", operation_id="getConsistency", response_model=ConsistencyOut, responses=problems(InvalidInput))
def get_consistency(
    session: ReadDep,
    from_: Annotated[int, Query(alias="from", ge=1, le=_LARGEST, description="The earlier size.")],
    to: Annotated[int | None, Query(ge=1, le=_LARGEST, description="The later size; now, when missing.")] = None,
) -> ConsistencyOut:
    """The proof that nothing was changed or removed between two sizes of the log."""
    new = records.tree_head(session, to)
    proof = records.consistency(session, old=from_, new=new.size)
    old = records.tree_head(session, from_)
    hashes = [step.hex() for step in proof]
    return ConsistencyOut(old_size=old.size, new_size=new.size, old_root=old.root.hex(), new_root=new.root.hex(), hashes=hashes)


@router.get("/entries", operation_id="listEntries", response_model=Page[EntryOut], responses=problems(InvalidInput))
def list_entries(
    *,
    session: ReadDep,
    clock: ClockDep,
    page: PageDep,
    dao: Annotated[str | None, Query(max_length=200, description="Entries about this DAO.")] = None,
    kind: Annotated[list[EntryKind] | None, Query(description="Entries of these kinds; repeat for several.")] = None,
    actor: Annotated[str | None, Query(max_length=200, description="Entries by this actor.")] = None,
    subject: Annotated[str | None, Query(max_length=200, description="Entries whose main subject has this id.")] = None,
    since: Annotated[Instant | None, Query(description="Recorded at or after this time.")] = None,
    until: Annotated[Instant | None, Query(description="Recorded before this time.")] = None,
    after: Annotated[int, Query(ge=-1, le=_LARGEST, description="Only numbers above this one.")] = -1,
) -> dict[str, Any]:
    """Entries in order. Pages stay what they are while the log grows."""
    wanted = EntryFilter(
        dao_id=_plain(dao, "dao"),
        kinds=tuple(kind or ()),
        actor=_plain(actor, "actor"),
        subject=_plain(subject, "subject"),
        since=since,
        until=until,
    )
    start = after if page.after is None else int(page.after[0])
    rows = log_reads.entries(session, wanted, after=start, limit=page.limit + 1)
    return _page(
        [_shown(row) for row in rows[: page.limit]], [(row.seq,) for row in rows], page, clock(), rows[-1].recorded_at if rows else None
    )


@router.get("/entries/{seq}", operation_id="getEntry", response_model=EntryOut, responses=problems(NotFound))
def get_entry(seq: Seq, session: ReadDep) -> EntryOut:
    """One entry by its number."""
    return _shown(log_reads.get_entry(session, seq))


@router.get("/entries/{seq}/proof", operation_id="getInclusionProof", response_model=ProofOut, responses=problems(NotFound, InvalidInput))
def get_proof(
    seq: Seq,
    session: ReadDep,
    signer: SignerDep,
    size: Annotated[int | None, Query(ge=1, le=_LARGEST, description="Of which tree; that of the last checkpoint, when missing.")] = None,
) -> ProofOut:
    """The proof that an entry is in the log at a size."""
    entry = log_reads.get_entry(session, seq)
    return _proof(session, [entry], signer.last_note(), size)[0]


@router.get(
    "/decisions/{recommendation_id}", operation_id="getDecision", response_model=StoryOut, responses=problems(NotFound, LogDiscontinuity)
)
def get_decision(recommendation_id: str, session: ReadDep, signer: SignerDep) -> StoryOut:
    """One decision's whole story: inputs, recommendation, consents, execution, verification, each with its proof."""
    note = signer.last_note()
    size = head_of(note).size
    rows = log_reads.entries(session, EntryFilter(subject=_plain(recommendation_id, "recommendation_id")), limit=_LARGEST, size=size)
    if not rows:
        raise NotFound("decision", recommendation_id)
    proofs = _proof(session, rows, note, size)
    told = [StoryEntry(entry=_shown(row), proof=proof) for row, proof in zip(rows, proofs, strict=True)]
    return StoryOut(recommendation_id=recommendation_id, checkpoint=note, entries=told)


@router.get("/tile/{path:path}", operation_id="getTile", response_class=Tile, responses=problems(NotFound))
def get_tile(path: str, session: ReadDep, signer: SignerDep) -> Tile:
    """A tile or entry bundle of the last checkpoint's tree (c2sp.org/tlog-tiles): `<L>/<N>[.p/<W>]` or `entries/<N>[.p/<W>]`."""
    content = tile_content(session, path, size=head_of(signer.last_note()).size)
    return Tile(content, headers={"Cache-Control": "public, max-age=31536000, immutable"})


def _proof(session: Session, entries: Sequence[LogEntry], note: str, size: int | None) -> list[ProofOut]:
    signed = parse_checkpoint(parse_note(note).text)
    wanted = signed.size if size is None else size
    root = records.tree_head(session, wanted).root.hex()
    proofs = []
    for entry in entries:
        hashes = [step.hex() for step in records.inclusion(session, seq=entry.seq, size=wanted)]
        leaf = entry.leaf_hash.hex()
        shown = note if wanted == signed.size else None
        proofs.append(ProofOut(seq=entry.seq, leaf_hash=leaf, size=wanted, root=root, hashes=hashes, checkpoint=shown))
    return proofs


def _shown(entry: LogEntry) -> EntryOut:
    return EntryOut(
        seq=entry.seq,
        id=entry.id,
        kind=EntryKind(entry.kind),
        dao_id=entry.dao_id,
        actor=entry.actor,
        subject=entry.subject,
        leaf_hash=entry.leaf_hash.hex(),
        document=entry.document(),
        recorded_at=entry.recorded_at,
    )


def _page(items: list[Any], keys: list[tuple[int]], page: PageDep, now: datetime, newest: datetime | None) -> dict[str, Any]:
    return {"items": items, "next_cursor": page.next_cursor(keys), "as_of": now, "indexed_to": newest, "complete": True}


def _plain(text: str | None, field: str) -> str | None:
    if text is not None and "\0" in text:
        raise InvalidInput(field, text.replace("\0", "?"), "must not hold NUL")
    return text
