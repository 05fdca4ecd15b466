"""Training texts varied: words for their neighbours, words left out, a part of a text, two texts run into one.

Nobody labelled a varied text; a teacher does. So the small encoder learns what the large one says between the texts that people
labelled, where most of the difference between them lies (TinyBERT, Jiao et al. 2020, section 3.3, with a table of words in
place of a masked language model). Imports torch.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

from nlp.base_tensors import WORD_TABLE, base_tensors
from nlp.dataset import LabelledText
from nlp.sampling import seeded

# A word's neighbours: the nearest of the table, by cosine around its mean, and not as far as this.
_NEAREST, _LIKENESS = 12, 0.25
_FEWEST_LETTERS, _FEWEST_WORDS = 3, 3
# A throw of the dice below the first runs a text together with another, from there to the third takes a part of it; from the second on
# words are swapped and left out.
_RUN_TOGETHER, _SWAPPED_FROM, _CUT = 0.25, 0.35, 0.45
_SWAPPED_SHARES = (0.1, 0.2, 0.35)
_LEFT_OUT = 0.06
_LONGEST = 60
_AROUND_A_WORD = ".,!?:;()\"'"
_BLOCK = 2000

Neighbours = Mapping[str, Sequence[str]]


def neighbours(base: Path) -> Neighbours:
    """Of each whole word the base encoder knows, the words whose vectors are nearest, nearest first; "raised" has "lowered" too."""
    vocabulary = json.loads((base / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]
    words = [word for word in vocabulary if word.isalpha() and len(word) >= _FEWEST_LETTERS]
    table = base_tensors(base)[WORD_TABLE][[vocabulary[word] for word in words]].float()
    table = table - table.mean(dim=0)
    table = table / table.norm(dim=1, keepdim=True)
    near: dict[str, Sequence[str]] = {}
    for start in range(0, len(words), _BLOCK):
        likeness, places = (table[start : start + _BLOCK] @ table.T).topk(min(_NEAREST + 1, len(words)), dim=1)
        for word, alike, found in zip(words[start : start + _BLOCK], likeness.tolist(), places.tolist(), strict=True):
            near[word] = [words[place] for like, place in zip(alike, found, strict=True) if words[place] != word and like > _LIKENESS]
    return near


def varied_rows(rows: Sequence[LabelledText], counts: Mapping[str, int], near: Neighbours) -> list[LabelledText]:
    """So many varied rows of each set's `train` rows, the same whenever it is asked. Their labels are still their texts' own."""
    varied: list[LabelledText] = []
    for name, count in counts.items():
        pile = [row for row in rows if row.dataset == name and row.split == "train" and row.text.strip()]
        dice = seeded("varied", name)
        varied += [_varied(pile[number % len(pile)], dice.choice(pile), near, dice) for number in range(count if pile else 0)]
    return varied


def labelled_by_teacher(varied: Sequence[LabelledText]) -> list[LabelledText]:
    """The rows with the label their soft labels hold most likely."""
    return [replace(row, label=row.soft_labels.index(max(row.soft_labels))) for row in varied]


def _varied(row: LabelledText, other: LabelledText, near: Neighbours, dice: Random) -> LabelledText:
    words = row.text.split()
    kind = dice.random()
    if kind < _RUN_TOGETHER:
        words = _run_together(words, other.text.split(), dice)
    elif kind < _CUT:
        length = dice.randint(min(_FEWEST_WORDS, len(words)), len(words))
        start = dice.randint(0, len(words) - length)
        words = words[start : start + length]
    if kind >= _SWAPPED_FROM:
        share = dice.choice(_SWAPPED_SHARES)
        words = [_swapped(word, share, near, dice) for word in words if dice.random() >= _LEFT_OUT] or words
    return replace(row, text=" ".join(words), soft_labels=())


def _run_together(words: Sequence[str], others: Sequence[str], dice: Random) -> list[str]:
    """The beginning of one text and the end of the other."""
    end, begin = dice.randint(0, len(words)), dice.randint(0, len(others))
    first = [*words[:end], *others[begin:]] if dice.random() < 0.5 else [*others[:begin], *words[end:]]
    return (first or list(words))[:_LONGEST]


def _swapped(word: str, share: float, near: Neighbours, dice: Random) -> str:
    core = word.strip(_AROUND_A_WORD)
    found = near.get(core.lower())
    return word.replace(core, dice.choice(found)) if found and dice.random() < share else word
