"""A deployment's vectors outlive its processes, and a damaged file costs time and nothing else."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from nlp.outcome_text import VECTOR, Vectors
from nlp.text_vectors import BLOCK, KeptEmbedder
from tests.outcome_world import WordEmbedder

TEXTS = [f"raise the fee number {number}" for number in range(10)]


def kept(file: Path, made_by: str | None = None) -> tuple[KeptEmbedder, WordEmbedder]:
    """An embedder over `file` as a new process would open it, and what it asks when it must."""
    inner = WordEmbedder()
    return KeptEmbedder(inner, file, made_by), inner


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file that holds ten vectors."""
    path = tmp_path / "deep" / "vectors"
    kept(path)[0].embed(TEXTS)
    return path


def test_no_text_is_embedded_twice_by_any_process(file: Path) -> None:
    """The first forecast of a DAO takes minutes; the second must not, after a restart either."""
    again, inner = kept(file)

    assert np.array_equal(again.embed(TEXTS), WordEmbedder().embed(TEXTS))
    assert inner.asked == 0
    again.embed(["new", "", "new"])
    assert inner.asked == 1
    assert not again.embed([""]).any()
    assert kept(file)[0].missing(["new", "newer", ""]) == ["newer"]


def test_another_encoders_file_is_started_anew(file: Path) -> None:
    """Vectors of another encoder or recipe would be numbers without meaning."""
    other, inner = kept(file, made_by="another")

    other.embed(TEXTS)
    assert inner.asked == len(TEXTS)
    assert kept(file, made_by="another")[0].missing(TEXTS) == []
    assert len(kept(file)[0].missing(TEXTS)) == len(TEXTS)


@pytest.mark.parametrize("place", [0, 40, 400, 5_000, -1_000, -3])
def test_a_flipped_byte_is_never_served(file: Path, place: int) -> None:
    """From the damaged record on vectors are made again, and the file is whole afterwards."""
    data = bytearray(file.read_bytes())
    data[place] ^= 0x40
    file.write_bytes(data)

    embedder, inner = kept(file)
    assert np.array_equal(embedder.embed(TEXTS), WordEmbedder().embed(TEXTS))
    assert inner.asked > 0
    assert kept(file)[0].missing(TEXTS) == []


@pytest.mark.parametrize("lost", [1, 100, 1_572, 5_000, 15_000])
def test_a_torn_end_is_cut_off_and_written_again(file: Path, lost: int) -> None:
    """A power cut in the middle of an append leaves the records before it."""
    file.write_bytes(file.read_bytes()[:-lost])

    embedder, inner = kept(file)
    embedder.embed(TEXTS)
    assert 0 < inner.asked <= len(TEXTS)
    assert kept(file)[0].missing(TEXTS) == []


def test_two_writers_of_one_file_lose_nothing(file: Path) -> None:
    """Several servers may share a state folder; each appends behind the other."""
    (one, _), (other, _) = kept(file), kept(file)
    one.missing([])
    other.missing([])
    one.embed(["left"])
    other.embed(["right"])

    assert kept(file)[0].missing([*TEXTS, "left", "right"]) == []


def test_an_interruption_loses_one_block_at_most(tmp_path: Path) -> None:
    """Embedding thousands of texts goes on where it was stopped."""

    class Dying(WordEmbedder):
        """Is stopped in its third block."""

        def embed(self, texts: Sequence[str]) -> Vectors:
            if self.asked >= 2 * BLOCK:
                raise KeyboardInterrupt
            return super().embed(texts)

    texts = [f"text {number}" for number in range(4 * BLOCK)]
    with pytest.raises(KeyboardInterrupt):
        KeptEmbedder(Dying(), tmp_path / "vectors").embed(texts)

    assert len(kept(tmp_path / "vectors")[0].missing(texts)) == 2 * BLOCK


def test_a_folder_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    """Vectors are a cache: without a disk they are made anew in each process."""
    (tmp_path / "taken").write_text("a file, not a folder")
    embedder, inner = kept(tmp_path / "taken" / "vectors")

    assert embedder.embed(TEXTS).shape == (len(TEXTS), VECTOR)
    embedder.embed(TEXTS)
    assert inner.asked == len(TEXTS)


def test_a_file_keeps_the_newest_and_no_more_than_its_bound(tmp_path: Path) -> None:
    """Every sentence of every discussion has a vector: without a bound a flood of them fills the disk."""
    file, texts = tmp_path / "vectors", [f"sentence {number}" for number in range(60)]
    inner = WordEmbedder()
    embedder = KeptEmbedder(inner, file, most=20)
    for text in texts:
        assert np.array_equal(embedder.embed([text]), WordEmbedder().embed([text]))

    assert inner.asked == len(texts)
    assert file.stat().st_size < 21 * (32 + 4 * VECTOR + 4) + 1_000
    again = KeptEmbedder(WordEmbedder(), file, most=20)
    waiting = again.missing(texts)
    assert 40 <= len(waiting) <= 50
    assert sorted(waiting) == sorted(texts[: len(waiting)])
    assert embedder.missing(texts[-10:]) == []


def test_a_bound_met_by_one_call_does_not_lose_what_it_asked_for(tmp_path: Path) -> None:
    """More texts than are kept, known ones among them, each get their row."""
    embedder = KeptEmbedder(WordEmbedder(), tmp_path / "vectors", most=4)
    embedder.embed(TEXTS[:3])

    assert np.array_equal(embedder.embed(TEXTS), WordEmbedder().embed(TEXTS))
    assert np.array_equal(embedder.embed(TEXTS[::-1]), WordEmbedder().embed(TEXTS[::-1]))
