"""Fitting the parts of the outcome model: kernels by walking forward, trees by boosting, widths by held-out errors."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
from numpy.typing import NDArray

from nlp.base_rates import family, pooled_rate
from nlp.calibration import Calibration, fit_best, identity
from nlp.features import BEFORE_ACTIVITY, NAMES, FeatureRecipe
from nlp.outcome_belief import Asked, Beliefs, Kernel, Points, one_thread, targets
from nlp.outcome_record import DaoRecord
from nlp.outcome_skill import held_out_skill
from nlp.outcome_weights import (
    BANDS,
    PROBABILITIES,
    QUANTILES,
    QUANTITIES,
    STAGES,
    TARGETS,
    TREES,
    VOTING,
    OutcomeWeights,
    band,
    cell,
    offset,
    only_totals,
    passing,
    raw_probability,
)
from nlp.random_boosting import RandomBoosting
from nlp.trees import Trees, from_boosting, no_trees

Floats = NDArray[np.float64]

# Where the search for a kernel starts: likeness in every respect counts a little.
START = Kernel(
    level=0.2, drift=0.02, kind=0.13, kind_drift=0.15, author=0.07, author_drift=0.2,
    text=0.2, kind_text=0.5, sharpness=1.6, fade=700.0, text_fade=2200.0,
)  # fmt: skip
_LEAST = Kernel(
    level=1e-3, drift=1e-4, kind=1e-4, kind_drift=1e-4, author=1e-4, author_drift=1e-4,
    text=1e-3, kind_text=1e-4, sharpness=0.5, fade=60.0, text_fade=60.0,
)  # fmt: skip
_MOST = Kernel(
    level=5.0, drift=3.0, kind=3.0, kind_drift=3.0, author=3.0, author_drift=3.0,
    text=3.0, kind_text=3.0, sharpness=12.0, fade=2000.0, text_fade=4000.0,
)  # fmt: skip
# A family of kinds has a pooled rate of its own from this many proposals; below it, that of all proposals is taken.
FAMILY_COUNT = 100
# At most this many forecasts of one DAO judge a kernel, so that one long record does not decide for all.
JUDGED_PER_DAO = 120
# Running totals without sides say little of passing, and one DAO has thousands of them.
TOTALS_WEIGHT = 0.1
# What passing does not look at: expected powers and quorums tell eras apart, and the next era's are others.
_UNSEEN = ("power_belief", "reached_belief", "quorum", "quorum_belief", "quorum_so_far", "power_pace", "alike_passed")
BLIND = np.isin(NAMES, _UNSEEN)
# Fewer held-out rows calibrate nothing.
FEWEST_TO_CALIBRATE = 40
FEWEST_IN_CELL = 60

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

    `between`: a moment between the usual ones, from which only the trees for a running vote learn.
    """

    row: Floats
    passed: float
    share: float
    voters: float
    power: float
    reached: float
    weight: float
    late: bool
    family: str = ""
    dao: str = ""
    between: bool = False


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
        )

    def where(self, keep: NDArray[np.bool_]) -> "Sheet":
        """The lessons for which `keep` is true."""
        columns = {name: column[keep] for name, column in self.targets.items()}
        return Sheet(
            self.rows[keep], columns, self.weights[keep], self.late[keep], self.families[keep], self.daos[keep], self.between[keep]
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


def search_kernel(
    records: Sequence[DaoRecord],
    *,
    target: str,
    pooled: Mapping[str, float],
    trials: int,
    seed: int,
    step: Callable[[], None] = lambda: None,
) -> Kernel:
    """The best of `trials` kernels by squared error of forecasts made in time order within each record.

    A random walk in the logarithms from `START`; the same seed and records give the same kernel.
    """
    rng = np.random.default_rng(seed)
    best, lowest = START, walk_error(records, START, target=target, pooled=pooled)
    step()
    for _ in range(trials - 1):
        kernel = _neighbour(best, rng)
        error = walk_error(records, kernel, target=target, pooled=pooled)
        if error < lowest:
            best, lowest = kernel, error
        step()
    return best


def walk_error(records: Sequence[DaoRecord], kernel: Kernel, *, target: str, pooled: Mapping[str, float]) -> float:
    """Mean squared error of `target` over the records, each proposal forecast from what was closed at its start."""
    errors: list[float] = []
    for record in records:
        beliefs, column = Beliefs(), targets(record, target)
        usable = np.flatnonzero(np.isfinite(column))[2:]
        kinds = {code: kind for kind, code in record.kind_codes.items()}
        for row in usable[:: max(len(usable) // JUDGED_PER_DAO, 1)]:
            prior = pooled_rate(kinds.get(int(record.kinds[row]), ""), pooled) if target == "passed" else None
            point = Points.of(record, np.array([row]))
            known = record.known_before(float(record.published[row]))
            with one_thread():
                mean = beliefs.ask(record, known, point, {target: Asked(kernel, prior)})[target].mean
            if np.isfinite(mean):
                errors.append((mean - float(column[row])) ** 2)
    return float(np.mean(errors))


def fit_weights(recipe: FeatureRecipe, sheet: Sheet, *, trained_until: Mapping[str, int], seed: int) -> tuple[OutcomeWeights, str]:
    """All weights from training rows in time order, and the name of the quorum's calibration that won.

    Calibration, interval widths and skill come from the `late` rows, forecast by trees that saw only the others; the trees
    that are kept are then fitted on all rows.
    """
    early, late = sheet.where(~sheet.late), sheet.where(sheet.late & ~sheet.between)
    trial = {target: fit_trees(early, target, seed=seed) for target in TREES}
    # Passing is calibrated by the DAO's latest results (`outcome_recent`): a map over all DAOs of one era was off in the next.
    told = late.where(np.isfinite(late.targets["reached"]))
    name, reached = _calibrated(trial["reached"], told, "reached")
    calibration = {"passed": identity(), "reached": reached}
    said = calibration["passed"].apply(passing(trial, late.rows))
    return OutcomeWeights(
        recipe=recipe,
        trees={target: fit_trees(sheet, target, seed=seed) for target in TREES},
        calibration=calibration,
        errors={target: held_out_errors(trial[target], late, target) for target in QUANTITIES},
        skill=held_out_skill(said, late.rows, late.targets["passed"], families=late.families, daos=late.daos, bands=band(late.rows)),
        trained_until=trained_until,
    ), name


def _calibrated(trees: Trees, late: Sheet, target: str) -> tuple[str, Calibration]:
    if len(late.rows) < FEWEST_TO_CALIBRATE:
        return "identity", identity()
    return fit_best(raw_probability(trees, late.rows, target), late.targets[target])


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
    known &= sheet.rows[:, NAMES.index("hours_open")] > 0 if target == VOTING else ~sheet.between
    rows, wanted, weights = sheet.rows[known], answers[known], sheet.weights[known]
    if target in (*PROBABILITIES, VOTING) and len(np.unique(wanted)) < 2:
        return no_trees()
    if target in ("passed", VOTING):
        weights = weights * np.where(only_totals(rows), TOTALS_WEIGHT, 1.0)
        rows = np.where(BLIND, 0.0, rows)
    if target == VOTING:
        return RandomBoosting().fit(rows, wanted, weights, offset=offset(rows, target), seed=seed)
    # In a running vote silence amid other votes tells much; before the vote, what else goes on told nothing.
    rows = rows[:, :BEFORE_ACTIVITY]
    if target in PROBABILITIES:
        model = GradientBoostingClassifier(**BOOSTING, random_state=seed, init=_BeliefFirst(target))
        return from_boosting(model.fit(rows, wanted, sample_weight=weights), 0.0)
    if len(rows) < FEWEST_TO_CALIBRATE:
        return no_trees()
    model = GradientBoostingRegressor(**BOOSTING_QUANTITIES, loss="huber", init="zero", random_state=seed)
    return from_boosting(model.fit(rows, wanted - offset(rows, target), sample_weight=weights), 0.0)


def held_out_errors(trees: Trees, late: Sheet, target: str) -> Floats:
    """The `QUANTILES` of (truth - estimate) per cell: split-conformal widths.

    Quantiles are the conformal ones, rank ceil((n + 1) q) (Vovk et al.; Lei et al., 2018, §2.2); a cell with too
    few rows takes those of its stage, else of all.
    """
    known = np.isfinite(late.targets[target]) & (offset(late.rows, target) >= 0.0)
    rows = late.rows[known]
    errors = late.targets[target][known] - (offset(rows, target) + trees.sum(rows))
    cells = cell(rows)
    widths = []
    for place in range(STAGES * (len(BANDS) + 1)):
        choices = (errors[cells == place], errors[cells % STAGES == place % STAGES], errors, np.zeros(1))
        widths.append(_conformal(next(found for found in choices if len(found) >= FEWEST_IN_CELL or found is choices[-1])))
    return np.array(widths)


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


def _conformal(errors: Floats) -> tuple[float, ...]:
    ordered, count = np.sort(errors), len(errors)
    upper = [min(int(np.ceil((count + 1) * part)), count) - 1 for part in QUANTILES if part > 0.5]
    lower = [count - 1 - place for place in reversed(upper)]
    return tuple(float(ordered[place]) for place in (*lower, *upper))


def _neighbour(kernel: Kernel, rng: np.random.Generator) -> Kernel:
    """Some numbers of a kernel, each multiplied by a random factor, inside bounds."""
    numbers, least, most = asdict(kernel), asdict(_LEAST), asdict(_MOST)
    moved = {
        name: float(np.clip(value * np.exp(rng.normal(0.0, 0.8)), least[name], most[name]))
        for name, value in numbers.items()
        if rng.random() < 0.4
    }
    return replace(kernel, **{name: float(f"{value:.4g}") for name, value in moved.items()})
