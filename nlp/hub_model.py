"""Any sequence-classification model, by hub name or local folder, in place of one of our heads. Imports torch."""

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoModelForSequenceClassification, AutoTokenizer
from transformers import logging as transformers_logging

from governance.errors import ModelUnavailable
from nlp.shipped_model import ScoredText
from nlp.tasks import KNOWN_NAMES, LABELS
from nlp.temperature import softmax

Floats = NDArray[np.float64]

BATCH_WINDOWS = 16
# Models say up to 512 positions, or an absurdly large number where their tokenizer knows no limit.
LONGEST_WINDOW = 512
# A target longer than this is read to here, so that at least half of a window is left to the text.
TARGET_CHARACTERS = 400


class ConfiguredModel:
    """A model somebody else trained. Its label names are mapped to ours; long texts are read in overlapping windows."""

    def __init__(self, name: str, task: str) -> None:
        transformers_logging.set_verbosity_error()
        transformers_logging.disable_progress_bar()
        self._task = task
        self._tokenizer = AutoTokenizer.from_pretrained(name, use_fast=True)
        self._model = AutoModelForSequenceClassification.from_pretrained(name, trust_remote_code=False).eval()
        self._columns = _label_columns(name, task, self._model.config.id2label)
        positions = getattr(self._model.config, "max_position_embeddings", LONGEST_WINDOW)
        # RoBERTa-like models keep two positions for themselves.
        self._window = min(self._tokenizer.model_max_length, positions - 2, LONGEST_WINDOW)
        self.digest = self._own_digest()

    def score(self, pairs: Sequence[tuple[str, str]]) -> Iterator[ScoredText]:
        """Probabilities of each (text, target or ""), from `plain_text` and `plain_target`, without spans.

        Raises `ModelUnavailable` on numbers that are not finite.
        """
        for text, target in pairs:
            logits, windows = self._logits(text, target)
            scores = np.zeros(len(LABELS[self._task]))
            np.add.at(scores, self._columns, softmax(logits[None, :])[0])
            yield ScoredText(tuple(scores.tolist()), windows)

    def _logits(self, text: str, target: str) -> tuple[Floats, int]:
        """The mean of the windows' logits, weighted by their tokens, and how many windows there are."""
        pair = (text, target[:TARGET_CHARACTERS]) if target else (text,)
        cut = self._tokenizer(
            *pair,
            truncation="only_first",
            max_length=self._window,
            stride=self._window // 8,
            return_overflowing_tokens=True,
            padding=True,
            return_tensors="pt",
        )
        cut.pop("overflow_to_sample_mapping")
        weights = cut["attention_mask"].sum(dim=1).double().numpy()
        rows: list[Floats] = []
        with torch.inference_mode():
            for start in range(0, len(weights), BATCH_WINDOWS):
                batch = {name: values[start : start + BATCH_WINDOWS] for name, values in cut.items()}
                rows.append(self._model(**batch).logits.double().numpy())
        logits = np.concatenate(rows)
        if not np.isfinite(logits).all():
            raise ModelUnavailable(f"the configured {self._task} model gives numbers that are not finite")
        mean: Floats = (logits * weights[:, None]).sum(axis=0) / weights.sum()
        return mean, len(weights)

    def _own_digest(self) -> str:
        """SHA-256 over configuration, tokenizer and every weight, so that the same name with other content differs."""
        total = sha256(self._model.config.to_json_string().encode())
        total.update(self._tokenizer.backend_tokenizer.to_str().encode())
        for name, tensor in sorted(self._model.state_dict().items()):
            total.update(name.encode() + b"\0" + tensor.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
        return total.hexdigest()


def _label_columns(name: str, task: str, labels: Mapping[int, str]) -> list[int]:
    """For each output of the model, the column of ours it counts for.

    Both poles must be named; a model without a neutral label never says neutral. Anything else is refused.
    """
    known = KNOWN_NAMES[task]
    meant = [known.get(str(labels[number]).lower()) for number in range(len(labels))]
    poles = {LABELS[task][0], LABELS[task][-1]}
    if None in meant or not poles <= set(meant) or len(set(meant)) != len(meant):
        shown = ", ".join(str(labels[number]) for number in range(len(labels)))[:200]
        raise ModelUnavailable(
            f"{name}: its labels ({shown}) are not a {task} label set; known names: {', '.join(known)}", model=name, labels=shown
        )
    return [LABELS[task].index(label) for label in meant if label is not None]
