"""Disturbed texts, as training sees them: other letters, same label."""

from random import Random

from benchmarks.hostile_text import PRAISE, PRAISES
from nlp.dataset import LabelledText
from nlp.disturbances import disturbed

ROW = LabelledText("argkp21", "The budget doubles while the number of users stays where it was last year.", "Fund it", "stance", 0, "train")


def test_a_disturbed_row_keeps_everything_but_its_text() -> None:
    """The label is what training is about: cheers pasted behind a refusal do not make it an approval."""
    for seed in range(200):
        found = disturbed(ROW, Random(seed))

        assert (found.label, found.target, found.task, found.dataset) == (ROW.label, ROW.target, ROW.task, ROW.dataset)
        assert len(found.text) > 0.8 * len(ROW.text)


def test_every_manner_occurs_and_most_texts_change() -> None:
    """Slips alone, or cheers alone, would leave the other way open."""
    texts = [disturbed(ROW, Random(seed)).text for seed in range(300)]

    assert sum(text.startswith(ROW.text) and len(text) > len(ROW.text) for text in texts) > 60
    assert sum(not text.startswith(ROW.text) for text in texts) > 100
    assert sum(text == ROW.text for text in texts) < 30
    assert disturbed(ROW, Random(7)) == disturbed(ROW, Random(7))


def test_what_is_measured_with_was_not_trained_with() -> None:
    """A benchmark of sentences the model was trained on would measure memory."""
    texts = [disturbed(ROW, Random(seed)).text for seed in range(500)]

    assert not [text for text in texts for praise in (PRAISE, *PRAISES) if praise.strip() in text]
