"""Which rows the baselines learn from, and that those that cannot learn are named."""

from collections.abc import Sequence

import numpy as np
import pytest

from nlp.dataset import LabelledText
from nlp.text_baselines import FEWEST_OWN_ROWS, VADER_CHARACTERS, Baselines, Floats, Vader


def letters(texts: Sequence[str]) -> Floats:
    """An embedding that knows how often the vowels occur."""
    return np.array([[text.count(vowel) for vowel in "aeiou"] for text in texts], dtype=np.float64)


def rows(
    dataset: str, count: int, *, labels: Sequence[int] = (0, 1, 2), texts: Sequence[str] = ("bad day", "a day", "good day")
) -> list[LabelledText]:
    """Training rows whose label and text go round together."""
    return [LabelledText(dataset, texts[n % len(texts)], "", "sentiment", labels[n % len(labels)], "train") for n in range(count)]


def commonest(baselines: Baselines, dataset: str) -> int:
    """The label that "majority" gives, which shows what it counted."""
    majority = next(each for each in baselines.fitted("sentiment", dataset).baselines if each.name == "majority")
    return int(majority.scores(rows(dataset, 1)).argmax())


@pytest.mark.parametrize(("own", "label"), [(FEWEST_OWN_ROWS, 0), (FEWEST_OWN_ROWS - 1, 2)])
def test_a_set_with_too_few_rows_of_its_own_learns_from_its_whole_task(own: int, label: int) -> None:
    """A baseline of a dozen rows is a straw man."""
    baselines = Baselines([*rows("own", own, labels=(0, 0, 1)), *rows("other", 300, labels=(2, 2, 1))], letters)

    assert commonest(baselines, "own") == label


@pytest.mark.parametrize(
    "own",
    [rows("own", 60, labels=(1,)), rows("own", 60, texts=("",))],
    ids=["one label", "no words"],
)
def test_rows_of_its_own_that_cannot_fit_give_way_to_those_of_the_task(own: list[LabelledText]) -> None:
    """scikit-learn refuses such rows; the set is measured beside every baseline all the same."""
    found = Baselines([*own, *rows("other", 300)], letters).fitted("sentiment", "own")

    assert [each.name for each in found.baselines] == ["majority", "vader", "tfidf_lr", "frozen_minilm_lr"]
    assert found.left_out == []
    for each in found.baselines:
        assert np.isfinite(each.scores(own)).all()


@pytest.mark.parametrize(
    ("training", "left", "reason"),
    [
        ([], ["majority", "tfidf_lr", "frozen_minilm_lr"], "no training rows"),
        (rows("own", 60, labels=(1,)), ["tfidf_lr", "frozen_minilm_lr"], "one label only"),
        (rows("own", 60, texts=("",)), ["tfidf_lr"], "cannot fit it: "),
        (rows("own", 3, texts=("one", "two", "three")), ["tfidf_lr"], "After pruning, no terms remain"),
    ],
    ids=["none", "one label", "no words", "no word twice"],
)
def test_what_no_rows_can_fit_is_named_with_the_reason(training: list[LabelledText], left: list[str], reason: str) -> None:
    """A baseline that vanishes without a word looks like one that was beaten."""
    found = Baselines(training, letters).fitted("sentiment", "own")

    assert [name for name, _ in found.left_out] == left
    assert all(reason in why for _, why in found.left_out)
    assert [each.name for each in found.baselines if each.name in left] == []


def test_vader_reads_long_texts_in_pieces() -> None:
    """It takes the square of a length: 300,000 characters would take minutes. Up to its limit nothing changes."""
    long = "a good day, a bad night and a happy morning. " * 1_000
    short = long[:VADER_CHARACTERS]
    both = [LabelledText("own", text, "", "sentiment", 2, "test") for text in (long, short, "", "This is bad.")]

    assert Vader().scores(both).argmax(axis=1).tolist() == [2, 2, 1, 0]
