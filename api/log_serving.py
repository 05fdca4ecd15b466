"""One tile or entry bundle of the log, cut from the database on request."""

import re

from sqlmodel import Session

from api.log_tiles import TILE_WIDTH, bundle
from governance.checkpoint import Checkpoint, parse_checkpoint, parse_note
from governance.errors import NotFound
from governance.merkle import leaf_hash
from governance.records import decision_log, log_reads

# c2sp.org/tlog-tiles: level 0 to 63 or "entries", index in groups of three digits (all but the last behind an x), width.
_PATH = re.compile(r"(entries|0|[1-9]|[1-5][0-9]|6[0-3])/((?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")


def head_of(note: str) -> Checkpoint:
    """The tree head in one of our own notes."""
    return parse_checkpoint(parse_note(note).text)


def tile_content(session: Session, path: str, *, size: int) -> bytes:
    """The bytes of the tile at `path` (below `tile/`), of a tree of `size` leaves or of an earlier one.

    Raises:
        NotFound: no tree up to `size` leaves has this tile.
    """
    found = _PATH.fullmatch(path)
    if found is None:
        raise NotFound("tile", path)
    groups = found.group(2).replace("x", "").split("/")
    index, width = int("".join(groups)), int(found.group(3) or TILE_WIDTH)
    level = 0 if found.group(1) == "entries" else int(found.group(1))
    first, last = index * TILE_WIDTH, index * TILE_WIDTH + width
    wasteful = len(groups) > 1 and groups[0] == "000"
    if wasteful or width > TILE_WIDTH - (found.group(3) is not None) or last > size >> (8 * level):
        raise NotFound("tile", path)
    if found.group(1) == "entries":
        return bundle([body for _, body, _ in log_reads.leaves(session, first, last)])
    if level == 0:
        return b"".join(leaf_hash(body) for _, body, _ in log_reads.leaves(session, first, last))
    return b"".join(decision_log.subtree_heads(session, level=8 * level, first=first, last=last))
