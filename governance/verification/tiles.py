"""The export's files: which ones a checkpoint calls for, and their entries and hashes in order."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from governance.verification.hash_tree import leaf_hash, root_of
from governance.verification.report import Report, Verdict

_WIDTH = 256
_HASH = 32
# Beside these, every file must be a tile or a blob that the checkpoint or an entry calls for.
PLAIN_FILES = ("checkpoint", "keys.json", "policy")


@dataclass(frozen=True, slots=True)
class Leaf:
    """One place in the tree: its hash, and its bytes unless they are lost."""

    seq: int
    hash: bytes
    data: bytes | None


def tile_name(level: str, index: int, width: int) -> str:
    """`tile/<level>/<index>[.p/<width>]`; the index in groups of three digits, all but the last behind an x."""
    groups = []
    rest = index
    while True:
        groups.append(f"{rest % 1000:03d}")
        rest //= 1000
        if not rest:
            break
    place = "/".join([f"x{group}" for group in groups[:0:-1]] + [groups[0]])
    return f"tile/{level}/{place}" + ("" if width == _WIDTH else f".p/{width}")


def widths(size: int, level: int) -> Iterator[tuple[int, int]]:
    """(index, width) of every tile of `level` in a tree of `size` leaves."""
    hashes = size >> (8 * level)
    for index in range(hashes // _WIDTH):
        yield index, _WIDTH
    if hashes % _WIDTH:
        yield hashes // _WIDTH, hashes % _WIDTH


def list_files(folder: Path, report: Report) -> set[str]:
    """Every file of the export by its relative name. What is neither file nor folder is a finding."""
    found = set()
    for base, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(base) / name
            relative = path.relative_to(folder).as_posix()
            if path.is_symlink() or not (path.is_file() or path.is_dir()):
                report.add("layout.kind", "only plain files and folders belong into an export", file=relative)
            elif path.is_file():
                found.add(relative)
    return found


def wanted_files(size: int) -> Iterator[str]:
    """Every tile and entry bundle that a checkpoint of `size` calls for."""
    for index, width in widths(size, 0):
        yield tile_name("entries", index, width)
    level = 0
    while size >> (8 * level):
        for index, width in widths(size, level):
            yield tile_name(str(level), index, width)
        level += 1


def read_leaves(folder: Path, size: int, report: Report) -> Iterator[Leaf]:
    """Every leaf in order, hashed from its bytes; a lost bundle's from the tile. Tiles of all levels are checked."""
    upper = _UpperTiles(folder, report)
    for index, width in widths(size, 0):
        name = tile_name("entries", index, width)
        entries = _read_bundle(folder, name, width, report)
        listed = _read_tile(folder, tile_name("0", index, width), width, report)
        hashes = []
        for place in range(width):
            seq = index * _WIDTH + place
            data = entries[place] if entries else None
            own = leaf_hash(data) if data is not None else None
            if own is not None and listed is not None and own != listed[place]:
                report.add("tree.leaf", "the entry does not hash to its place in the tree", seq=seq, file=name)
            hash_ = own or (listed[place] if listed else bytes(_HASH))
            hashes.append(hash_)
            yield Leaf(seq, hash_, data)
        upper.add(hashes)
    upper.finish()


def _read_bundle(folder: Path, name: str, width: int, report: Report) -> list[bytes] | None:
    data = _read(folder / name)
    if data is None:
        return None  # reported with the missing files
    entries, at = [], 0
    for _ in range(width):
        length = int.from_bytes(data[at : at + 2], "big")
        if at + 2 + length > len(data):
            break
        entries.append(data[at + 2 : at + 2 + length])
        at += 2 + length
    if len(entries) != width or at != len(data):
        report.add("layout.bundle", f"the bundle does not hold exactly {width} entries", file=name)
        return None
    return entries


def _read_tile(folder: Path, name: str, width: int, report: Report) -> list[bytes] | None:
    data = _read(folder / name)
    if data is None:
        return None
    if len(data) != width * _HASH:
        report.add("layout.tile", f"the tile does not hold exactly {width} hashes", file=name)
        return None
    return [data[at : at + _HASH] for at in range(0, len(data), _HASH)]


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() and not path.is_symlink() else None


class _UpperTiles:
    """Rebuilds the tiles of level 1 and up from level 0 and compares them with the export's."""

    def __init__(self, folder: Path, report: Report) -> None:
        self._folder = folder
        self._report = report
        self._levels: list[list[bytes]] = []
        self._indexes: list[int] = []

    def add(self, hashes: list[bytes]) -> None:
        """One tile of level 0; a full one gives one hash to level 1."""
        level = 0
        while len(hashes) == _WIDTH:
            if level == len(self._levels):
                self._levels.append([])
                self._indexes.append(0)
            tile = self._levels[level]
            tile.append(root_of(hashes))
            if len(tile) < _WIDTH:
                return
            self._compare(level, tile)
            hashes = list(tile)
            tile.clear()
            self._indexes[level] += 1
            level += 1

    def finish(self) -> None:
        """Compare the partial tiles."""
        for level, tile in enumerate(self._levels):
            if tile:
                self._compare(level, tile)

    def _compare(self, level: int, tile: list[bytes]) -> None:
        name = tile_name(str(level + 1), self._indexes[level], len(tile))
        listed = _read_tile(self._folder, name, len(tile), self._report)
        if listed is not None and listed != tile:
            at = next(place for place in range(len(tile)) if listed[place] != tile[place])
            self._report.add("tree.tile", f"hash {at} of the tile is not the head of the tile below", file=name)


def check_files(present: set[str], size: int, report: Report) -> None:
    """Every file that is called for is there, and no other but blobs (which the entries call for)."""
    missing = 0
    for name in (*PLAIN_FILES, *wanted_files(size)):
        if name in present:
            present.discard(name)
        else:
            missing += 1
            report.add("layout.missing", "the checkpoint calls for this file", Verdict.INCOMPLETE, file=name)
    for name in sorted(name for name in present if not name.startswith("blobs/")):
        report.add("layout.unknown", "nothing calls for this file", file=name)
