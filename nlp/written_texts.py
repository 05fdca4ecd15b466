"""Texts written whole for this project to learn from: vote rationales of many delegates, arguments, posts and news.

`invented_rationales` puts sentences together; here each text is somebody's own. No DAO, firm, person, proposal or vote in them
exists; places do, and a few names everybody knows, as ETH. Each proposal, and each claim, has texts for it, against it and of
neither side. In a rationale a phrase that gives the vote away stands in double braces; a reader meets it as written or, as in
published collections, masked.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from random import Random

from nlp.dataset import LabelledText
from nlp.tasks import LABELS

RATIONALES = "written_rationales"
ARGUMENTS = "written_arguments"
POSTS = "written_posts"
MASK = "[vote]"
# Of the texts that name their vote so many are masked: then only the reasons are left to learn from. Those who refuse name it
# half as often, and a mask must not tell the side.
_MASKED = {"against": 0.9, "for": 0.55, "neutral": 0.45}
# Where a source does not say which proposal a rationale belongs to, it is read against this word.
NO_PROPOSAL = "proposal"
_WITHOUT_PROPOSAL = 0.2
_DECISION = re.compile(r"\{\{(.+?)\}\}", re.DOTALL)
_TASK = {RATIONALES: "stance", ARGUMENTS: "stance", POSTS: "sentiment"}


def written_rationales(count: int, round_number: int, dice: Random, *, stances: Sequence[str] = LABELS["stance"]) -> list[LabelledText]:
    """`count` rationales of the `stances` in turn; round by round each text of a stance is seen before one is seen again."""
    return [_rationale(written, dice) for written in _dealt(RATIONALES, stances, count, round_number)]


def written_arguments(count: int, round_number: int) -> list[LabelledText]:
    """`count` arguments of the three stances in turn, each beside its claim; dealt as rationales are."""
    return [_text(ARGUMENTS, written, written["claim"]) for written in _dealt(ARGUMENTS, LABELS["stance"], count, round_number)]


def written_posts(count: int, round_number: int) -> list[LabelledText]:
    """`count` posts and lines of news of the three moods in turn, beside what they are about where it is said; dealt as above."""
    return [_text(POSTS, written, written["about"]) for written in _dealt(POSTS, LABELS["sentiment"], count, round_number)]


def _dealt(name: str, labels: Sequence[str], count: int, round_number: int) -> list[Mapping[str, str]]:
    """The round's part of an endless row in which the labels take turns."""
    piles = _piles(name)
    found: list[Mapping[str, str]] = []
    for number in range(round_number * count, (round_number + 1) * count):
        turn, place = divmod(number, len(labels))
        pile = piles[labels[place]]
        before = turn * labels.count(labels[place]) + labels[:place].count(labels[place])
        found.append(pile[before % len(pile)])
    return found


def _rationale(written: Mapping[str, str], dice: Random) -> LabelledText:
    masked = dice.random() < _MASKED[written["stance"]]
    text = _DECISION.sub(lambda found: MASK if masked else found[1], written["text"])
    target = NO_PROPOSAL if dice.random() < _WITHOUT_PROPOSAL else written["proposal"]
    return replace(_text(RATIONALES, written, target), text=text)


def _text(name: str, written: Mapping[str, str], target: str) -> LabelledText:
    task = _TASK[name]
    label = LABELS[task].index(written[task])
    return LabelledText(dataset=name, text=written["text"], target=target, task=task, label=label, split="train")


@cache
def _piles(name: str) -> Mapping[str, Sequence[Mapping[str, str]]]:
    """The texts of the file beside this module by label, in an order that mixes subjects, always the same."""
    lines = Path(__file__).with_name(f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    found: list[Mapping[str, str]] = [json.loads(line) for line in lines]
    Random(name).shuffle(found)  # noqa: S311  an order, no secret
    task = _TASK[name]
    return {label: [text for text in found if text[task] == label] for label in LABELS[task]}
