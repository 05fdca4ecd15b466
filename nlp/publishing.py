"""From a trained network to what ships: temperatures from validation rows, packed weights, manifest. Imports torch."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from nlp.base_weights import base_folder
from nlp.dataset import TRAINABLE, LabelledText
from nlp.encoder import Encoder, Precision
from nlp.model_store import StoredWeights, store_weights
from nlp.packing import LICENCE, ReadingRules, pack
from nlp.plain_text import plain_text
from nlp.sampling import validation_rows
from nlp.tasks import LABELS, columns
from nlp.temperature import Temperature, fit_temperature
from nlp.text_network import TextNetwork

# Per set: the large sets must not decide the temperature of the small ones.
TEMPERATURE_ROWS = 200


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
    fitted = {task: _temperature(encoder, task, rows) for task in LABELS}
    usual = {task: temperature.usual for task, temperature in fitted.items()}
    powers = {task: temperature.power for task, temperature in fitted.items()}
    data = pack(network, base, ReadingRules(window_tokens, usual, powers))
    return store_weights("text", data, out_dir, about={**about, "window_tokens": window_tokens, "licence": LICENCE})


def _temperature(encoder: Encoder, task: str, rows: Sequence[LabelledText]) -> Temperature:
    """1.0 at every length where there are no validation rows of the task."""
    sets = [name for name, source in TRAINABLE.items() if source.task == task]
    chosen = validation_rows(rows, sets, per_set=TEMPERATURE_ROWS, seed=0)
    if not chosen:
        return Temperature()
    read = list(encoder.explained([(plain_text(row.text), plain_text(row.target)) for row in chosen]))
    logits = np.array([text.logits[columns(task)] for text in read])
    return fit_temperature(logits, np.array([row.label for row in chosen]), np.array([len(text.begins) for text in read]))
