"""The outcome model's numbers: kernels, pooled rates, trees, calibration and interval widths; one safetensors file."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save

from governance.errors import ModelUnavailable
from nlp.calibration import Calibration
from nlp.features import NAMES, TURNOUT, FeatureRecipe
from nlp.model_store import SHIPPED, StoredWeights, find_weights, read_header, read_weights, store_weights
from nlp.outcome_belief import Kernel
from nlp.outcome_stack import Stack, stack_of
from nlp.trees import Trees

NAME = "outcome"
FORMAT = "assent-outcome/7"
# Without expected turnouts; without widths of single families; without a share for open votes; and without stacks, which then are all as
# `Stack()`. A deployment's retrained weights outlive an update.
_READ_TOO = ("assent-outcome/6", "assent-outcome/5", "assent-outcome/4", "assent-outcome/3")
_ADDED_SINCE = (set(TURNOUT), {*TURNOUT, "open_votes"})
EARLIER = "earlier"
PROBABILITIES = ("passed", "reached")
QUANTITIES = ("share", "voters", "power")
TARGETS = (*PROBABILITIES, *QUANTITIES)
# Passing has trees for the time before the vote ("passed") and others while it runs: early votes reward depth, records punish it.
VOTING = "voting"
TREES = (*TARGETS, VOTING)
# Those that are searched for; the others borrow one (`FeatureRecipe.kernel`).
KERNELS = ("passed", "share", "voters")
# Stages of a vote for interval widths: nobody voted; under e^-1 of the expected voters; more; three tenths of a fixed window gone.
STAGES = 4
LATE_PART = 0.3
# Histories below so many closed proposals are one band each; the last band has no end.
BANDS = (10, 50)
# Of what is left of the truth above an estimate: 50 % and 90 % intervals.
QUANTILES = (0.05, 0.25, 0.75, 0.95)

HALF = 0.5
_ERRORS = "errors."
VOTERS, PACE, BASE_RATE, OPEN_VOTES = (NAMES.index(name) for name in ("voters", "pace", "author_rate", "open_votes"))
_CORRECTED = {
    "passed": "belief",
    VOTING: "belief",
    "reached": "reached_belief",
    "share": "share_belief",
    "voters": "voters_expected",
    "power": "power_expected",
}

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class OutcomeWeights:
    """All the model was taught.

    `stacks` holds what P(passes) is made of, per family of kinds and time (`stack_key`); `errors`, per quantity, or quantity of one
    family (`width_key`), and cell (`cell`), the `QUANTILES` of held-out errors; `skill`, per family, stage and band (`skill_key`), how
    many held-out answers there were, the log loss of model and base rate on them and its error; `trained_until` the close of the last
    trained proposal per DAO (`trained_key`), unix seconds: what an evaluation must not score.
    """

    recipe: FeatureRecipe
    trees: Mapping[str, Trees]
    stacks: Mapping[str, Stack]
    calibration: Mapping[str, Calibration]
    errors: Mapping[str, Floats]
    skill: Mapping[str, tuple[int, float, float, float]]
    trained_until: Mapping[str, int]


def trained_key(dao_id: str) -> str:
    """A DAO in `trained_until`: its hash, so that weights carry no name from the training data."""
    return sha256(dao_id.encode("utf-8", errors="replace")).hexdigest()[:16]


def offset(rows: Floats, target: str) -> Floats:
    """What the trees of a target correct: the belief (half of it while the vote runs), for turnout what is expected of it."""
    begun: Floats = rows[:, NAMES.index(_CORRECTED[target])]
    # The trees of a running vote see the belief, too, and know better than a constant when to follow it.
    return HALF * begun if target == VOTING else begun


def raw_probability(trees: Trees, rows: Floats, target: str = "passed") -> Floats:
    """Uncalibrated probability: the belief's log-odds (`offset`), corrected by the trees."""
    probabilities: Floats = 1.0 / (1.0 + np.exp(-(offset(rows, target) + trees.sum(rows))))
    return probabilities


