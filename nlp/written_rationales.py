"""Written vote rationales: whole texts by many invented delegates, three to a proposal: one for, one against, one abstaining.

`invented_rationales` puts sentences together; here each text argues as a whole. All of them were written for this project:
no DAO, person, proposal or vote in them exists. In the file a phrase that gives the vote away stands in double braces; a
reader meets it as written or, as in published collections of rationales, masked.
"""

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from random import Random

from nlp.dataset import LabelledText
from nlp.tasks import LABELS

DATASET = "written_rationales"
MASK = "[vote]"
# Of the texts that name their vote so many are masked: then only the reasons are left to learn from.
_MASKED = 0.6
# Where a source does not say which proposal a rationale belongs to, it is read against this word.
_NO_PROPOSAL = "proposal"
_WITHOUT_PROPOSAL = 0.2
_DECISION = re.compile(r"\{\{(.+?)\}\}", re.DOTALL)


def written_rationales(
    count: int, round_number: int, dice: Random, *, stances: Sequence[str] = LABELS["stance"], split: str = "train"
) -> list[LabelledText]:
    """`count` rationales of the `stances` in turn; round by round each text of a stance is seen before one is seen again."""
    dealt = range(round_number * count, (round_number + 1) * count)
    return [_rationale(_next(stances, number), dice, split) for number in dealt]


def _next(stances: Sequence[str], number: int) -> Mapping[str, str]:
    """The text at place `number` of an endless row in which the stances take turns."""
    turn, place = divmod(number, len(stances))
    stance = stances[place]
    pile = _texts()[stance]
    return pile[(turn * stances.count(stance) + stances[:place].count(stance)) % len(pile)]


def _rationale(written: Mapping[str, str], dice: Random, split: str) -> LabelledText:
    masked = dice.random() < _MASKED
    text = _DECISION.sub(lambda found: MASK if masked else found[1], written["text"])
    target = _NO_PROPOSAL if dice.random() < _WITHOUT_PROPOSAL else written["proposal"]
    label = LABELS["stance"].index(written["stance"])
    return LabelledText(dataset=DATASET, text=text, target=target, task="stance", label=label, split=split)


@cache
def _texts() -> Mapping[str, Sequence[Mapping[str, str]]]:
    """The texts of the file beside this module by stance, in an order that mixes subjects, always the same."""
    lines = Path(__file__).with_suffix(".jsonl").read_text(encoding="utf-8").splitlines()
    found: list[Mapping[str, str]] = [json.loads(line) for line in lines]
    Random(DATASET).shuffle(found)  # noqa: S311  an order, no secret
    return {stance: [text for text in found if text["stance"] == stance] for stance in LABELS["stance"]}
