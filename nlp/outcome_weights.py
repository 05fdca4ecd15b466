"""The outcome model's numbers: kernels, pooled rates, trees, calibration and interval widths; one safetensors file."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save

from governance.errors import ModelUnavailable
from nlp.calibration import Calibration
from nlp.features import NAMES, FeatureRecipe
from nlp.model_store import SHIPPED, StoredWeights, find_weights, read_header, read_weights, store_weights
from nlp.outcome_belief import Kernel
from nlp.trees import Trees

NAME = "outcome"
FORMAT = "assent-outcome/1"
TARGETS = ("passed", "share", "voters")
# Stages of a vote for interval widths: nobody voted; under e^-1 of the expected voters; more.
STAGES = 3

BELIEF = NAMES.index("belief")

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class OutcomeWeights:
    """All the model was taught.

    `errors` holds, per target and stage, the 5 % and 95 % quantiles of held-out errors; `trained_until` the close of
    the last trained proposal per DAO (`trained_key`), unix seconds: what an evaluation must not score.
    """

    recipe: FeatureRecipe
    trees: Mapping[str, Trees]
    calibration: Calibration
    errors: Mapping[str, Floats]
    trained_until: Mapping[str, int]


def trained_key(dao_id: str) -> str:
    """A DAO in `trained_until`: its hash, so that weights carry no name from the training data."""
    return sha256(dao_id.encode("utf-8", errors="replace")).hexdigest()[:16]


def raw_passing(trees: Trees, rows: Floats) -> Floats:
    """Uncalibrated P(passes): the belief's log-odds, corrected by the trees."""
    probabilities: Floats = 1.0 / (1.0 + np.exp(-(rows[:, BELIEF] + trees.sum(rows))))
    return probabilities


def stage(*, voters: Floats, pace: Floats) -> NDArray[np.int64]:
    """The stage of each row, from its features `voters` and `pace`."""
    found: NDArray[np.int64] = np.where(voters <= 0, 0, np.where(pace < -1.0, 1, 2)).astype(np.int64)
    return found


def pack(weights: OutcomeWeights) -> bytes:
    """The weights as safetensors bytes; the same weights give the same bytes."""
    arrays: dict[str, NDArray[np.generic]] = {}
    for target in TARGETS:
        arrays |= weights.trees[target].arrays(f"trees.{target}")
    for target, errors in weights.errors.items():
        arrays[f"errors.{target}"] = errors
    arrays |= {"calibration.raw": weights.calibration.raw, "calibration.calibrated": weights.calibration.calibrated}
    recipe = {
        "kernels": {target: asdict(kernel) for target, kernel in weights.recipe.kernels.items()},
        "pooled": dict(weights.recipe.pooled),
        "features": list(NAMES),
    }
    # One metadata entry only: safetensors writes several in no fixed order.
    header = json.dumps({"format": FORMAT, "recipe": recipe, "trained_until": dict(weights.trained_until)}, sort_keys=True)
    return save({name: np.ascontiguousarray(array) for name, array in sorted(arrays.items())}, {"assent": header})


def unpack(data: bytes) -> OutcomeWeights:
    """The weights of `pack`; raises `ModelUnavailable` when they are of another format or other features."""
    try:
        header = json.loads(read_header(data)["assent"])
        recipe, arrays = header["recipe"], load(data)
        if header["format"] != FORMAT or tuple(recipe["features"]) != NAMES:
            raise ModelUnavailable("the outcome weights are of another version", format=header["format"])
        return OutcomeWeights(
            recipe=FeatureRecipe(
                kernels={target: Kernel(**fields) for target, fields in recipe["kernels"].items()}, pooled=recipe["pooled"]
            ),
            trees={target: Trees.read(arrays, f"trees.{target}") for target in TARGETS},
            calibration=Calibration(arrays["calibration.raw"], arrays["calibration.calibrated"]),
            errors={target: arrays[f"errors.{target}"] for target in ("share", "voters")},
            trained_until=header["trained_until"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ModelUnavailable("the outcome weights cannot be read") from error


def load_outcome_weights(folder: Path = SHIPPED) -> tuple[OutcomeWeights, str]:
    """The pinned weights and their digest; raises `ModelUnavailable` when a byte differs from what was pinned."""
    stored = find_weights(NAME, folder)
    return unpack(read_weights(stored)), stored.sha256


def save_outcome_weights(weights: OutcomeWeights, folder: Path, *, about: Mapping[str, str]) -> StoredWeights:
    """Write the weights and the manifest that pins them."""
    return store_weights(NAME, pack(weights), folder, about=about)
