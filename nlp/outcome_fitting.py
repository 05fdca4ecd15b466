"""Fitting the parts of the outcome model: trees by boosting, shares and calibration on later answers, widths by held-out errors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nlp.base_rates import family
from nlp.calibration import Calibration, fit_best, identity
from nlp.features import BEFORE_ACTIVITY, BEFORE_TURNOUT, NAMES, FeatureRecipe
from nlp.outcome_skill import held_out_skill
from nlp.outcome_stack import ALL, BEFORE, DURING, FEWEST, Stack, fit_stack, stack_key
from nlp.outcome_weights import (
    PROBABILITIES,
    QUANTITIES,
    TARGETS,
    TREES,
    VOTING,
    OutcomeWeights,
    band,
    cell,
    closed,
    offset,
    only_totals,
    passing,
    raw_probability,
    runs,
    stacked,
)
from nlp.outcome_widths import held_out_widths
from nlp.random_boosting import RandomBoosting
from nlp.trees import Trees, from_boosting, no_trees

Floats = NDArray[np.float64]

# A family of kinds has a pooled rate of its own from this many proposals; below it, that of all proposals is taken.
FAMILY_COUNT = 100
# Running totals without sides say little of passing, and one DAO has thousands of them.
TOTALS_WEIGHT = 0.1
# What the trees of a target do not look at, since it tells eras apart and the next era's is another: for passing expected powers and
# quorums, for turnout how long a DAO's record is and of which family it is.
_OF_PASSING = ("power_belief", "reached_belief", "quorum", "quorum_belief", "quorum_so_far", "power_pace", "alike_passed")
_OF_TURNOUT = ("dao_count", "kind_count", "author_count", "pooled_rate")
UNSEEN: Mapping[str, tuple[str, ...]] = {"passed": _OF_PASSING, VOTING: _OF_PASSING, "voters": _OF_TURNOUT, "power": _OF_TURNOUT}
# How much of the trees' correction counts where no later answers weigh it (`outcome_stack` weighs that of passing). Found on splits of all
# the data by calendar time: counted in full, turnout of Decentraland's later years was more than twice what came.
COUNTED: Mapping[str, float] = {"passed": 1.0, "reached": 0.5, "voters": 0.3, "power": 0.3, "share": 1.0}
HOURS_OPEN = NAMES.index("hours_open")
# A proposal counts half to the trees where this part of its DAO's trained proposals is newer, and at least so many: habits change, but
# of a DAO's first proposals only first proposals tell. How votes run changes less than what is asked for.
HALVED_PART: Mapping[str, float] = {"passed": 0.12, VOTING: 0.6}
HALVED_COUNT = 30
# Fewer held-out rows calibrate nothing.
FEWEST_TO_CALIBRATE = 40

# Passing and reaching the quorum are the mean of so many boostings with other dice.
BAGS = 3
BOOSTING: Mapping[str, float | int] = {
    "n_estimators": 300,
    "learning_rate": 0.03,
    "max_depth": 3,
    "subsample": 0.6,
    "min_samples_leaf": 40,
    "max_features": 0.5,
}
# Quantities are smoother: half the trees, each a step twice as long, were no worse.
BOOSTING_QUANTITIES: Mapping[str, float | int] = {**BOOSTING, "n_estimators": 150, "learning_rate": 0.06}


@dataclass(frozen=True, slots=True)
class Lesson:
    """One training row: features, what came of it (NaN where unknown; turnout as log(1 + n)), its weight and family of kinds.

    `late` ones calibrate. `between`: a moment between the usual ones, from which only the trees for a running vote learn.
    `newer` of the `trained` proposals of its DAO closed after it.
    """

    proposal_id: str
    row: Floats
    passed: float
    share: float
    voters: float
    power: float
    reached: float
    weight: float
    late: bool = False
    family: str = ""
    dao: str = ""
    between: bool = False
    newer: int = 0
    trained: int = 1


@dataclass(frozen=True, slots=True)
class Sheet:
    """Lessons as columns."""

    rows: Floats
    targets: Mapping[str, Floats]
    weights: Floats
    late: NDArray[np.bool_]
    families: NDArray[np.str_]
    daos: NDArray[np.str_]
    between: NDArray[np.bool_]
    newer: NDArray[np.int64]
    trained: NDArray[np.int64]

    @classmethod
    def of(cls, lessons: Sequence[Lesson]) -> "Sheet":
        """Columns of `lessons`, in their order."""
        return cls(
            rows=np.stack([lesson.row for lesson in lessons]),
            targets={name: np.array([getattr(lesson, name) for lesson in lessons]) for name in TARGETS},
            weights=np.array([lesson.weight for lesson in lessons]),
            late=np.array([lesson.late for lesson in lessons]),
            families=np.array([lesson.family for lesson in lessons]),
            daos=np.array([lesson.dao for lesson in lessons]),
            between=np.array([lesson.between for lesson in lessons]),
            newer=np.array([lesson.newer for lesson in lessons]),
            trained=np.array([lesson.trained for lesson in lessons]),
        )

    def where(self, keep: NDArray[np.bool_]) -> "Sheet":
        """The lessons for which `keep` is true."""
        return Sheet(
            rows=self.rows[keep],
            targets={name: column[keep] for name, column in self.targets.items()},
            weights=self.weights[keep],
            late=self.late[keep],
            families=self.families[keep],
            daos=self.daos[keep],
            between=self.between[keep],
            newer=self.newer[keep],
            trained=self.trained[keep],
        )


def pooled_rates(kinds: Sequence[str], passed: Sequence[bool]) -> dict[str, float]:
    """The share of passes per family of kinds with enough proposals, and ("") of all."""
    families = np.array([family(kind) for kind in kinds])
    outcomes = np.array(passed, dtype=float)
    rates = {"": round(float(outcomes.mean()), 6)}
    for name in sorted(set(families.tolist())):
        if (families == name).sum() >= FAMILY_COUNT:
            rates[name] = round(float(outcomes[families == name].mean()), 6)
    return rates


def fit_weights(recipe: FeatureRecipe, sheet: Sheet, *, trained_until: Mapping[str, int], seed: int) -> tuple[OutcomeWeights, str]:
    """All weights from training rows in time order, and the name of the quorum's calibration that won.

    Shares, calibration, interval widths and skill come from the `late` rows, forecast by trees that saw only the others; the
    trees that are kept are then fitted on all rows.
    """
    early, late = sheet.where(~sheet.late), sheet.where(sheet.late & ~sheet.between)
    trial = {target: fit_trees(early, target, seed=seed) for target in TREES}
    # Passing is calibrated by the DAO's latest results (`outcome_recent`): a map over all DAOs of one era was off in the next.
    told = late.where(np.isfinite(late.targets["reached"]))
    name, reached = _calibrated(trial["reached"], told, "reached")
    calibration = {"passed": identity(), "reached": reached}
    said = calibration["passed"].apply(_said_by_halves(trial, late))
    return OutcomeWeights(
        recipe=recipe,
        trees={target: fit_trees(sheet, target, seed=seed) for target in TREES},
        stacks=fit_stacks(trial, late),
        calibration=calibration,
        errors=_widths(trial, late),
        skill=held_out_skill(said, late.rows, late.targets["passed"], families=late.families, daos=late.daos, bands=band(late.rows)),
        trained_until=trained_until,
    ), name


def _widths(trees: Mapping[str, Trees], late: Sheet) -> dict[str, Floats]:
    """The interval widths of every quantity, from what its trees got wrong on rows they did not see."""
    found: dict[str, Floats] = {}
    for target in QUANTITIES:
        known = late.where(np.isfinite(late.targets[target]) & (offset(late.rows, target) >= 0.0))
        errors = known.targets[target] - (offset(known.rows, target) + trees[target].sum(known.rows))
        found |= held_out_widths(target, errors, cell(known.rows), known.families)
    return found


def _said_by_halves(trees: Mapping[str, Trees], late: Sheet) -> Floats:
    """P(passes) of each late row by shares of the other half of them: what is judged must not have taught its own shares."""
    said, half = np.empty(len(late.rows)), np.arange(len(late.rows)) * 2 // max(len(late.rows), 1)
    for mine in (half == 0, half == 1):
        if mine.any():
            stacks = fit_stacks(trees, late.where(~mine))
            said[mine] = passing(trees, stacks, late.rows[mine], late.families[mine].tolist())
    return said


def _calibrated(trees: Trees, late: Sheet, target: str) -> tuple[str, Calibration]:
    if len(late.rows) < FEWEST_TO_CALIBRATE:
        return "identity", identity()
    return fit_best(raw_probability(trees, late.rows, target), late.targets[target])


def fit_stacks(trees: Mapping[str, Trees], late: Sheet) -> dict[str, Stack]:
    """The shares of each family, and of all, before and during the vote, where `late` holds enough answers of them."""
    running = runs(late.rows)
    found = {}
    for family_name in (ALL, *sorted(set(late.families.tolist()) - {ALL})):
        mine = (late.families == family_name) | (family_name == ALL)
        for name, asked in ((VOTING, mine & running), ("passed", mine & (late.rows[:, HOURS_OPEN] <= 0))):
            if asked.sum() >= FEWEST:
                parts = stacked(trees[name], late.rows[asked], name)
                key = stack_key(family_name, running=name == VOTING)
                prior = DURING if name == VOTING else BEFORE
                found[key] = fit_stack(parts, closed(late.rows[asked]), late.targets["passed"][asked], late.weights[asked], prior)
    return found


def fit_passing(sheet: Sheet, *, seed: int) -> tuple[Trees, Calibration]:
    """Trees and calibration for passing from rows in time order; the last fifth calibrates, as in `fit_weights`."""
    late = np.arange(len(sheet.rows)) >= int(len(sheet.rows) * 0.8)
    trial = fit_trees(sheet.where(~late), "passed", seed=seed)
    _, calibration = fit_best(raw_probability(trial, sheet.rows[late]), sheet.targets["passed"][late])
    return fit_trees(sheet, "passed", seed=seed), calibration


def fit_trees(sheet: Sheet, target: str, *, seed: int) -> Trees:
    """Boosted trees for one target over the rows that have it; those for passing correct the belief's log-odds."""
    from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor  # noqa: PLC0415 - training only

    answers = sheet.targets["passed" if target == VOTING else target]
    known = np.isfinite(answers)
    if target in QUANTITIES:
        known &= offset(sheet.rows, target) >= 0.0
    known &= sheet.rows[:, HOURS_OPEN] > 0 if target == VOTING else ~sheet.between
    if target == "passed":
        # What these answer: before the vote, and where only running totals are told.
        known &= ~runs(sheet.rows)
    rows, wanted, weights = sheet.rows[known], answers[known], sheet.weights[known]
    if target in (*PROBABILITIES, VOTING) and len(np.unique(wanted)) < 2:
        return no_trees()
    if target in ("passed", VOTING):
        weights = weights * np.where(only_totals(rows), TOTALS_WEIGHT, 1.0) * _newness(sheet.newer[known], sheet.trained[known], target)
    begun, rows = offset(rows, target), np.where(np.isin(NAMES, UNSEEN.get(target, ())), 0.0, rows)
    if target == VOTING:
        return RandomBoosting(bags=BAGS).fit(rows[:, :BEFORE_TURNOUT], wanted, weights, offset=begun, seed=seed)
    # In a running vote silence amid other votes tells much; before the vote, what else goes on told nothing.
    rows = rows[:, :BEFORE_ACTIVITY]
    if target in PROBABILITIES:
        models = [GradientBoostingClassifier(**BOOSTING, random_state=seed + bag, init=_BeliefFirst(target)) for bag in range(BAGS)]
        fitted = [model.fit(rows, wanted, sample_weight=weights) for model in models]
        return from_boosting(*fitted, start=0.0, part=COUNTED[target])
    if len(rows) < FEWEST_TO_CALIBRATE:
        return no_trees()
    model = GradientBoostingRegressor(**BOOSTING_QUANTITIES, loss="huber", init="zero", random_state=seed)
    return from_boosting(model.fit(rows, wanted - begun, sample_weight=weights), start=0.0, part=COUNTED[target])


def _newness(newer: NDArray[np.int64], trained: NDArray[np.int64], target: str) -> Floats:
    """What each row counts beside the newest of its DAO, 1 in the mean."""
    counted = 0.5 ** (newer / np.maximum(HALVED_PART[target] * trained, HALVED_COUNT))
    found: Floats = counted / counted.mean()
    return found


class _BeliefFirst:
    """What boosting starts from: the belief, so that trees learn only where it errs."""

    def __init__(self, target: str) -> None:
        self.target = target

    def fit(self, rows: Floats, passed: Floats, sample_weight: Floats | None = None) -> "_BeliefFirst":
        """There is nothing to fit."""
        del rows, passed, sample_weight
        return self

    def predict_proba(self, rows: Floats) -> Floats:
        """The belief's probabilities of failing and passing."""
        passes = 1.0 / (1.0 + np.exp(-offset(rows, self.target)))
        return np.column_stack([1.0 - passes, passes])
