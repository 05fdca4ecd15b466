"""Signs the decision log's head, and keeps the last signed one where the database cannot reach it."""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import structlog
from sqlalchemy import Engine
from sqlmodel import Session

from api.log_keys import KeyRing
from governance.checkpoint import Checkpoint, SignerKey, parse_verifier_key, sign, verify_checkpoint
from governance.decision_log import EntryKind
from governance.errors import GovernanceError, LogDiscontinuity
from governance.merkle import Frontier, leaf_hash
from governance.records import decision_log, log_reads

_logger = structlog.get_logger(__name__)
CHECKPOINT_FILE = "checkpoint"
# So many entries are hashed again at start: a few tenths of a second.
_REHASHED = 20_000


class LogSigner:
    """The one signer of a deployment's log. It never signs a head that does not contain every head it signed before.

    Its memory is the file `<state_dir>/checkpoint`, replaced atomically. Before signing it reads the stored bytes of
    all new entries again and hashes them itself: a bit that flipped between memory and disk is caught before a
    signature makes it permanent (as happened to the log Yeti in 2022).
    """

    def __init__(self, state_dir: Path, keys: KeyRing, origin: str, engine: Engine) -> None:
        self._file = state_dir / CHECKPOINT_FILE
        self._keys = keys
        self._origin = origin
        self._engine = engine
        self._signed = Frontier()
        self._note: str | None = None
        self._refusal: LogDiscontinuity | None = None

    @property
    def key(self) -> SignerKey:
        """The key that signs now."""
        return self._keys.current

    @property
    def keys(self) -> KeyRing:
        """Where the keys lie."""
        return self._keys

    @property
    def origin(self) -> str:
        """The log's name."""
        return self._origin

    def last_note(self) -> str:
        """The last signed checkpoint, as it was published."""
        return self._file.read_text(encoding="utf-8")

    def check_at_start(self) -> None:
        """Refuse a database that is older than, or differs from, what was signed; then sign what a crash left unsigned.

        Raises:
            LogDiscontinuity: entries that were signed are missing or altered, or the signed checkpoint itself is gone.
            ConfigurationError: the log's key is not one we hold.
        """
        with self._alone(), Session(self._engine) as session:
            size = decision_log.log_size(session)
            if not self._file.exists():
                if size:
                    raise LogDiscontinuity(
                        f"the log holds {size} entries but the last signed checkpoint {self._file} is missing: put it back, or restore",
                        size=size,
                        file=str(self._file),
                    )
                self._publish(Frontier())
            self._keys.choose(log_vkeys(session))
            self._adopt(session)
            self._rehash_tail(session)
        self.sign_new()

    def sign_new(self) -> str:
        """Sign and publish the head of all committed entries; the published note. Nothing new: the last note.

        Raises:
            LogDiscontinuity: the log shrank, or its stored bytes do not hash to what was appended.
        """
        with self._alone(), Session(self._engine) as session:
            self._adopt(session)
            grown = self._recomputed(session)
            if grown.size > self._signed.size:
                self._publish(grown)
        return self._note or self.last_note()

    def before_commit(self, session: Session) -> None:
        """In the writer's transaction: stop if the log was found broken; keep the last published checkpoint."""
        if self._refusal is not None:
            raise self._refusal
        if self._note is not None and self._signed.size:
            decision_log.save_checkpoint(session, size=self._signed.size, note=self._note, recorded_at=datetime.now(UTC))

    def after_commit(self) -> None:
        """Once the transaction is durable: sign what is new. A broken log is remembered, and stops the next commit."""
        try:
            self.sign_new()
        except LogDiscontinuity as error:
            self._refusal = error
            _logger.error("log_broken", error=str(error))
        except GovernanceError as error:
            _logger.error("checkpoint_not_signed", error=str(error))

    def _adopt(self, session: Session) -> None:
        """Make the published checkpoint ours; another process may have signed since."""
        note = self.last_note()
        if note == self._note:
            return
        head = self._believed(session, note)
        size = decision_log.log_size(session)
        if size < head.size:
            raise LogDiscontinuity(
                f"the log holds {size} entries, {head.size} were signed: this database is older; `assent restore` can open a new log",
                size=size,
                signed=head.size,
            )
        tree = decision_log.frontier(session, head.size)
        if tree.root() != head.root:
            raise LogDiscontinuity(f"the first {head.size} entries are not those that were signed", signed=head.size)
        self._signed, self._note = tree, note

    def _rehash_tail(self, session: Session) -> None:
        """The newest signed entries, hashed again from their stored bytes; older ones are the audit's to check."""
        size = self._signed.size
        grown = decision_log.frontier(session, max(0, size - _REHASHED))
        for seq, body, stored in log_reads.leaves(session, grown.size, size):
            if leaf_hash(body) != stored:
                raise LogDiscontinuity(f"the stored bytes of entry {seq} are not those that were signed", entry=seq)
            grown, _ = grown.append(stored)
        if grown.root() != self._signed.root():
            raise LogDiscontinuity(f"the first {size} entries are not those that were signed", signed=size)

    def _believed(self, session: Session, note: str) -> Checkpoint:
        keys = [parse_verifier_key(text) for text in log_vkeys(session)] or [self.key.verifier]
        try:
            head = verify_checkpoint(note, keys)
        except GovernanceError as error:
            raise LogDiscontinuity(f"{self._file} is not a checkpoint signed by this log: {error}", file=str(self._file)) from error
        if head.origin != self._origin:
            raise LogDiscontinuity(f"{self._file} is of the log {head.origin}, not {self._origin}", origin=head.origin)
        return head

    def _recomputed(self, session: Session) -> Frontier:
        """The signed tree grown by the bytes that are stored now."""
        grown, size = self._signed, decision_log.log_size(session)
        if size < grown.size:
            raise LogDiscontinuity(f"the log shrank from {grown.size} to {size} entries", size=size, signed=grown.size)
        rotated = None
        for seq, body, stored in log_reads.leaves(session, grown.size, size):
            hash_ = leaf_hash(body)
            if hash_ != stored:
                raise LogDiscontinuity(f"the stored bytes of entry {seq} are not those that were appended", entry=seq)
            grown, _ = grown.append(hash_)
            if f'"type":"{EntryKind.KEY_ROTATED.value}"'.encode() in body:
                rotated = seq
        if decision_log.frontier(session, size).root() != grown.root():
            raise LogDiscontinuity("the stored Merkle nodes do not follow from the stored entries", size=size)
        if rotated is not None:
            self._keys.choose(log_vkeys(session))
        return grown

    def _publish(self, tree: Frontier) -> None:
        note = sign(Checkpoint(self._origin, tree.size, tree.root()), [self.key])
        replace_durably(self._file, note)
        self._signed, self._note = tree, note

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One signer at a time for this state folder."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with (self._file.parent / "checkpoint.lock").open("a+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def log_vkeys(session: Session, *, below: int | None = None) -> list[str]:
    """Every key that ever signed this log, by its own entries (numbered `below`, when given), oldest first.

    In a log that continues another one, the copied entries' keys are the other log's.
    """
    wanted = log_reads.EntryFilter(kinds=(EntryKind.LOG_OPENED, EntryKind.LOG_CONTINUED, EntryKind.KEY_ROTATED))
    found: list[str] = []
    after = -1
    while page := log_reads.entries(session, wanted, after=after, limit=500, size=below):
        for entry in page:
            data = entry.document()["data"]
            if entry.seq == 0:
                found.append(str(data["vkey"]))
                after = int(data.get("copied", 0))
            elif entry.kind == EntryKind.KEY_ROTATED and entry.seq > after:
                found.append(str(data["new_vkey"]))
        after = max(after, page[-1].seq)
    return found


def replace_durably(path: Path, text: str) -> None:
    """Replace `path` by `text`: after a power cut there stand the old bytes or the new ones, and once returned the new."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
