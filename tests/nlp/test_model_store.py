"""Weights are what their manifest says, byte for byte, or they are refused."""

from pathlib import Path

import pytest

from governance.errors import ModelUnavailable
from nlp.model_store import SHIPPED, find_weights, read_weights, store_weights

LONGEST_SHIPPED = 25 * 1024 * 1024


def test_stored_weights_are_found_by_their_manifest(tmp_path: Path) -> None:
    """What is written is what is read, under the digest of its bytes."""
    stored = store_weights("text", b"weights", tmp_path, about={"licence": "CC-BY-SA-4.0"})

    assert find_weights("text", tmp_path) == stored
    assert read_weights(stored) == b"weights"


def test_one_altered_byte_is_refused(tmp_path: Path) -> None:
    """A flipped bit in a weight file could turn every reading round unseen."""
    stored = store_weights("text", b"weights", tmp_path, about={})
    stored.file.write_bytes(b"weightt")

    with pytest.raises(ModelUnavailable, match="not the pinned ones"):
        read_weights(stored)


@pytest.mark.parametrize("manifest", ["", "{}", "[]", '{"file": 3, "sha256": "x"}', '{"file": "text.safetensors"}'])
def test_a_damaged_manifest_is_a_clear_refusal(tmp_path: Path, manifest: str) -> None:
    """Nothing else stops when a model cannot load, so it must be this error and no other."""
    (tmp_path / "text.json").write_text(manifest)

    with pytest.raises(ModelUnavailable):
        find_weights("text", tmp_path)


def test_a_manifest_cannot_point_outside_its_folder(tmp_path: Path) -> None:
    """A manifest is data; it names a file beside it and nothing else."""
    (tmp_path / "text.json").write_text('{"file": "../../etc/passwd", "sha256": "x"}')

    assert find_weights("text", tmp_path).file == tmp_path / "passwd"


def test_missing_weights_are_a_clear_refusal(tmp_path: Path) -> None:
    """The file may be absent where large files are not checked out."""
    stored = store_weights("text", b"weights", tmp_path, about={})
    stored.file.unlink()

    with pytest.raises(ModelUnavailable, match="cannot be read"):
        read_weights(stored)


def test_the_shipped_weights_are_the_pinned_ones_and_small() -> None:
    """At most 25 MB, and as their manifest says."""
    stored = find_weights("text", SHIPPED)

    assert len(read_weights(stored)) <= LONGEST_SHIPPED
