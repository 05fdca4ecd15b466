"""Which rows a training round shows, and how: quotas per set, labels evened out, targets dropped or swapped."""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from nlp.dataset import TRAINABLE, LabelledText
from nlp.disturbances import disturbed
from nlp.invented_rationales import invented_rationales
from nlp.opposites import opposed
from nlp.tasks import LABELS
from nlp.written_texts import ARGUMENTS, written_arguments, written_posts, written_rationales

_NEUTRAL_STANCE = LABELS["stance"].index("neutral")
FROM_TREASURY = "catalyst_"
# Sets whose targets are claims, and whose texts never speak of "this proposal": their targets can be turned round.
_CLAIMS = frozenset({"argkp21", "perspectrum", "semeval16_stance", ARGUMENTS})


def seeded(*names: object) -> random.Random:
    """Dice that fall the same way for the same names."""
    return random.Random("/".join(str(name) for name in names))  # noqa: S311  chance for training, not for secrets


@dataclass(frozen=True, slots=True)
class SamplingConfig:
    """What one round holds.

    `quotas` are rows per set and round. `evenness` 0 keeps a set's own label shares, 1 makes its labels equal;
    `evenness_of` says it for single sets. `off_target_rows` stance texts are shown with a target they do not speak of,
    labelled neutral: without them a reader learns to answer for or against whatever it is asked about. `invented_rows` and
    `written_rows` are vote rationales made for this project, of `rationale_stances` in turn: no licensed set holds the
    manner of delegates; `written_arguments` and `written_posts` were made for it too. Of sentiment rows, `target_dropped`
    lose their target and `target_added` of those without one get a stranger's, so that sentiment does not hang on it. Of
    rows whose target is a claim, `turned` get the opposite claim and the opposite label; of all rows, `disturbed` get
    slips, cheers or orders that change nothing.
    """

    quotas: Mapping[str, int]
    evenness: float = 0.5
    evenness_of: Mapping[str, float] = field(default_factory=dict)
    off_target_rows: int = 0
    invented_rows: int = 0
    written_rows: int = 0
    written_arguments: int = 0
    written_posts: int = 0
    rationale_stances: Sequence[str] = LABELS["stance"]
    target_dropped: float = 0.4
    target_added: float = 0.15
    turned: float = 0.0
    disturbed: float = 0.0


class RoundSampler:
    """Deals the training rows out in rounds; the same seed, rows and round number give the same rows.

    Each (set, label) pile is shuffled once and dealt in order, starting over at its end, so no row is seen a third
    time before every row of its pile was seen twice. No state is kept between rounds: a resumed run deals the same.
    """

    def __init__(self, rows: Sequence[LabelledText], config: SamplingConfig, seed: int) -> None:
        refused = set(config.quotas) - set(TRAINABLE)
        if refused:
            raise ValueError(f"not licensed for training: {', '.join(sorted(refused))}")
        self._config = config
        self._seed = seed
        self._piles: dict[str, dict[int, list[LabelledText]]] = {name: {} for name in config.quotas}
        for row in rows:
            if row.split == "train" and row.dataset in self._piles and row.text.strip():
                self._piles[row.dataset].setdefault(row.label, []).append(row)
        for name, piles in self._piles.items():
            for label, pile in piles.items():
                seeded(seed, name, label).shuffle(pile)
        stance = [row for piles in self._piles.values() for pile in piles.values() for row in pile if row.task == "stance"]
        self._stance = [row for row in stance if row.target]
        self._targets = sorted({(row.dataset, row.target) for row in self._stance})

    def deal(self, round_number: int) -> list[LabelledText]:
        """The rows of one round, shuffled."""
        dice = seeded(self._seed, "round", round_number)
        rows = [row for name in self._config.quotas for row in self._dealt(name, round_number)]
        rows += written_arguments(self._config.written_arguments, round_number)
        rows += written_posts(self._config.written_posts, round_number)
        shown = [self._with_loose_target(row, dice) if row.task == "sentiment" else self._turned(row, dice) for row in rows]
        stances = self._config.rationale_stances
        shown += invented_rationales(self._config.invented_rows, dice, stances=stances)
        shown += written_rationales(self._config.written_rows, round_number, dice, stances=stances)
        if self._stance:
            shown += [self._off_target(dice) for _ in range(self._config.off_target_rows)]
        if self._config.disturbed:
            shown = [disturbed(row, dice) if dice.random() < self._config.disturbed else row for row in shown]
        dice.shuffle(shown)
        return shown

    def _dealt(self, name: str, round_number: int) -> list[LabelledText]:
        piles = self._piles[name]
        evenness = self._config.evenness_of.get(name, self._config.evenness)
        weights = {label: len(pile) ** (1 - evenness) for label, pile in piles.items()}
        dealt: list[LabelledText] = []
        for label, pile in sorted(piles.items()):
            count = round(self._config.quotas[name] * weights[label] / sum(weights.values()))
            first = round_number * count
            dealt += [pile[(first + step) % len(pile)] for step in range(count)]
        return dealt

    def _with_loose_target(self, row: LabelledText, dice: random.Random) -> LabelledText:
        if row.target:
            return replace(row, target="") if dice.random() < self._config.target_dropped else row
        if self._targets and dice.random() < self._config.target_added:
            return replace(row, target=dice.choice(self._targets)[1])
        return row

    def _turned(self, row: LabelledText, dice: random.Random) -> LabelledText:
        if not self._config.turned or row.dataset not in _CLAIMS or dice.random() >= self._config.turned:
            return row
        claim = opposed(row.target)
        # "against", "neutral", "for": the opposite label is the mirrored one.
        return row if claim is None else replace(row, target=claim, label=len(LABELS["stance"]) - 1 - row.label)

    def _off_target(self, dice: random.Random) -> LabelledText:
        """A stance text beside a target it does not speak of, labelled neutral."""
        while True:
            row = dice.choice(self._stance)
            dataset, target = dice.choice(self._targets)
            if target == row.target or _mentions(row.text, target):
                continue
            both_from_treasury = row.dataset.startswith(FROM_TREASURY) and dataset.startswith(FROM_TREASURY)
            if both_from_treasury and not _mentions(row.text, row.target):
                # Such a review could be about any proposal: nobody could tell that the target was swapped.
                continue
            return replace(row, target=target, label=_NEUTRAL_STANCE)


def _mentions(text: str, target: str) -> bool:
    """Whether the text holds a telling word (five letters or more) of the target."""
    lowered = text.lower()
    return any(word in lowered for word in target.lower().split() if len(word) >= 5)


def validation_rows(rows: Sequence[LabelledText], sets: Iterable[str], *, per_set: int, seed: int) -> list[LabelledText]:
    """Up to `per_set` rows of the `val` split of each of the sets, the same ones for the same seed."""
    chosen: list[LabelledText] = []
    for name in sets:
        pile = [row for row in rows if row.dataset == name and row.split == "val"]
        seeded(seed, name).shuffle(pile)
        chosen += pile[:per_set]
    return chosen
