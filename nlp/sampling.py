"""Which rows a training round shows, and how: quotas per set, labels evened out, targets dropped or swapped."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from nlp.dataset import TRAINABLE, LabelledText
from nlp.invented_rationales import invented_rationales
from nlp.tasks import LABELS

_NEUTRAL_STANCE = LABELS["stance"].index("neutral")
_FROM_TREASURY = "catalyst_"


# Rows per set and round. Every set comes round about twice in ten rounds; small sets that teach what the large ones do
# not (a claim in the target, a neutral stance) come more often, the largest once.
QUOTAS: Mapping[str, int] = {
    "semeval17_tweets": 5000,
    "sst5_as3": 1900,
    "sentfin": 1500,
    "twitter_fin_news": 1900,
    "stockemotions": 1500,
    "cryptolin_news": 300,
    "eth_tweets_sent": 300,
    "fiqa_posts": 120,
    "surge_stock_tweets": 90,
    "catalyst_f4": 600,
    "catalyst_f5": 600,
    "catalyst_f6": 900,
    "catalyst_f7": 1000,
    "catalyst_f8": 1000,
    "argkp21": 1100,
    "perspectrum": 1100,
    "semeval16_stance": 900,
}


def seeded(*names: object) -> random.Random:
    """Dice that fall the same way for the same names."""
    return random.Random("/".join(str(name) for name in names))  # noqa: S311  chance for training, not for secrets


@dataclass(frozen=True, slots=True)
class SamplingConfig:
    """What one round holds.

    `quotas` are rows per set and round. `evenness` 0 keeps a set's own label shares, 1 makes its labels equal.
    `off_target_rows` stance texts are shown with a target they do not speak of, labelled neutral: without them a
    reader learns to answer for or against whatever it is asked about. `invented_rows` are vote rationales written for
    this project: no licensed set holds the manner of delegates. Of sentiment rows, `target_dropped` lose
    their target and `target_added` of those without one get a stranger's, so that sentiment does not hang on it.
    """

    quotas: Mapping[str, int] = field(default_factory=lambda: dict(QUOTAS))
    evenness: float = 0.5
    off_target_rows: int = 700
    invented_rows: int = 700
    target_dropped: float = 0.4
    target_added: float = 0.15


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
        shown = [self._with_loose_target(row, dice) if row.task == "sentiment" else row for row in rows]
        shown += invented_rationales(self._config.invented_rows, dice)
        if self._stance:
            shown += [self._off_target(dice) for _ in range(self._config.off_target_rows)]
        dice.shuffle(shown)
        return shown

    def _dealt(self, name: str, round_number: int) -> list[LabelledText]:
        piles = self._piles[name]
        weights = {label: len(pile) ** (1 - self._config.evenness) for label, pile in piles.items()}
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

    def _off_target(self, dice: random.Random) -> LabelledText:
        """A stance text beside a target it does not speak of, labelled neutral."""
        while True:
            row = dice.choice(self._stance)
            dataset, target = dice.choice(self._targets)
            if target == row.target or _mentions(row.text, target):
                continue
            both_from_treasury = row.dataset.startswith(_FROM_TREASURY) and dataset.startswith(_FROM_TREASURY)
            if both_from_treasury and not _mentions(row.text, row.target):
                # Such a review could be about any proposal: nobody could tell that the target was swapped.
                continue
            return replace(row, target=target, label=_NEUTRAL_STANCE)


def _mentions(text: str, target: str) -> bool:
    """Whether the text holds a telling word (five letters or more) of the target."""
    lowered = text.lower()
    return any(word in lowered for word in target.lower().split() if len(word) >= 5)


def validation_rows(rows: Sequence[LabelledText], config: SamplingConfig, *, per_set: int, seed: int) -> list[LabelledText]:
    """Up to `per_set` rows of the `val` split of each set with a quota, the same ones for the same seed."""
    chosen: list[LabelledText] = []
    for name in config.quotas:
        pile = [row for row in rows if row.dataset == name and row.split == "val"]
        seeded(seed, name).shuffle(pile)
        chosen += pile[:per_set]
    return chosen
