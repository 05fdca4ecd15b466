"""RFC 6962 hashing, once more: grows a tree leaf by leaf and knows its head."""

import hashlib


def leaf_hash(data: bytes) -> bytes:
    """SHA-256(0x00 || data)."""
    return hashlib.sha256(b"\0" + data).digest()


class GrowingTree:
    """The heads of the largest full subtrees, by level; nothing else is kept."""

    def __init__(self) -> None:
        self.size = 0
        self._full: dict[int, bytes] = {}

    def add(self, leaf: bytes) -> None:
        """One more leaf hash, on the right."""
        level = 0
        while level in self._full:
            leaf = hashlib.sha256(b"\x01" + self._full.pop(level) + leaf).digest()
            level += 1
        self._full[level] = leaf
        self.size += 1

    def root(self) -> bytes:
        """The tree head (section 2.1)."""
        head: bytes | None = None
        for level in sorted(self._full):
            head = self._full[level] if head is None else hashlib.sha256(b"\x01" + self._full[level] + head).digest()
        return hashlib.sha256(b"").digest() if head is None else head

    def last_full(self) -> bytes:
        """The head of the full subtree that holds the last leaf; empty for an empty tree."""
        return self._full[min(self._full)] if self._full else b""


def root_of(leaves: list[bytes]) -> bytes:
    """The head over these leaf hashes."""
    tree = GrowingTree()
    for leaf in leaves:
        tree.add(leaf)
    return tree.root()
