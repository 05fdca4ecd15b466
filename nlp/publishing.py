"""From a trained network to what ships: temperatures from validation rows, packed weights, manifest. Imports torch."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from nlp.base_weights import base_folder
from nlp.dataset import TRAINABLE, LabelledText
from nlp.encoder import Encoder, Precision
from nlp.model_store import StoredWeights, store_weights
from nlp.packing import LICENCE, ReadingRules, pack
from nlp.sampling import SamplingConfig, validation_rows
from nlp.tasks import LABELS, columns
from nlp.temperature import fit_temperature
from nlp.text_network import TextNetwork

# Per set: the large sets must not decide the temperature of the small ones.
TEMPERATURE_ROWS = 60


def publish(
    network: TextNetwork,
    rows: Sequence[LabelledText],
    out_dir: Path,
    *,
    window_tokens: int,
    precision: Precision,
    about: Mapping[str, str | int],
) -> StoredWeights:
    """Fit one temperature per head on `val` rows read as a reader reads them, then store weights and manifest."""
    base = base_folder()
    encoder = Encoder(network, base, window_tokens, precision)
    temperatures = {task: _temperature(encoder, task, rows) for task in LABELS}
    data = pack(network, base, ReadingRules(window_tokens, temperatures))
    return store_weights("text", data, out_dir, about={**about, "window_tokens": window_tokens, "licence": LICENCE})


def _temperature(encoder: Encoder, task: str, rows: Sequence[LabelledText]) -> float:
    """1.0 where there are no validation rows of the task."""
    quotas = {name: 0 for name, source in TRAINABLE.items() if source.task == task}
    chosen = validation_rows(rows, SamplingConfig(quotas), per_set=TEMPERATURE_ROWS, seed=0)
    if not chosen:
        return 1.0
    logits = encoder.logits([(row.text, row.target) for row in chosen]).values[:, columns(task)]
    return fit_temperature(logits, np.array([row.label for row in chosen]))
