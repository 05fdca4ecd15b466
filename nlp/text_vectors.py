"""Text vectors kept on disk, so that each text of a deployment is embedded once and never again. Imports no torch.

The file is a header, then records of one size: SHA-256 of the text, its vector (float32, little-endian), CRC-32 of
both. Records are only ever appended. What follows a record that is torn or wrong is cut off; a file with another
header (another encoder, another recipe) is started anew. Once there are `MOST_KEPT` records the older half goes.
Nothing is lost by that but time.
"""

import fcntl
import os
import threading
import time
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nlp.base_weights import MODEL_SHA256, TOKENIZER_SHA256
from nlp.outcome_text import TEXT_CHARS, TOKENS, VECTOR, Embedder, Vectors, text_key

# One append, and one `fsync`, per so many new texts: an interruption loses no more than these.
BLOCK = 128
# Between blocks others have their turn, who may want a single text: a lock that is taken again at once leaves nobody in.
_TURN_S = 0.002
# A vector takes 1.6 kB on disk, and as much in memory once asked for: 400 MB at most.
MOST_KEPT = 250_000
FORMAT = "assent-text-vectors/1"

_RECORD = np.dtype([("key", "V32"), ("vector", "<f4", (VECTOR,)), ("check", "<u4")])
_CHECKED = 32 + 4 * VECTOR


def recipe() -> str:
    """What a vector depends on besides its text; two files with the same recipe hold the same vectors."""
    return f"{FORMAT} {MODEL_SHA256} {TOKENIZER_SHA256} chars={TEXT_CHARS} tokens={TOKENS} width={VECTOR}"


class KeptEmbedder:
    """Asks `inner` once per distinct text and keeps the answer in `file`. Empty texts are the zero vector.

    Safe for several threads, and for several processes that share the file. A file that cannot be read or written is
    gone without: vectors are then kept for the life of the process only. About `most` of them are kept, the newest.
    """

    def __init__(self, inner: Embedder, file: Path, made_by: str | None = None, most: int = MOST_KEPT) -> None:
        self._inner = inner
        self._most = most
        self._file = VectorFile(file, recipe() if made_by is None else made_by, most)
        self._known: dict[str, Vectors] | None = None
        self._lock, self._making = threading.Lock(), threading.Lock()

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One row per text; only texts never seen before, by any process, reach the inner embedder. What is known waits for nobody."""
        keys = [text_key(text) for text in texts]
        known = self._load()
        missing = {key: text for key, text in zip(keys, texts, strict=True) if text and key not in known}
        # Like lengths together, over all that is missing and not within each block: padding costs as much as text.
        ordered = sorted(missing, key=lambda key: (len(missing[key]), key))
        for start in range(0, len(ordered), BLOCK):
            with self._making:
                self._make({key: missing[key] for key in ordered[start : start + BLOCK] if key not in known}, known)
            time.sleep(_TURN_S)
        rows = np.zeros((len(texts), VECTOR), dtype=np.float32)
        for row, (key, text) in enumerate(zip(keys, texts, strict=True)):
            if text:
                rows[row] = known[key]
        return rows

    def missing(self, texts: Sequence[str]) -> list[str]:
        """The distinct texts that have no vector yet, shortest first."""
        known = self._load()
        return sorted({text for text in texts if text and text_key(text) not in known}, key=lambda text: (len(text), text))

    def _make(self, missing: dict[str, str], known: dict[str, Vectors]) -> None:
        if missing:
            fresh = dict(zip(missing, self._inner.embed(list(missing.values())), strict=True))
            self._file.append(fresh)
            known.update(fresh)

    def _load(self) -> dict[str, Vectors]:
        with self._lock:
            if self._known is None:
                self._known = self._file.read()
            if len(self._known) > self._most:
                newer = list(self._known.items())[-(self._most // 2) :]
                self._known = {key: vector.copy() for key, vector in newer}  # a view would hold on to all that was read with it
            return self._known


class VectorFile:
    """One file of vectors made by one recipe; the older half goes where there would be more than `most`."""

    def __init__(self, path: Path, made_by: str, most: int = MOST_KEPT) -> None:
        self._path = path
        self._most = most
        self._header = f"{made_by}\n".encode("ascii")

    def read(self) -> dict[str, Vectors]:
        """Every record up to the first wrong one, by text key; what follows that one is cut off."""
        try:
            data = self._path.read_bytes()
        except OSError:
            return {}
        records = self._records(data)
        sound = _sound(records)
        if len(data) != self._end(sound) and data.startswith(self._header):
            self._cut_off()
        return {record["key"].tobytes().hex(): record["vector"] for record in records[:sound]}

    def append(self, vectors: dict[str, Vectors]) -> None:
        """Add records behind the last whole one; on a disk that refuses, nothing is kept and nothing is raised."""
        records = np.zeros(len(vectors), dtype=_RECORD)
        for place, (key, vector) in enumerate(vectors.items()):
            records[place]["key"] = np.void(bytes.fromhex(key))
            records[place]["vector"] = vector
        for place, check in enumerate(_checks(records)):
            records[place]["check"] = check
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError:
            return
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            os.lseek(descriptor, self._next_place(descriptor, len(records)), os.SEEK_SET)
            with os.fdopen(os.dup(descriptor), "wb") as stream:
                stream.write(records.tobytes())
                stream.truncate()
                stream.flush()
                os.fsync(stream.fileno())
        except OSError:
            return
        finally:
            os.close(descriptor)

    def _next_place(self, descriptor: int, more: int) -> int:
        """Where the next record belongs; the header is written where there is none, or another's, and room is made for `more`."""
        if os.pread(descriptor, len(self._header), 0) != self._header:
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, self._header, 0)
            return len(self._header)
        count = (os.fstat(descriptor).st_size - len(self._header)) // _RECORD.itemsize
        if count + more > self._most:
            newer = min(self._most // 2, count)
            self._move_to_front(descriptor, count - newer, newer)
            count = newer
        return self._end(count)

    def _move_to_front(self, descriptor: int, first: int, count: int) -> None:
        """So many records from the `first` on in the place of those before; torn midway, each is either the old or the new one."""
        with os.fdopen(os.dup(descriptor), "r+b") as stream:
            stream.seek(self._end(first))
            moved = stream.read(count * _RECORD.itemsize)
            stream.seek(self._end(0))
            stream.write(moved)
            stream.truncate()

    def _cut_off(self) -> None:
        try:
            with self._path.open("r+b") as stream:
                fcntl.flock(stream, fcntl.LOCK_EX)
                # Another process may have written on, or dropped the older half, while this one read: judged again under the lock.
                stream.truncate(self._end(_sound(self._records(stream.read()))))
        except OSError:
            return

    def _end(self, records: int) -> int:
        return len(self._header) + records * _RECORD.itemsize

    def _records(self, data: bytes) -> NDArray[np.void]:
        if not data.startswith(self._header):
            return np.zeros(0, dtype=_RECORD)
        whole = (len(data) - len(self._header)) // _RECORD.itemsize
        return np.frombuffer(data, dtype=_RECORD, count=whole, offset=len(self._header)) if whole > 0 else np.zeros(0, dtype=_RECORD)


def _checks(records: NDArray[np.void]) -> list[int]:
    data = records.tobytes()
    return [zlib.crc32(data[start : start + _CHECKED]) for start in range(0, len(data), _RECORD.itemsize)]


def _sound(records: NDArray[np.void]) -> int:
    """How many records, from the first, are as they were written."""
    wrong = np.flatnonzero(np.array(_checks(records), dtype=np.uint32) != records["check"])
    return int(wrong[0]) if len(wrong) else len(records)
