"""A proposal's words as one vector: the text that is embedded, the port that embeds it, and a cache. Imports no torch."""

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from governance.errors import ModelUnavailable
from governance.evidence import KnownProposal
from nlp.base_weights import base_folder

VECTOR = 384
# The title and about the first 200 words of the body say what is asked; more text moved no held-out figure, and
# costs time. What is left out is counted in the feature `text_cut_chars`.
TEXT_CHARS = 2000
# The network's own input limit in training; at 2,000 characters few texts are longer.
TOKENS = 256
BATCH = 32

Vectors = NDArray[np.float32]


class Embedder(Protocol):
    """Turns texts into unit vectors; the caller caches them by text (see `CachedEmbedder`)."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One row of `VECTOR` numbers per text, in order; raises `ModelUnavailable` when it cannot."""


def proposal_text(proposal: KnownProposal) -> str:
    """Title and body, cut at `TEXT_CHARS` characters; empty when the source has neither."""
    parts = [part.strip() for part in (proposal.title, proposal.body) if part and part.strip()]
    return "\n".join(parts)[:TEXT_CHARS]


def text_key(text: str) -> str:
    """The key under which a text's vector is cached: SHA-256 of its UTF-8 bytes, lone surrogates replaced."""
    return sha256(text.encode("utf-8", errors="replace")).hexdigest()


class CachedEmbedder:
    """Asks `inner` once per distinct text. Empty texts are the zero vector and never asked for."""

    def __init__(self, inner: Embedder, known: dict[str, Vectors] | None = None) -> None:
        self._inner = inner
        self.known: dict[str, Vectors] = {} if known is None else known

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One row per text; only texts never seen before reach the inner embedder."""
        keys = [text_key(text) for text in texts]
        missing = {key: text for key, text in zip(keys, texts, strict=True) if text and key not in self.known}
        if missing:
            fresh = self._inner.embed(list(missing.values()))
            self.known.update(zip(missing, fresh, strict=True))
        rows = np.zeros((len(texts), VECTOR), dtype=np.float32)
        for row, (key, text) in enumerate(zip(keys, texts, strict=True)):
            if text:
                rows[row] = self.known[key]
        return rows

    def save(self, file: Path) -> None:
        """Keep the vectors in one .npz file, for the next training or evaluation."""
        keys = sorted(self.known)
        vectors = np.stack([self.known[key] for key in keys]) if keys else np.zeros((0, VECTOR), dtype=np.float32)
        with file.open("wb") as stream:
            np.savez(stream, keys=np.array(keys, dtype="U64"), vectors=vectors)

    def load(self, file: Path) -> None:
        """Take up the vectors `save` kept."""
        with np.load(file) as kept:
            self.known.update(zip(kept["keys"].tolist(), kept["vectors"], strict=True))


class MiniLmEmbedder:
    """all-MiniLM-L6-v2, frozen: mean of the last layer over real tokens, unit length. Loads when first asked.

    Each text is run in a batch of like lengths; vectors are rounded to five places so that the company a text
    was embedded in does not show.
    """

    def __init__(self, progress: bool = False) -> None:
        self._loaded: tuple[object, object] | None = None
        self._progress = progress

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of `texts`; raises `ModelUnavailable` when torch or the weights cannot be loaded."""
        from tqdm import tqdm  # noqa: PLC0415 - only this path needs it

        order = sorted(range(len(texts)), key=lambda row: (len(texts[row]), row))
        rows = np.zeros((len(texts), VECTOR), dtype=np.float32)
        for start in tqdm(range(0, len(order), BATCH), desc="embedding", disable=None if self._progress else True):
            batch = order[start : start + BATCH]
            rows[batch] = self._encode([texts[row] for row in batch])
        return np.round(rows, 5)

    def _encode(self, texts: list[str]) -> Vectors:
        try:
            import torch  # noqa: PLC0415 - torch loads in seconds; only embedding needs it
        except ImportError as error:
            raise ModelUnavailable("torch is not installed") from error

        tokenizer, network = self._load()
        batch = tokenizer(texts, padding=True, truncation=True, max_length=TOKENS, return_tensors="pt")  # type: ignore[operator] # transformers is untyped here
        with torch.inference_mode():
            hidden = network(**batch).last_hidden_state  # type: ignore[operator] # as above
            mask = batch["attention_mask"].unsqueeze(-1).float()
            mean = (hidden * mask).sum(dim=1) / mask.sum(dim=1)
            unit = torch.nn.functional.normalize(mean, dim=1)
        vectors: Vectors = unit.numpy()
        return vectors

    def _load(self) -> tuple[object, object]:
        if self._loaded is None:
            from transformers import AutoModel, AutoTokenizer  # noqa: PLC0415 - as above
            from transformers import logging as transformers_logging  # noqa: PLC0415 - as above

            # Its report of the unused pooling layer and its progress bar do not belong on a server's stderr.
            transformers_logging.set_verbosity_error()
            transformers_logging.disable_progress_bar()
            folder = base_folder()
            try:
                tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
                network = AutoModel.from_pretrained(folder, local_files_only=True, add_pooling_layer=False)
            except (OSError, ValueError, ImportError) as error:
                raise ModelUnavailable("the base encoder cannot be loaded") from error
            self._loaded = (tokenizer, network.eval())
        return self._loaded
