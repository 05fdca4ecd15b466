"""Trained weights on disk: one safetensors file and one manifest that pins it by SHA-256. Imports no torch."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from governance.errors import ModelUnavailable

SHIPPED = Path(__file__).parent / "weights"


@dataclass(frozen=True, slots=True)
class StoredWeights:
    """One weight file as its manifest pins it. `sha256` is the model's digest wherever it is named."""

    file: Path
    sha256: str


def find_weights(name: str, folder: Path = SHIPPED) -> StoredWeights:
    """What the manifest `<name>.json` of `folder` pins; raises `ModelUnavailable` without a readable manifest."""
    manifest = folder / f"{name}.json"
    try:
        fields = json.loads(manifest.read_text(encoding="utf-8"))
        return StoredWeights(folder / Path(fields["file"]).name, fields["sha256"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelUnavailable(f"no usable manifest {manifest.name}", manifest=manifest.name) from error


def read_weights(stored: StoredWeights) -> bytes:
    """The bytes of a weight file; raises `ModelUnavailable` unless their digest is the pinned one."""
    try:
        data = stored.file.read_bytes()
    except OSError as error:
        raise ModelUnavailable(f"weights {stored.file.name} cannot be read", file=stored.file.name) from error
    found = sha256(data).hexdigest()
    if found != stored.sha256:
        raise ModelUnavailable(
            f"weights {stored.file.name} are not the pinned ones", file=stored.file.name, expected=stored.sha256, found=found
        )
    return data


def read_header(data: bytes) -> Mapping[str, str]:
    """The metadata a safetensors file carries, under the same digest as its tensors."""
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    metadata: dict[str, str] = header.get("__metadata__", {})
    return metadata


def store_weights(name: str, data: bytes, folder: Path, *, about: Mapping[str, str | int]) -> StoredWeights:
    """Write weights, then the manifest that pins them, each whole or not at all."""
    digest = sha256(data).hexdigest()
    stored = StoredWeights(folder / f"{name}-{digest[:12]}.safetensors", digest)
    manifest = {**about, "file": stored.file.name, "sha256": digest, "bytes": len(data)}
    text = json.dumps(manifest, indent=2, sort_keys=True) + "\n"
    for file, content in ((stored.file, data), (folder / f"{name}.json", text.encode())):
        partial = file.with_suffix(".partial")
        partial.write_bytes(content)
        partial.replace(file)
    return stored
