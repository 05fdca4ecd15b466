"""The Merkle tree of RFC 6962 section 2.1: hashes, growth, inclusion and consistency proofs."""

import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass

HASH_BYTES = 32
# RFC 6962 section 2.1: the hash of an empty list is the hash of an empty string.
EMPTY_ROOT = hashlib.sha256(b"").digest()

# Whole numbers [start, end) of leaves whose tree head is one element of a proof.
Range = tuple[int, int]


def leaf_hash(data: bytes) -> bytes:
    """SHA-256(0x00 || data)."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Node:
    """The hash of one complete subtree: `level` 0 is a leaf, `position` counts subtrees of that level from the left."""

    level: int
    position: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Frontier:
    """A tree of `size` leaves, reduced to what its growth needs: the hashes of its largest complete subtrees, left to right."""

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def root(self) -> bytes:
        """The tree head; `EMPTY_ROOT` for no leaves."""
        return fold(self.peaks)

    def append(self, leaf: bytes) -> tuple["Frontier", tuple[Node, ...]]:
        """The tree with one more leaf hash, and the inner nodes (level 1 and up) that this leaf completed."""
        peaks, completed = list(self.peaks), []
        level, position, hash_ = 0, self.size, leaf
        while position & 1:
            level, position = level + 1, position >> 1
            hash_ = node_hash(peaks.pop(), hash_)
            completed.append(Node(level, position, hash_))
        return Frontier(self.size + 1, (*peaks, hash_)), tuple(completed)


def fold(peaks: Sequence[bytes]) -> bytes:
    """The head of the tree whose complete subtrees, left to right, are `peaks`."""
    if not peaks:
        return EMPTY_ROOT
    head = peaks[-1]
    for peak in reversed(peaks[:-1]):
        head = node_hash(peak, head)
    return head


def root(leaves: Sequence[bytes]) -> bytes:
    """The tree head of these leaf hashes."""
    frontier = Frontier()
    for leaf in leaves:
        frontier, _ = frontier.append(leaf)
    return frontier.root()


def subtrees(start: int, end: int) -> tuple[tuple[int, int], ...]:
    """The complete subtrees (level, position), left to right, that cover leaves [start, end) of an aligned range."""
    found = []
    while start < end:
        level = (end - start).bit_length() - 1
        found.append((level, start >> level))
        start += 1 << level
    return tuple(found)


def inclusion_ranges(index: int, size: int) -> tuple[Range, ...]:
    """The ranges whose heads prove that leaf `index` is in the tree of `size` leaves, nearest first (PATH, section 2.1.1)."""
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    start, end, path = 0, size, []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((start, middle))
            start = middle
    return tuple(reversed(path))


def consistency_ranges(old: int, new: int) -> tuple[Range, ...]:
    """The ranges whose heads prove that the tree of `old` leaves is a prefix of that of `new` (PROOF, section 2.1.2)."""
    if not 0 < old <= new:
        raise ValueError(f"no consistency proof from {old} to {new}")
    start, end, path, whole = 0, new, [], True
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((start, middle))
            start, whole = middle, False
    return tuple(reversed(path)) if whole else ((start, end), *reversed(path))


def range_head(range_: Range, node: Callable[[int, int], bytes]) -> bytes:
    """The head of one proof range, from the hashes `node(level, position)` of complete subtrees."""
    return fold([node(level, position) for level, position in subtrees(*range_)])


def verify_inclusion(leaf: bytes, *, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether `proof` shows leaf hash `leaf` at `index` of the tree of `size` leaves with head `root`.

    Follows RFC 9162 section 2.1.3.2, whose checks refuse every proof that is too short or too long.
    """
    if not 0 <= index < size or any(len(step) != HASH_BYTES for step in (leaf, *proof)):
        return False
    first, last, head = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if first & 1 or first == last:
            head = node_hash(step, head)
            while not first & 1 and first != 0:
                first, last = first >> 1, last >> 1
        else:
            head = node_hash(head, step)
        first, last = first >> 1, last >> 1
    return last == 0 and hmac.compare_digest(head, root)


def verify_consistency(*, old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether `proof` shows that the tree of `old` leaves is a prefix of that of `new` (RFC 9162 section 2.1.4.2).

    `old` 0 is refused: an empty tree is consistent with anything, so a proof from it proves nothing.
    """
    if not 0 < old <= new or any(len(step) != HASH_BYTES for step in proof):
        return False
    if old == new:
        return not proof and hmac.compare_digest(old_root, new_root)
    steps = list(proof) if old & (old - 1) else [old_root, *proof]
    if not steps:
        return False
    first, last = old - 1, new - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    old_head = new_head = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if first & 1 or first == last:
            old_head, new_head = node_hash(step, old_head), node_hash(step, new_head)
            while not first & 1 and first != 0:
                first, last = first >> 1, last >> 1
        else:
            new_head = node_hash(new_head, step)
        first, last = first >> 1, last >> 1
    return last == 0 and hmac.compare_digest(old_head, old_root) and hmac.compare_digest(new_head, new_root)


def _split(size: int) -> int:
    """The largest power of two smaller than `size`."""
    return 1 << ((size - 1).bit_length() - 1)
