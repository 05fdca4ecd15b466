"""Teaches the stance head of a text model from vote reasons: the encoder, the sentiment head and every other byte stay."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save

from governance.canonical import fixed
from governance.errors import InvalidInput, ModelUnavailable
from governance.promotions import UNIT, HeldOutResult, decide_promotion
from governance.tally import VotingType, read_choice, voting_type
from governance.text_lessons import StanceLesson, TextCandidate
from nlp.last_layer import head_step
from nlp.model_store import SHIPPED, find_weights, read_header, read_weights
from nlp.plain_text import plain_target, plain_text
from nlp.stance import LABELS
from nlp.temperature import softmax, temperatures
from nlp.text_metrics import Figures, figures
from nlp.votes_so_far import sides

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
# (plain text, plain target) pairs in, one vector each out.
Pooler = Callable[[Sequence[tuple[str, str]]], Floats]

NAME = "text"
HELD_OUT_PART = 0.3
# Of what is left, the latest part chooses how far the head may move.
CHOOSING_PART = 0.25
FEWEST_LESSONS = 60
# Nobody teaches the model alone: of one voter only so many reasons count, the latest.
MOST_PER_VOTER = 20
FEWEST_WORDS = 3
# So many characters of a reason are learnt from: of 152 rationales of delegates none says more, of treasury reviews one in a thousand;
# reading a thousand of 100,000 would take days.
LONGEST_READ = 4_000
# How strongly the head is held where it is, per lesson, from hardly to completely.
_HOLDS = (3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 1.0)
_WEIGHT, _BIAS = "heads.stance.weight", "heads.stance.bias"
_TEMPERATURE_WEIGHT, _TEMPERATURE_BIAS = "temperatures.stance.weight", "temperatures.stance.bias"


@dataclass(frozen=True, slots=True)
class Sheet:
    """Lessons as numbers, by time: pooled vectors, the incumbent's logits and temperatures, labels, whose proposal each is about."""

    vectors: Floats
    logits: Floats
    temperatures: Floats
    labels: Integers
    groups: tuple[str, ...]

    @property
    def calibrated(self) -> Floats:
        """The logits, each row divided by its temperature."""
        return self.logits / self.temperatures[:, None]

    def where(self, chosen: NDArray[np.bool_]) -> "Sheet":
        """The chosen rows."""
        groups = tuple(group for group, taken in zip(self.groups, chosen, strict=True) if taken)
        return Sheet(self.vectors[chosen], self.logits[chosen], self.temperatures[chosen], self.labels[chosen], groups)


@dataclass(frozen=True, slots=True)
class Step:
    """What is added to the head: one row per label, the last column for the bias."""

    values: Floats

    def logits(self, sheet: Sheet) -> Floats:
        """The moved head's logits, calibrated."""
        moved: Floats = (sheet.logits + _with_one(sheet.vectors) @ self.values.T) / sheet.temperatures[:, None]
        return moved


class TextRetrainer:
    """The `TextTrainer` of the shipped text model."""

    def __init__(self, shipped: Path = SHIPPED) -> None:
        self._shipped = shipped

    def train(self, lessons: Sequence[StanceLesson], incumbent: bytes | None, *, margin_micronats: int) -> TextCandidate:
        """A candidate beside `incumbent`, or beside what ships; see `retrain_stance`."""
        serving = read_weights(find_weights(NAME, self._shipped)) if incumbent is None else incumbent
        return retrain_stance(lessons, serving, margin_micronats=margin_micronats)


