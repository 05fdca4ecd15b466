"""From a trained network to what ships: objections weighed, temperatures fitted, weights packed, manifest. Imports torch."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from nlp.base_weights import base_folder
from nlp.dataset import TRAINABLE, LabelledText
from nlp.encoder import Encoder, Precision
from nlp.model_store import StoredWeights, store_weights
from nlp.packing import LICENCE, ReadingRules, pack
from nlp.sampling import validation_rows
from nlp.tasks import LABELS
from nlp.temperature import Temperature, fit_temperature
from nlp.text_network import TextNetwork

# Per set: the large sets must not decide the temperatures of the small ones.
TEMPERATURE_ROWS = 700
# Log-odds given to "against". The licensed sets say no bluntly; a delegate praises first and says no late, and a no that
# is overlooked costs a DAO more than one that is imagined. On validation rows of the stance sets it costs .004 of macro-F1
# in treasury reviews and gains .002 among claims.
OBJECTION_LOG_ODDS = 0.4


def publish(
    network: TextNetwork,
    rows: Sequence[LabelledText],
    out_dir: Path,
    *,
    window_tokens: int,
    precision: Precision,
    about: Mapping[str, str | int],
) -> StoredWeights:
    """Weigh objections, fit temperatures on `val` rows, then store weights and manifest; moves `network`."""
    base = base_folder()
    encoder = Encoder(network.state_dict(), base, window_tokens, precision)
    with torch.no_grad():
        _head(network, "stance").bias[LABELS["stance"].index("against")] += OBJECTION_LOG_ODDS
        for task in LABELS:
            fitted = _temperature(encoder, _head(network, task), task, rows)
            layer = cast("nn.Linear", network.temperatures[task])
            layer.weight.copy_(torch.from_numpy(fitted.direction)[None])
            layer.bias.fill_(fitted.level)
    return store_weights(
        "text",
        pack(network, base, ReadingRules(window_tokens)),
        out_dir,
        about={**about, "window_tokens": window_tokens, "licence": LICENCE},
    )


def _head(network: TextNetwork, task: str) -> nn.Linear:
    return cast("nn.Linear", network.heads[task])


def _temperature(encoder: Encoder, head: nn.Linear, task: str, rows: Sequence[LabelledText]) -> Temperature:
    """1.0 for every text where there are no validation rows of the task."""
    sets = [name for name, source in TRAINABLE.items() if source.task == task]
    chosen = validation_rows(rows, sets, per_set=TEMPERATURE_ROWS, seed=0)
    if not chosen:
        return Temperature(0.0, np.zeros(head.in_features))
    vectors = encoder.vectors([(row.text, row.target) for row in chosen]).values
    logits: NDArray[np.float64] = vectors @ head.weight.double().numpy().T + head.bias.double().numpy()
    return fit_temperature(logits, np.array([row.label for row in chosen]), vectors, [row.dataset for row in chosen])
