"""The text network as tensors by name, without loading the transformers library, which holds 110 MB. Imports torch."""

from pathlib import Path

from safetensors.torch import load_file
from torch import Tensor

from nlp.tasks import LABELS

# The base encoder's word table: 11.7 of its 22.7 million numbers. It stays as it is, so it need not be shipped.
WORD_TABLE = "encoder.embeddings.word_embeddings.weight"
# The part that tells whether a text speaks of something else than its target, and its log-odds before it was trained: none does.
OFF_TARGET = "off_target"
NEVER = -20.0
# Its pooling layer and its list of positions are not used here.
_UNUSED = ("pooler.", "embeddings.position_ids")


def base_tensors(base: Path) -> dict[str, Tensor]:
    """The published encoder's weights, fp32, by their names in `TextNetwork`."""
    return {f"encoder.{name}": tensor for name, tensor in load_file(base / "model.safetensors").items() if not name.startswith(_UNUSED)}


def head_shapes(width: int) -> dict[str, tuple[int, ...]]:
    """The shapes of all heads and temperatures, by their names in `TextNetwork`."""
    rows = {f"heads.{task}": len(labels) for task, labels in LABELS.items()} | {f"temperatures.{task}": 1 for task in LABELS}
    return {f"{name}.weight": (count, width) for name, count in rows.items()} | {f"{name}.bias": (count,) for name, count in rows.items()}
