"""The Merkle tree against RFC 6962, against a naive tree, and against forgeries."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance import merkle
from governance.merkle import EMPTY_ROOT, Frontier, leaf_hash, node_hash, root, verify_consistency, verify_inclusion

# Eight leaves and their heads: the vectors of the Certificate Transparency reference implementation
# (google/certificate-transparency, cpp/merkletree/merkle_tree_test.cc), also used by transparency-dev/merkle.
LEAVES = [
    bytes.fromhex(text) for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def naive_root(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962 section 2.1, as the text defines it."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = max(1 << power for power in range(8) if 1 << power < len(leaves))
    return node_hash(naive_root(leaves[:split]), naive_root(leaves[split:]))


def hashes(size: int) -> list[bytes]:
    return [leaf_hash(str(index).encode()) for index in range(size)]


def head(leaves: list[bytes], range_: merkle.Range) -> bytes:
    return naive_root(leaves[slice(*range_)])


def test_the_empty_tree_has_the_standards_head() -> None:
    """RFC 6962 section 2.1: the hash of an empty list is the hash of an empty string."""
    assert root([]) == EMPTY_ROOT == bytes.fromhex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")


@pytest.mark.parametrize("size", range(1, 9))
def test_heads_are_those_of_the_published_vectors(size: int) -> None:
    """Verifiers written by others accept our log only if every hash is the standard's."""
    assert root([leaf_hash(leaf) for leaf in LEAVES[:size]]).hex() == ROOTS[size - 1]


def test_proofs_are_those_of_the_published_vectors() -> None:
    """The audit path of leaf 6 of 8 and the consistency proof from 6 to 8, from the same source."""
    leaves = [leaf_hash(leaf) for leaf in LEAVES]

    audit = [head(leaves, range_).hex() for range_ in merkle.inclusion_ranges(5, 8)]
    consistent = [head(leaves, range_).hex() for range_ in merkle.consistency_ranges(6, 8)]

    assert audit == [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]
    assert consistent == [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]


def test_every_size_to_a_hundred_grows_proves_and_agrees_with_the_definition() -> None:
    """All heads, all inclusion proofs and all consistency proofs of all trees up to 100 leaves."""
    leaves, frontier, heads = hashes(100), Frontier(), [EMPTY_ROOT]
    stored = {}
    for index, leaf in enumerate(leaves):
        stored[(0, index)] = leaf
        frontier, completed = frontier.append(leaf)
        stored.update({(node.level, node.position): node.hash for node in completed})
        heads.append(frontier.root())
        assert heads[-1] == naive_root(leaves[: index + 1])

    def proof(ranges: tuple[merkle.Range, ...]) -> list[bytes]:
        return [merkle.range_head(range_, lambda level, position: stored[(level, position)]) for range_ in ranges]

    for size in range(1, 101):
        for index in range(size):
            path = proof(merkle.inclusion_ranges(index, size))
            assert verify_inclusion(leaves[index], index=index, size=size, proof=path, root=heads[size])
        for old in range(1, size + 1):
            path = proof(merkle.consistency_ranges(old, size))
            assert verify_consistency(old=old, new=size, old_root=heads[old], new_root=heads[size], proof=path)


@given(st.data())
def test_no_altered_inclusion_proof_is_accepted(data: st.DataObject) -> None:
    """Wrong leaf, place, size or head, and proofs with a hash flipped, dropped, added, doubled or swapped are all refused."""
    size = data.draw(st.integers(1, 64))
    index = data.draw(st.integers(0, size - 1))
    leaves = hashes(size)
    good = [head(leaves, range_) for range_ in merkle.inclusion_ranges(index, size)]
    top = naive_root(leaves)
    assert verify_inclusion(leaves[index], index=index, size=size, proof=good, root=top)

    flipped = _flip(top)
    assert not verify_inclusion(_flip(leaves[index]), index=index, size=size, proof=good, root=top)
    assert not verify_inclusion(leaves[index], index=index, size=size, proof=good, root=flipped)
    for other in {index - 1, index + 1, index ^ 2} - {index}:
        assert not verify_inclusion(leaves[index], index=other, size=size, proof=good, root=top)
    for forged in _forgeries(good, top):
        assert not verify_inclusion(leaves[index], index=index, size=size, proof=forged, root=top)


@given(st.data())
def test_no_altered_consistency_proof_is_accepted(data: st.DataObject) -> None:
    """A log that rewrote its past cannot make a proof that the past is still there."""
    new = data.draw(st.integers(2, 64))
    old = data.draw(st.integers(1, new - 1))
    leaves = hashes(new)
    good = [head(leaves, range_) for range_ in merkle.consistency_ranges(old, new)]
    before, after = naive_root(leaves[:old]), naive_root(leaves)
    assert verify_consistency(old=old, new=new, old_root=before, new_root=after, proof=good)

    assert not verify_consistency(old=old, new=new, old_root=after, new_root=before, proof=good)
    assert not verify_consistency(old=old, new=new, old_root=_flip(before), new_root=after, proof=good)
    assert not verify_consistency(old=old, new=new, old_root=before, new_root=_flip(after), proof=good)
    assert not verify_consistency(old=0, new=new, old_root=EMPTY_ROOT, new_root=after, proof=[])
    for forged in _forgeries(good, after):
        assert not verify_consistency(old=old, new=new, old_root=before, new_root=after, proof=forged)


def test_equal_sizes_need_equal_heads_and_no_proof() -> None:
    """A proof that carries nothing must not let through a second tree of the same size."""
    one, other = naive_root(hashes(5)), leaf_hash(b"other")

    assert verify_consistency(old=5, new=5, old_root=one, new_root=one, proof=[])
    assert not verify_consistency(old=5, new=5, old_root=one, new_root=other, proof=[])
    assert not verify_consistency(old=5, new=5, old_root=one, new_root=one, proof=[other])


def _flip(hash_: bytes) -> bytes:
    return bytes([hash_[0] ^ 1]) + hash_[1:]


def _forgeries(good: list[bytes], top: bytes) -> list[list[bytes]]:
    forged = [[*good, top], [top, *good], [*good, b""]]
    forged += [[*good[:at], _flip(good[at]), *good[at + 1 :]] for at in range(len(good))]
    forged += [[*good[:at], *good[at + 1 :]] for at in range(len(good))]
    forged += [[*good[:at], good[at][:-1], *good[at + 1 :]] for at in range(len(good))]
    swapped = good[::-1]
    return forged + ([swapped] if swapped != good else [])
