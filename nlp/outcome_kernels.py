"""The search for the belief's kernels: which likeness counts how much, judged by walking forward in time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace

import numpy as np

from nlp.base_rates import pooled_rate
from nlp.one_thread import one_thread
from nlp.outcome_belief import Asked, Beliefs, Kernel, targets
from nlp.outcome_points import Points
from nlp.outcome_record import DaoRecord

# Where the search for a kernel starts: likeness in every respect counts a little.
START = Kernel(
    level=0.2, drift=0.02, kind=0.13, kind_drift=0.15, author=0.07, author_drift=0.2,
    text=0.2, kind_text=0.5, sharpness=1.6, fade=700.0, text_fade=2200.0, kind_words=0.6,
)  # fmt: skip
_LEAST = Kernel(
    level=1e-3, drift=1e-4, kind=1e-4, kind_drift=1e-4, author=1e-4, author_drift=1e-4,
    text=1e-3, kind_text=1e-4, sharpness=0.5, fade=60.0, text_fade=60.0, kind_words=1e-3,
)  # fmt: skip
_MOST = Kernel(
    level=5.0, drift=3.0, kind=3.0, kind_drift=3.0, author=3.0, author_drift=3.0,
    text=3.0, kind_text=3.0, sharpness=12.0, fade=2000.0, text_fade=4000.0, kind_words=3.0,
)  # fmt: skip
# At most this many forecasts of one DAO judge a kernel, so that one long record does not decide for all.
JUDGED_PER_DAO = 120


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
            point = Points.of(record, np.array([row]), words=bool(kernel.kind_words))
            known = record.known_before(float(record.published[row]))
            with one_thread():
                mean = beliefs.ask(record, known, point, {target: Asked(kernel, prior)})[target].mean
            if np.isfinite(mean):
                errors.append((mean - float(column[row])) ** 2)
    return float(np.mean(errors))


def _neighbour(kernel: Kernel, rng: np.random.Generator) -> Kernel:
    """Some numbers of a kernel, each multiplied by a random factor, inside bounds."""
    numbers, least, most = asdict(kernel), asdict(_LEAST), asdict(_MOST)
    moved = {
        name: float(np.clip(value * np.exp(rng.normal(0.0, 0.8)), least[name], most[name]))
        for name, value in numbers.items()
        if rng.random() < 0.4
    }
    return replace(kernel, **{name: float(f"{value:.4g}") for name, value in moved.items()})
