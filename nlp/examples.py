"""Labelled rows as training examples: one window each, in batches of like length."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from nlp.dataset import LabelledText
from nlp.plain_text import plain_text
from nlp.windows import TARGET_TOKENS, Tokens, Window, WindowCut

# Batches per sorted block: long enough to save padding, short enough to stay well mixed.
BLOCK = 50


@dataclass(frozen=True, slots=True)
class Example:
    """One window with the label of the text it was cut from, and with its soft labels, if a teacher was asked."""

    window: Window
    task: str
    label: int
    soft_labels: tuple[float, ...] = ()


def examples(rows: Sequence[LabelledText], tokens: Tokens, cut: WindowCut, dice: Random) -> list[Example]:
    """One example per row: of a long text, any one of the windows a reader would read, by a throw of the dice."""
    texts = tokens.encode([plain_text(row.text) for row in rows])
    targets = tokens.encode([plain_text(row.target) for row in rows])
    made: list[Example] = []
    for row, text, target in zip(rows, texts, targets, strict=True):
        start, end = dice.choice(cut.spans(len(text), min(len(target), TARGET_TOKENS)))
        made.append(Example(tokens.window(text[start:end], target), row.task, row.label, row.soft_labels))
    return made


def batched(made: Sequence[Example], rows: int, dice: Random) -> list[list[Example]]:
    """Batches of `rows` examples of like length, in random order: sorted within blocks, shuffled as batches."""
    batches: list[list[Example]] = []
    for start in range(0, len(made), rows * BLOCK):
        block = sorted(made[start : start + rows * BLOCK], key=lambda example: len(example.window.ids))
        batches += [block[at : at + rows] for at in range(0, len(block), rows)]
    dice.shuffle(batches)
    return batches
