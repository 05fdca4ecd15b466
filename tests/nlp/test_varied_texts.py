"""Varied training texts: made of training rows alone, the same each time, and labelled by the teacher alone."""

from collections import Counter
from dataclasses import replace

import pytest

from nlp.base_weights import base_folder
from nlp.dataset import TRAINABLE, LabelledText
from nlp.teacher_recipe import TEACHERS, VARIED_TEXTS
from nlp.varied_texts import Neighbours, labelled_by_teacher, neighbours, varied_rows

GLAD = "the fund raised its dividend again and shareholders cheered"
SAD = "regulators rejected this merger, sending both stocks lower today"
# Words of no text above: what is swapped can be told from what is not.
NEAR = {word: ("swapped", "replaced") for text in (GLAD, SAD) for word in text.replace(",", "").split()}


def row(text: str, label: int, split: str = "train", dataset: str = "sentfin") -> LabelledText:
    """A sentiment row."""
    return LabelledText(dataset, text, "fund", "sentiment", label, split)


ROWS = [row(GLAD, 2), row(SAD, 0), row("a row of the test split", 1, "test"), row("a film of another set", 1, dataset="sst5_as3")]


@pytest.fixture(scope="module")
def near() -> Neighbours:
    """The neighbours the base encoder's table of words gives."""
    return neighbours(base_folder())


def test_neighbours_are_words_of_like_use_and_never_the_word_itself(near: Neighbours) -> None:
    """Opposites are among them: that is why nobody but a teacher can label what is made of them."""
    assert {"raise", "raising", "lowered"} <= set(near["raised"])
    assert {"falling", "fell"} <= set(near["fall"])
    assert all(word not in found and len(found) <= 12 for word, found in near.items())
    assert 15_000 < len(near) < 30_522
    assert not [word for word in near if not word.isalpha() or len(word) < 3]


def test_only_training_rows_of_the_sets_named_are_varied_as_often_as_asked(near: Neighbours) -> None:
    """A varied test row would carry it into training."""
    varied = varied_rows(ROWS, {"sentfin": 40, "twitter_fin_news": 5}, near)

    assert Counter((made.dataset, made.split, made.task, made.target) for made in varied) == {("sentfin", "train", "sentiment", "fund"): 40}
    said = {word for made in varied_rows(ROWS, {"sentfin": 200}, {}) for word in made.text.split()}
    assert said <= set(f"{GLAD} {SAD}".split())
    assert varied == varied_rows(ROWS, {"sentfin": 40, "twitter_fin_news": 5}, near)


def test_words_are_swapped_left_out_and_texts_cut_and_run_together() -> None:
    """Every manner occurs; none leaves a text empty."""
    varied = [made.text for made in varied_rows(ROWS, {"sentfin": 400}, NEAR)]

    assert all(text.strip() for text in varied)
    assert any("swapped" in text for text in varied)
    glad, sad = set(GLAD.split()), set(SAD.split())
    together = [text for text in varied if set(text.split()) & glad and set(text.split()) & sad]
    assert 40 < len(together) < 160
    lengths = Counter(len(text.split()) for text in varied)
    assert {3, len(GLAD.split())} <= set(lengths)
    # The mark behind a swapped word stays.
    assert any("swapped, " in text or "replaced, " in text for text in varied)


def test_a_text_of_one_word_survives() -> None:
    """Nothing to cut, nothing to run together but itself."""
    assert {made.text for made in varied_rows([row("bullish", 2)], {"sentfin": 60}, {})} == {"bullish", "bullish bullish"}


def test_a_varied_text_has_the_label_its_teacher_holds_most_likely() -> None:
    """The label of the text it was made from may be false of it: "raised" has become "lowered"."""
    made = [replace(row(GLAD, 2), soft_labels=soft) for soft in ((0.7, 0.2, 0.1), (0.1, 0.5, 0.4))]

    assert [known.label for known in labelled_by_teacher(made)] == [0, 1]


def test_the_recipe_varies_what_a_teacher_learnt() -> None:
    """Nobody would label the others; and a teacher may learn licensed rows alone."""
    learnt = {name for teacher in TEACHERS for name in teacher.sampling.quotas}

    assert set() < set(VARIED_TEXTS) <= learnt <= set(TRAINABLE)
