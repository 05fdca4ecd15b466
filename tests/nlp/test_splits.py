"""Splits written down: enough to see whether somebody trains on the rows that others tested on."""

from dataclasses import replace

from nlp.dataset import LabelledText
from nlp.splits import splits

ROWS = [LabelledText("sst5_as3", f"film {number}", "", "sentiment", number % 3, "train" if number < 4 else "test") for number in range(6)]


def test_rows_are_counted_by_set_and_split() -> None:
    """A set that lost its test rows shows it."""
    told = splits([*ROWS, replace(ROWS[0], dataset="sentfin")])

    assert {name: {split: each["rows"] for split, each in of_set.items()} for name, of_set in told.items()} == {
        "sst5_as3": {"train": 4, "test": 2},
        "sentfin": {"train": 1},
    }


def test_the_same_rows_in_another_order_are_the_same_split() -> None:
    """A file sorted anew is no other data."""
    assert splits(ROWS[::-1]) == splits(ROWS)


def test_a_row_that_changed_sides_or_labels_changes_the_digest() -> None:
    """Counts alone would not tell that a test row was swapped for a training row."""
    swapped = [replace(ROWS[4], split="train"), *ROWS[1:4], replace(ROWS[0], split="test"), ROWS[5]]
    relabelled = [replace(ROWS[0], label=2), *ROWS[1:]]

    assert splits(swapped)["sst5_as3"]["train"] != splits(ROWS)["sst5_as3"]["train"]
    assert splits(relabelled)["sst5_as3"]["train"] != splits(ROWS)["sst5_as3"]["train"]
