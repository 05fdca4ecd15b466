"""Invented vote rationales: how delegates explain a vote, put together from wordings written for this project.

The licensed stance sets hold crowd arguments, tweets and treasury reviews. None holds a delegate who praises the work of a
team and votes against all the same, or who abstains over a conflict of interest. These texts teach that manner and no
fact: every DAO, person, proposal and figure in them is made up. The dao_* test sets were not read for them.
"""

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from nlp.dataset import LabelledText
from nlp.tasks import LABELS

DATASET = "invented_rationales"
# Of all texts so many say how they voted, some first, some last, some in the middle; the others only give reasons.
_DECISION_SAID = 0.75
_OTHER_SIDE_GRANTED = 0.5
_ANOTHERS_REASON = 0.2


def invented_rationales(count: int, dice: Random, *, stances: Sequence[str] = LABELS["stance"], split: str = "train") -> list[LabelledText]:
    """`count` rationales of the `stances` in turn; the same dice give the same texts."""
    return [_rationale(stances[number % len(stances)], dice, split) for number in range(count)]


def _rationale(stance: str, dice: Random, split: str) -> LabelledText:
    wordings = _wordings()
    subject = _filled(dice.choice(wordings["subjects"]), dice)
    title = _filled(dice.choice(wordings["title_forms"]), dice, subject=subject)
    opening = _filled(dice.choice(wordings["openings"]), dice, subject=subject)
    sentences = _argued(stance, dice)
    if dice.random() < _DECISION_SAID:
        decision = _filled(dice.choice(wordings["decisions"][stance]), dice)
        sentences.insert(dice.choice((0, len(sentences), dice.randrange(len(sentences) + 1))), decision)
    break_at = dice.choice((" ", " ", " ", "\n\n"))
    text = break_at.join(sentence for sentence in (opening, *sentences) if sentence)
    title = title[0].upper() + title[1:]
    return LabelledText(dataset=DATASET, text=text, target=title, task="stance", label=LABELS["stance"].index(stance), split=split)


def _argued(stance: str, dice: Random) -> list[str]:
    """One to five reasons, some neutral facts among them, and often what speaks for the other side first."""
    wordings = _wordings()
    reasons: list[str] = dice.sample(wordings["reasons"][stance], dice.choice((1, 1, 2, 2, 3, 4, 5)))
    if stance == "neutral" and dice.random() < _ANOTHERS_REASON:
        # An abstention that weighs both sides: a reason of each.
        reasons += [dice.choice(wordings["reasons"]["for"]), dice.choice(wordings["reasons"]["against"])]
    facts = [_filled(fact, dice) for fact in dice.sample(wordings["fillers"], dice.choice((0, 0, 0, 1, 2, 4)))]
    for fact in facts:
        reasons.insert(dice.randrange(len(reasons) + 1), fact)
    if dice.random() < _OTHER_SIDE_GRANTED:
        granted = dice.sample(wordings["concessions"][stance], dice.choice((1, 1, 2)))
        join = dice.choice(("", *wordings["joins"][stance]))
        reasons[0] = f"{join} {reasons[0][0].lower() + reasons[0][1:]}" if join else reasons[0]
        reasons = [*granted, *reasons]
    return reasons


def _filled(wording: str, dice: Random, *, subject: str = "") -> str:
    slots = {name: dice.choice(words) for name, words in _wordings()["slots"].items()}
    return wording.format(**slots, subject=subject)


@cache
def _wordings() -> dict[str, Any]:
    """The wordings by kind, as the file beside this module holds them."""
    found: dict[str, Any] = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
    return found