def passing(trees: Mapping[str, Trees], stacks: Mapping[str, Stack], rows: Floats, families: Sequence[str]) -> Floats:
    """Uncalibrated P(passes), each row by the trees for its time and the shares of its family of kinds."""
    running, named = runs(rows), np.array(families, dtype=np.str_)
    odds: Floats = np.empty(len(rows))
    for name, asked in ((VOTING, running), ("passed", ~running)):
        for family in np.unique(named[asked]).tolist():
            mine = asked & (named == family)
            shares = stack_of(stacks, family, running=name == VOTING)
            odds[mine] = shares.log_odds(stacked(trees[name], rows[mine], name), closed(rows[mine]))
    return 1.0 / (1.0 + np.exp(-odds))


def expected(weights: OutcomeWeights, rows: Floats, families: Sequence[str], target: str) -> tuple[Floats, Floats]:
    """The middle of a quantity for each row, and the `QUANTILES` of its family's errors around it; turnouts as log(1 + n)."""
    cells, named = cell(rows), np.array(families, dtype=np.str_)
    widths = weights.errors[target][cells]
    for family in np.unique(named).tolist():
        own, mine = weights.errors.get(width_key(target, family)), named == family
        if own is not None:
            widths[mine] = own[cells[mine]]
    return offset(rows, target) + weights.trees[target].sum(rows), widths


def closed(rows: Floats) -> Floats:
    """How many closed proposals of each row's DAO are known."""
    return np.expm1(rows[:, NAMES.index("dao_count")])


def stacked(trees: Trees, rows: Floats, target: str) -> Floats:
    """What a `Stack` weighs, as log-odds in columns: the belief (`offset`), the trees' correction, base rate, what open votes add."""
    return np.column_stack([offset(rows, target), trees.sum(rows), rows[:, BASE_RATE], rows[:, OPEN_VOTES]])


def runs(rows: Floats) -> NDArray[np.bool_]:
    """Where a vote runs and it is known how: not where only running totals, or nothing, is told."""
    running: NDArray[np.bool_] = (rows[:, NAMES.index("hours_open")] > 0) & ~only_totals(rows)
    return running


def only_totals(rows: Floats) -> NDArray[np.bool_]:
    """Where somebody has voted and nobody knows for whom."""
    only: NDArray[np.bool_] = (rows[:, VOTERS] > 0) & (rows[:, NAMES.index("sides_known")] == 0)
    return only


def cell(rows: Floats) -> NDArray[np.int64]:
    """The cell of each row for interval widths: its stage, within the band of its DAO's history."""
    return band(rows) * STAGES + stage(voters=rows[:, VOTERS], pace=rows[:, PACE], gone=rows[:, NAMES.index("fraction_open")])


def band(rows: Floats) -> NDArray[np.int64]:
    """The band of each row's history."""
    found: NDArray[np.int64] = np.searchsorted(np.log1p(np.array(BANDS)) - 1e-6, rows[:, NAMES.index("dao_count")], side="right")
    return found.astype(np.int64)


def width_key(target: str, family: str) -> str:
    """The name of a family's own widths in `OutcomeWeights.errors`; those of all families have the target's name."""
    return f"{target}/{family}"


def skill_key(family: str, *, voted: bool, band: int) -> str:
    """The name of a cell of `OutcomeWeights.skill`."""
    return f"{family}/{'voted' if voted else 'open'}/{band}"


def stage(*, voters: Floats, pace: Floats, gone: Floats) -> NDArray[np.int64]:
    """The stage of each row, from its features `voters`, `pace` and `fraction_open`."""
    begun = np.where(gone >= LATE_PART, 3, np.where(pace < -1.0, 1, 2))
    found: NDArray[np.int64] = np.where(voters <= 0, 0, begun).astype(np.int64)
    return found


