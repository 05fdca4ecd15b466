"""Writes the decision log as files that others verify offline: C2SP tiles and entries, blobs, keys, policy."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlmodel import Session

from api.log_signer import log_vkeys
from api.log_tiles import TILE_WIDTH, TileBuilder, bundle, tile_path
from governance.canonical import canonical
from governance.checkpoint import parse_checkpoint, parse_note
from governance.errors import InvalidInput, LogDiscontinuity
from governance.merkle import leaf_hash
from governance.records import blobs, log_reads

# How a leaf names a blob: an object with nothing but its SHA-256.
_REFERENCE = '{"sha256":"'
_SHA256 = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written."""

    size: int
    files: int
    blobs: int


def export_log(session: Session, folder: Path, *, note: str, progress: Callable[[int], None] = lambda _done: None) -> Exported:
    """Write the log up to the signed checkpoint `note` into `folder`, which must be empty or absent.

    The same log and checkpoint always give the same bytes. Memory does not grow with the log. `progress` is told the
    number of entries written.

    Raises:
        InvalidInput: the folder holds something.
        LogDiscontinuity: an entry or a blob is missing, or the stored bytes are not those that were signed.
    """
    head = parse_checkpoint(parse_note(note).text)
    if folder.exists() and any(folder.iterdir()):
        raise InvalidInput("folder", str(folder), "an empty or new folder")
    folder.mkdir(parents=True, exist_ok=True)
    files = _Files(folder)
    tiles = TileBuilder()
    for index, entries in enumerate(_bundles(session, head.size)):
        for entry in entries:
            for path, content in tiles.add(leaf_hash(entry)):
                files.write(path, content)
            _write_blobs(session, files, entry)
        files.write(tile_path(None, index, len(entries)), bundle(entries))
        progress(index * TILE_WIDTH + len(entries))
    for path, content in tiles.finish():
        files.write(path, content)
    vkeys = log_vkeys(session, below=head.size)
    files.write("keys.json", canonical({"origin": head.origin, "vkeys": vkeys}) + b"\n")
    files.write("policy", f"log {vkeys[-1]}\nquorum none\n".encode())
    files.write("checkpoint", note.encode())
    return Exported(head.size, files.count, files.blobs)


@dataclass(slots=True)
class _Files:
    """The export's folder; counts what is written."""

    folder: Path
    count: int = 0
    blobs: int = 0

    def write(self, path: str, content: bytes) -> None:
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        self.count += 1


def _bundles(session: Session, size: int) -> Iterator[list[bytes]]:
    entries: list[bytes] = []
    for seq, body, stored in log_reads.leaves(session, 0, size):
        if leaf_hash(body) != stored:
            raise LogDiscontinuity(f"the stored bytes of entry {seq} are not those that were appended", entry=seq)
        entries.append(body)
        if len(entries) == TILE_WIDTH:
            yield entries
            entries = []
    if entries:
        yield entries


def _write_blobs(session: Session, files: _Files, entry: bytes) -> None:
    text = entry.decode()
    if _REFERENCE not in text:
        return
    for sha256 in blob_references(json.loads(text)["data"]):
        if not (files.folder / "blobs" / sha256).exists():
            files.write(f"blobs/{sha256}", blobs.get(session, sha256))
            files.blobs += 1


def blob_references(value: object) -> Iterator[str]:
    """The SHA-256 of every blob that an entry's data names: each object that holds nothing but `sha256`."""
    if isinstance(value, dict):
        if list(value) == ["sha256"]:
            if _SHA256.fullmatch(str(value["sha256"])):
                yield value["sha256"]
        else:
            for item in value.values():
                yield from blob_references(item)
    elif isinstance(value, list):
        for item in value:
            yield from blob_references(item)
