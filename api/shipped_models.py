"""The models that come with Assent, by the manifests that pin their weights."""

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from nlp.model_store import SHIPPED


@dataclass(frozen=True, slots=True)
class ShippedModel:
    """One manifest: the task it serves and everything its card says."""

    sha256: str
    task: str
    name: str
    card: dict[str, Any]


@cache
def shipped_models() -> tuple[ShippedModel, ...]:
    """Every manifest beside the weights, by task; one that cannot be read names no model and is left out."""
    found = []
    for manifest in sorted(SHIPPED.glob("*.json")):
        try:
            card = json.loads(manifest.read_text(encoding="utf-8"))
            found.append(ShippedModel(str(card["sha256"]), manifest.stem, str(card["file"]), card))
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return tuple(found)