def pack(weights: OutcomeWeights) -> bytes:
    """The weights as safetensors bytes; the same weights give the same bytes."""
    arrays: dict[str, NDArray[np.generic]] = {}
    for target in TREES:
        arrays |= weights.trees[target].arrays(f"trees.{target}")
    for target, errors in weights.errors.items():
        arrays[f"{_ERRORS}{target}"] = errors
    for target, calibration in weights.calibration.items():
        arrays |= {f"calibration.{target}.raw": calibration.raw, f"calibration.{target}.calibrated": calibration.calibrated}
    recipe = {
        "kernels": {target: asdict(kernel) for target, kernel in weights.recipe.kernels.items()},
        "pooled": dict(weights.recipe.pooled),
        "features": list(NAMES),
    }
    # One metadata entry only: safetensors writes several in no fixed order.
    told = {
        "format": FORMAT,
        "recipe": recipe,
        "stacks": {key: asdict(stack) for key, stack in weights.stacks.items()},
        "skill": dict(weights.skill),
        "trained_until": dict(weights.trained_until),
    }
    header = json.dumps(told, sort_keys=True)
    return save({name: np.ascontiguousarray(array) for name, array in sorted(arrays.items())}, {"assent": header})


def unpack(data: bytes) -> OutcomeWeights:
    """The weights of `pack`; raises `ModelUnavailable` when they are of another format or other features."""
    try:
        header = json.loads(read_header(data)["assent"])
        recipe, arrays = header["recipe"], load(data)
        if header["format"] not in (FORMAT, *_READ_TOO):
            raise ModelUnavailable("the outcome weights are of another version", format=header["format"])
        told = tuple(recipe["features"])
        if told not in (NAMES, *(tuple(name for name in NAMES if name not in added) for added in _ADDED_SINCE)):
            differing = ", ".join(sorted({*told} ^ {*NAMES}))
            raise ModelUnavailable("the outcome weights were made for other features", differing=differing)
        places = np.array([NAMES.index(name) for name in told])
        return OutcomeWeights(
            recipe=FeatureRecipe(
                kernels={target: Kernel(**fields) for target, fields in recipe["kernels"].items()}, pooled=recipe["pooled"]
            ),
            trees={target: Trees.read(arrays, f"trees.{target}").looking_at(places) for target in TREES},
            stacks={key: _stack(shares) for key, shares in header.get("stacks", {}).items()},
            calibration={
                target: Calibration(arrays[f"calibration.{target}.raw"], arrays[f"calibration.{target}.calibrated"])
                for target in PROBABILITIES
            },
            errors=_widths(arrays),
            skill={key: (count, model, base, error) for key, (count, model, base, error) in header["skill"].items()},
            trained_until=header["trained_until"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ModelUnavailable("the outcome weights cannot be read") from error


def _widths(arrays: Mapping[str, Floats]) -> dict[str, Floats]:
    """Of every quantity, which must be there, and of what families have their own."""
    of_all = {target: arrays[f"{_ERRORS}{target}"] for target in QUANTITIES}
    return of_all | {name.removeprefix(_ERRORS): array for name, array in arrays.items() if name.startswith(_ERRORS)}


def _stack(shares: Mapping[str, Any]) -> Stack:
    alone = shares["alone"]
    return Stack(**{**shares, "alone": tuple(alone) if isinstance(alone, list) else (alone, 0.0)})


def load_outcome_weights(folder: Path = SHIPPED) -> tuple[OutcomeWeights, str]:
    """The pinned weights and their digest; raises `ModelUnavailable` when a byte differs from what was pinned."""
    stored = find_weights(NAME, folder)
    return unpack(read_weights(stored)), stored.sha256


def save_outcome_weights(weights: OutcomeWeights, folder: Path, *, about: Mapping[str, str]) -> StoredWeights:
    """Write the weights and the manifest that pins them."""
    return store_weights(NAME, pack(weights), folder, about=about)


def earlier_folder(folder: Path, part: float) -> Path:
    """Where beside the weights that serve those lie that learnt the first `part` of every DAO's proposals; only evaluations ask them."""
    return folder / EARLIER / f"{part * 100:03.0f}"


def weight_folders(folder: Path = SHIPPED) -> tuple[Path, ...]:
    """The folders of all weights, those that learnt least first; the last is the one that serves."""
    return (*sorted(manifest.parent for manifest in (folder / EARLIER).glob(f"*/{NAME}.json")), folder)