def retrain_stance(
    lessons: Sequence[StanceLesson], incumbent: bytes, *, margin_micronats: int, pooler: Pooler | None = None
) -> TextCandidate:
    """Refit the stance head of `incumbent` (weights bytes) on the earlier lessons, and judge both on the later 30 %.

    The held-out lessons are about other proposals than those learnt from. How far the head may move from where it is
    (a ridge penalty on the difference) is chosen on the latest quarter of the earlier lessons. `pooler` stands in for
    the encoder of `incumbent`, for a caller that knows its vectors already. Raises `InvalidInput` when fewer than
    `FEWEST_LESSONS` usable lessons, or lessons of one label only, lie before the held-out time.
    """
    taught = usable(lessons)
    before_held, late = parted([_group(each) for each, _ in taught], HELD_OUT_PART)
    kinds = {label for (_, label), taken in zip(taught, before_held, strict=True) if taken}
    if before_held.sum() < FEWEST_LESSONS or len(kinds) < 2:
        rule = f"at least {FEWEST_LESSONS} earlier reasons with votes of two kinds are needed"
        raise InvalidInput("lessons", int(before_held.sum()), rule)
    sheet = read_sheet(incumbent, [each for each, _ in taught], [label for _, label in taught], pooler)
    early, held = sheet.where(before_held), sheet.where(late)
    step = fit(early)
    data = moved(incumbent, step)
    told = _lessons_digest([each for (each, _), taken in zip(taught, late, strict=True) if taken])
    before = _result(sha256(incumbent).hexdigest(), held.calibrated, held.labels, told)
    after = _result(sha256(data).hexdigest(), step.logits(held), held.labels, told)
    return TextCandidate(
        data=data,
        digest=after.model_digest,
        result=after,
        incumbent=before,
        decision=decide_promotion(after, before, margin_micronats=margin_micronats),
        trained=len(early.labels),
        usable=len(taught),
        figures={"candidate": _figures(step.logits(held), held.labels), "incumbent": _figures(held.calibrated, held.labels)},
    )


def usable(lessons: Sequence[StanceLesson]) -> list[tuple[StanceLesson, int]]:
    """The lessons that teach something, by time, with their labels as places in `LABELS`.

    Left out: votes that are neither for, against nor an abstention, texts under three words, what was said before in
    the same words of the same proposal, and all but the latest `MOST_PER_VOTER` of a voter.
    """
    ordered = sorted(lessons, key=lambda each: (each.said_at, each.dao_id, each.proposal_id, each.voter, each.text))
    seen: set[tuple[str, str]] = set()
    found: list[tuple[StanceLesson, int]] = []
    for each in ordered:
        label, words = label_of(each), plain_text(each.text).casefold()
        if label is None or len(words.split()) < FEWEST_WORDS or (each.proposal_id, words) in seen:
            continue
        seen.add((each.proposal_id, words))
        found.append((each, LABELS.index(label)))
    by_voter: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for place, (each, _) in enumerate(found):
        by_voter[each.dao_id, each.voter].append(place)
    kept = sorted(place for places in by_voter.values() for place in places[-MOST_PER_VOTER:])
    return [found[place] for place in kept]


def label_of(lesson: StanceLesson) -> str | None:
    """The stance a vote states; None for a vote that states none (another option, several options, no choice)."""
    most = len(lesson.choices) or 3
    named = read_choice(lesson.choice, voting_type(lesson.kind) or VotingType.SINGLE, most=most)
    if named is None or len(named) != 1:
        return None
    place = next(iter(named))
    if not lesson.choices:  # as every platform here numbers them
        return {1: "for", 2: "against", 3: "neutral"}[place]
    word = lesson.choices[place - 1]
    side = sides(("yes", word))[1]
    if side:
        return "for" if side > 0 else "against"
    return "neutral" if "abstain" in word.casefold() else None


def parted(groups: Sequence[str], part: float) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """(earlier, later) of rows in time order: the latest `part`, and those before it that are about other proposals."""
    late = np.arange(len(groups)) >= int(len(groups) * (1 - part))
    held = {group for group, taken in zip(groups, late, strict=True) if taken}
    return np.array([group not in held for group in groups], dtype=np.bool_) & ~late, late


