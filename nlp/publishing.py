"""From a trained network to what ships: heads settled, temperatures fitted, weights packed, manifest. Imports torch."""

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
from nlp.last_layer import evened, head_step, likeness
from nlp.model_store import StoredWeights, store_weights
from nlp.off_target_pairs import TAKEN_FOR_OFF_TARGET
from nlp.packing import LICENCE, ReadingRules, pack
from nlp.sampling import seeded, validation_rows
from nlp.tasks import LABELS
from nlp.temperature import fit_temperature
from nlp.text_network import TextNetwork
from nlp.written_texts import written_rationales

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Per set: the large sets must not decide the temperatures of the small ones.
FITTED_ROWS = 2000
# Log-odds given to "against" where a text reads like a delegate's rationale, in between by how much it does. The licensed sets
# say no bluntly; a delegate praises first and says no late, and a no that is overlooked costs a DAO more than one imagined.
OBJECTION_LOG_ODDS = 1.5
# Rows the encoder never learnt from have a last say over the heads: training evened labels out, and what is known of rows met
# before is no measure of others. How strongly a head is held where training left it: for stance from this to a hundred times of
# it macro-F1 on a fifth of the validation targets left out in turn is the same, sentiment loses tweets and films where it is freer.
HEAD_HOLD: Mapping[str, float] = {"sentiment": 0.1, "stance": 0.001}
# How far labels are evened out in it.
HEAD_EVENNESS = 0.5
# Of the texts that show how rationales read no more than these: each of the rarest stance once.
MOST_RATIONALES = 2100


def publish(
    network: TextNetwork,
    rows: Sequence[LabelledText],
    out_dir: Path,
    *,
    window_tokens: int,
    precision: Precision,
    about: Mapping[str, str | int],
) -> StoredWeights:
    """Settle heads, what is off its target and temperatures on `val` rows, then store weights and manifest; moves `network`."""
    base = base_folder()
    encoder = Encoder(network.state_dict(), base, window_tokens, precision)
    with torch.no_grad():
        for task in LABELS:
            head, chosen = _head(network, task), _validation(rows, task)
            if not chosen:
                continue  # every text has the temperature 1.0
            vectors = _vectors(encoder, chosen)
            labels, sets = np.array([row.label for row in chosen]), [row.dataset for row in chosen]
            if task == "stance":
                rationales = written_rationales(min(len(chosen), MOST_RATIONALES), 0, seeded("rationales"))
                manner = _vectors(encoder, rationales)
                _weigh_objections(head, vectors, manner)
                _level_off_target(network, chosen, encoder)
            _settle(head, task, vectors, labels, sets)
            fitted = fit_temperature(_logits(head, vectors), labels, vectors, sets)
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


def _validation(rows: Sequence[LabelledText], task: str) -> list[LabelledText]:
    sets = [name for name, source in TRAINABLE.items() if source.task == task]
    return validation_rows(rows, sets, per_set=FITTED_ROWS, seed=0)


def _vectors(encoder: Encoder, rows: Sequence[LabelledText]) -> Floats:
    return encoder.vectors([(row.text, row.target) for row in rows]).values


def _logits(head: nn.Linear, vectors: Floats) -> Floats:
    logits: Floats = vectors @ head.weight.double().numpy().T + head.bias.double().numpy()
    return logits


def _settle(head: nn.Linear, task: str, vectors: Floats, labels: Integers, sets: Sequence[str]) -> None:
    weights = evened(labels, sets, HEAD_EVENNESS)
    _add(head, head_step(vectors, _logits(head, vectors), np.ones(len(labels)), labels, hold=HEAD_HOLD[task], weights=weights))


def _add(head: nn.Linear, step: Floats) -> None:
    """Moves the head by a step: one row per label, the last column for the bias."""
    head.weight.add_(torch.from_numpy(step[:, :-1]))
    head.bias.add_(torch.from_numpy(step[:, -1]))


def _weigh_objections(head: nn.Linear, others: Floats, rationales: Floats) -> None:
    """More log-odds for "against" the more a text reads like the rationales written for this project and less like `others`."""
    step = np.zeros((head.out_features, head.in_features + 1))
    step[LABELS["stance"].index("against")] = OBJECTION_LOG_ODDS * likeness(others, rationales)
    _add(head, step)


def _level_off_target(network: TextNetwork, rows: Sequence[LabelledText], encoder: Encoder) -> None:
    """Zero is where `TAKEN_FOR_OFF_TARGET` of the rows that have a target lie above; of one that was never trained nothing changes."""
    pairs = [(row.text, row.target) for row in rows if row.target]
    if pairs and network.off_target.odds.weight.any():
        network.off_target.odds.bias.sub_(float(np.quantile(encoder.off_target(pairs), 1 - TAKEN_FOR_OFF_TARGET)))
