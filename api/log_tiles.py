"""C2SP tlog-tiles (c2sp.org/tlog-tiles): where a tile lies and what is in it."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from governance.merkle import Frontier

TILE_WIDTH = 256


def tile_path(level: int | None, index: int, width: int = TILE_WIDTH) -> str:
    """The path of tile `index` of `level` (None: the entry bundle), with the suffix of a partial tile below 256."""
    digits = f"{index:03d}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    place = "/".join([f"x{group}" for group in groups[:-1]] + groups[-1:])
    partial = "" if width == TILE_WIDTH else f".p/{width}"
    return f"tile/{'entries' if level is None else level}/{place}{partial}"


def bundle(entries: list[bytes]) -> bytes:
    """An entry bundle: each entry behind its length in two bytes, big-endian."""
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


@dataclass(slots=True)
class TileBuilder:
    """Takes leaf hashes in order and gives back tiles as they fill; holds one partial tile per level."""

    _levels: list[list[bytes]] = field(default_factory=list)
    _counts: list[int] = field(default_factory=list)

    def add(self, leaf: bytes) -> Iterator[tuple[str, bytes]]:
        """Take one leaf hash; the (path, content) of every tile it filled."""
        level, hash_ = 0, leaf
        while True:
            if level == len(self._levels):
                self._levels.append([])
                self._counts.append(0)
            tile = self._levels[level]
            tile.append(hash_)
            if len(tile) < TILE_WIDTH:
                return
            yield tile_path(level, self._counts[level]), b"".join(tile)
            hash_ = _head(tile)
            self._counts[level] += 1
            tile.clear()
            level += 1

    def finish(self) -> Iterator[tuple[str, bytes]]:
        """The partial tiles of the tree as it is."""
        for level, tile in enumerate(self._levels):
            if tile:
                yield tile_path(level, self._counts[level], len(tile)), b"".join(tile)


def _head(hashes: list[bytes]) -> bytes:
    frontier = Frontier()
    for hash_ in hashes:
        frontier, _ = frontier.append(hash_)
    return frontier.root()