def read_sheet(weights: bytes, lessons: Sequence[StanceLesson], labels: Sequence[int], pooler: Pooler | None = None) -> Sheet:
    """The first `LONGEST_READ` characters of each lesson, read by the encoder of `weights` in fp32; `ModelUnavailable` where it cannot."""
    from nlp.pooled_vectors import pooled_vectors  # noqa: PLC0415  # torch takes seconds to import; only training needs it

    pairs = [(plain_text(each.text)[:LONGEST_READ], plain_target(each.target)) for each in lessons]
    vectors = pooled_vectors(weights, pairs) if pooler is None else pooler(pairs)
    tensors = _stance_layers(weights)
    logits = vectors @ tensors[_WEIGHT].T + tensors[_BIAS]
    each_temperature = temperatures(vectors @ tensors[_TEMPERATURE_WEIGHT][0] + tensors[_TEMPERATURE_BIAS])
    return Sheet(vectors, logits, each_temperature, np.array(labels, dtype=np.int64), tuple(map(_group, lessons)))


def fit(sheet: Sheet) -> Step:
    """The step that the rows ask for, held back as much as their latest quarter shows to be best."""
    before, late = parted(sheet.groups, CHOOSING_PART)
    early, choosing = sheet.where(before), sheet.where(late)
    if not len(early.labels) or not len(choosing.labels):
        return _fitted(sheet, _HOLDS[-1])
    losses = [(_loss(_fitted(early, hold).logits(choosing), choosing.labels), hold) for hold in _HOLDS]
    return _fitted(sheet, min(losses)[1])


def moved(weights: bytes, step: Step) -> bytes:
    """The weights with the step taken: the stance head changes and no other tensor, rule or byte of them."""
    tensors = dict(load(weights))
    tensors[_WEIGHT] = (tensors[_WEIGHT] + step.values[:, :-1]).astype(np.float32)
    tensors[_BIAS] = (tensors[_BIAS] + step.values[:, -1]).astype(np.float32)
    return save(tensors, metadata=dict(read_header(weights)))


def _group(lesson: StanceLesson) -> str:
    return f"{lesson.dao_id}/{lesson.proposal_id}"


def _stance_layers(weights: bytes) -> Mapping[str, Floats]:
    tensors = load(weights)
    if not {_WEIGHT, _BIAS, _TEMPERATURE_WEIGHT, _TEMPERATURE_BIAS} <= set(tensors):
        raise ModelUnavailable("the stance head or temperature of these weights is no single layer")
    return {name: tensors[name].astype(np.float64) for name in (_WEIGHT, _BIAS, _TEMPERATURE_WEIGHT, _TEMPERATURE_BIAS)}


def _fitted(sheet: Sheet, hold: float) -> Step:
    return Step(head_step(sheet.vectors, sheet.logits, sheet.temperatures, sheet.labels, hold=hold))


def _with_one(vectors: Floats) -> Floats:
    return np.hstack([vectors, np.ones((len(vectors), 1))])


def _loss(logits: Floats, labels: Integers) -> float:
    return float(-np.log(np.maximum(softmax(logits)[np.arange(len(labels)), labels], 1e-12)).mean())


def _result(model: str, logits: Floats, labels: Integers, told: str) -> HeldOutResult:
    return HeldOutResult(model, round(_loss(logits, labels) * UNIT), len(labels), told)


def _figures(logits: Floats, labels: Integers) -> Mapping[str, str]:
    found: Figures = figures(labels, softmax(logits), LABELS)
    low, high = found.macro_f1_interval
    told = {"macro_f1": found.macro_f1, "macro_f1_low": low, "macro_f1_high": high, "accuracy": found.accuracy}
    return {name: fixed(value) for name, value in {**told, **{f"recall_{label}": value for label, value in found.recall.items()}}.items()}


def _lessons_digest(lessons: Sequence[StanceLesson]) -> str:
    lines = ["\0".join((each.dao_id, each.proposal_id, each.voter, each.said_at.isoformat(), each.choice, each.text)) for each in lessons]
    return sha256("\n".join(lines).encode("utf-8", errors="replace")).hexdigest()
