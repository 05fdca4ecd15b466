"""Widths of intervals: of the family's own held-out errors where these are enough, and as often right as they say."""

from dataclasses import replace

import numpy as np

from nlp.features import NAMES
from nlp.outcome_weights import BANDS, STAGES, expected, pack, unpack, width_key
from nlp.outcome_widths import FEWEST_IN_CELL, held_out_widths
from nlp.trees import no_trees
from tests.outcome_world import small_weights

CELLS = STAGES * (len(BANDS) + 1)


def test_half_and_nine_tenths_of_errors_lie_within() -> None:
    """In each cell with enough errors; a cell with too few takes those of its stage in every band, then those of all."""
    chance = np.random.default_rng(1)
    spread = {0: 1.0, 1: 5.0, STAGES: 2.0}
    cells = np.repeat([0, 1, STAGES], [4000, 4000, FEWEST_IN_CELL - 1])
    errors = chance.normal(0.0, np.array([spread[cell] for cell in cells]))
    widths = held_out_widths("share", errors, cells, np.full(len(cells), "snapshot"))["share"]

    assert widths.shape == (CELLS, 4)
    for cell in (0, 1):
        within = [
            (errors[cells == cell] >= low) & (errors[cells == cell] <= high) for low, high in (widths[cell, [1, 2]], widths[cell, [0, 3]])
        ]
        assert [round(float(each.mean()), 2) for each in within] == [0.5, 0.9]
    assert (
        widths[STAGES].tolist()
        == held_out_widths("share", errors[cells != 1], cells[cells != 1] * 0, np.full(4059, ""))["share"][0].tolist()
    )
    assert widths[2].tolist() == widths[STAGES + 2].tolist() == widths[3].tolist()
    assert widths[0, 3] < widths[2, 3] < widths[1, 3]


def test_a_family_has_widths_of_its_own_for_share_and_power() -> None:
    """Those with too few errors take the widths of all, as numbers of voters do everywhere."""
    chance = np.random.default_rng(2)
    families = np.repeat(["moloch", "snapshot", "dcl"], [600, 600, FEWEST_IN_CELL - 1])
    errors = chance.normal(0.0, np.where(families == "snapshot", 0.3, 0.01))
    cells = np.zeros(len(errors), dtype=np.int64)

    for target in ("share", "power"):
        found = held_out_widths(target, errors, cells, families)
        assert sorted(found) == [target, width_key(target, "moloch"), width_key(target, "snapshot")]
        narrow, wide = (found[width_key(target, family)][0, 3] for family in ("moloch", "snapshot"))
        assert narrow < found[target][0, 3] < wide
    assert list(held_out_widths("voters", errors, cells, families)) == ["voters"]


def test_errors_of_turnout_are_taken_both_ways_where_their_sign_is_one_eras() -> None:
    """Those of power always, of voters with much of the window gone; a share that was lower than expected is not higher next time."""
    errors = np.random.default_rng(3).exponential(1.0, STAGES * 500)
    cells, families = np.repeat(np.arange(STAGES), 500), np.full(STAGES * 500, "snapshot")

    def mirrored(target: str) -> list[bool]:
        widths = held_out_widths(target, errors, cells, families)[target][:STAGES]
        return [low == -high for low, high in widths[:, [0, 3]].tolist()]

    assert mirrored("share") == [False, False, False, False]
    assert mirrored("voters") == [False, False, False, True]
    assert mirrored("power") == [True, True, True, True]


def test_without_errors_there_is_no_width() -> None:
    """A model that was taught nothing of a quantity says its middle alone."""
    nothing = np.zeros(0)
    assert held_out_widths("share", nothing, nothing.astype(np.int64), np.zeros(0, dtype=np.str_))["share"].tolist() == [[0.0] * 4] * CELLS


def test_each_row_has_the_widths_of_its_family() -> None:
    """Also when read back from their bytes; a family nobody learnt of has those of all."""
    everyone, own = np.tile([-4.0, -2.0, 2.0, 4.0], (CELLS, 1)), np.tile([-0.4, -0.2, 0.2, 0.4], (CELLS, 1))
    small = small_weights()
    errors = {**small.errors, "share": everyone, width_key("share", "moloch"): own}
    weights = unpack(pack(replace(small, errors=errors, trees={**small.trees, "share": no_trees()})))
    rows = np.zeros((3, len(NAMES)))
    rows[:, NAMES.index("share_belief")] = 0.7

    middle, widths = expected(weights, rows, ["moloch", "unheard-of", "moloch"], "share")

    assert middle.tolist() == [0.7] * 3
    assert widths.tolist() == [own[0].tolist(), everyone[0].tolist(), own[0].tolist()]
    assert weights.errors.keys() == errors.keys()
