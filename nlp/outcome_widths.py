"""How wide the intervals of a quantity are: split-conformal, from held-out errors per stage of the vote and band of history."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from nlp.outcome_weights import BANDS, QUANTILES, STAGES, width_key

Floats = NDArray[np.float64]

FEWEST_IN_CELL = 60
# Where the mechanism says how wide: shares are nearly all or nothing among DAOstack's and DAOhaus' voters and spread on Snapshot, and
# power is counted in units of its own. Numbers of voters miss by a factor, which was much the same for all.
OF_FAMILIES = ("share", "power")
# The stages (`nlp.outcome_weights.stage`) in which errors are taken both ways, since what one era has more of, in the mean, the next has
# less of: widths of one sign held 60 % of Decentraland's voters at half time where they should have held 90. Before much of the window is
# gone voters are told as they came: many more than usual come more often than many fewer.
BOTH_WAYS: Mapping[str, tuple[int, ...]] = {"share": (), "voters": (STAGES - 1,), "power": tuple(range(STAGES))}


def held_out_widths(target: str, errors: Floats, cells: NDArray[np.int64], families: NDArray[np.str_]) -> dict[str, Floats]:
    """The `QUANTILES` of `errors` (truth - estimate) per cell, over all families by name of the target, and of each with enough errors.

    The quantiles are the conformal ones, rank ceil((n + 1) q) (Vovk et al.; Lei et al., 2018, §2.2); a cell with too few errors takes
    those of its stage, else of all.
    """
    found = {target: _by_cell(target, errors, cells)}
    for family in sorted(set(families.tolist())) if target in OF_FAMILIES else ():
        mine = families == family
        if mine.sum() >= FEWEST_IN_CELL:
            found[width_key(target, family)] = _by_cell(target, errors[mine], cells[mine])
    return found


def _by_cell(target: str, errors: Floats, cells: NDArray[np.int64]) -> Floats:
    rows = []
    for place in range(STAGES * (len(BANDS) + 1)):
        choices = (errors[cells == place], errors[cells % STAGES == place % STAGES], errors)
        found = next((one for one in choices if len(one) >= FEWEST_IN_CELL), np.zeros(1))
        rows.append(_conformal(np.concatenate([found, -found]) if place % STAGES in BOTH_WAYS[target] else found))
    return np.array(rows)


def _conformal(errors: Floats) -> tuple[float, ...]:
    ordered, count = np.sort(errors), len(errors)
    upper = [min(int(np.ceil((count + 1) * part)), count) - 1 for part in QUANTILES if part > 0.5]
    lower = [count - 1 - place for place in reversed(upper)]
    return tuple(float(ordered[place]) for place in (*lower, *upper))
