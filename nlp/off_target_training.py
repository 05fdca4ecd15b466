"""Training what tells off-target texts: own targets beside strangers', some five minutes on two cores. Imports torch."""

import json
import math
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional
from tqdm import trange

from nlp.base_weights import base_folder
from nlp.dataset import LabelledText
from nlp.off_target import WIDTH, OffTarget
from nlp.off_target_pairs import CLAIMS, PROPOSALS, REVIEWS, Pile, piles_of
from nlp.padding import padded_rows
from nlp.sampling import seeded
from nlp.windows import Tokens
from nlp.written_texts import RATIONALES


@dataclass(frozen=True, slots=True)
class OffTargetConfig:
    """How many steps of `batch_rows` texts, each beside its own target and `strangers` others.

    `shares` says how often a kind's turn comes. A stranger is of the same pile, but in `from_elsewhere` of the cases of any
    pile of the same kind or, as often, of any kind. Of texts at most `longest_text` tokens are read at a place drawn at random,
    and in the share `shortened` no more than some of `short_text`: a sentence that names nothing says little either way.
    """

    steps: int = 4000
    seed: int = 20261130
    batch_rows: int = 48
    strangers: int = 3
    shares: Mapping[str, float] = field(default_factory=lambda: {REVIEWS: 0.38, PROPOSALS: 0.35, CLAIMS: 0.17, RATIONALES: 0.1})
    from_elsewhere: float = 0.3
    longest_text: int = 200
    shortened: float = 0.4
    short_text: tuple[int, int] = (8, 80)
    vector_rate: float = 1e-3
    judge_rate: float = 2e-3
    warmup_steps: int = 50

    def digest(self) -> str:
        """SHA-256 of all fields, hex."""
        return sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Matching:
    """How off-target texts are learnt, and a Parquet file of proposals with titles and bodies to learn from beside labelled rows."""

    proposals: Path | None = None
    config: OffTargetConfig = field(default_factory=OffTargetConfig)

    def proposals_sha256(self) -> str:
        """Of the file, hex; "none" without one."""
        return sha256(self.proposals.read_bytes()).hexdigest() if self.proposals else "none"


def train_off_target(
    part: OffTarget, words: Tensor, rows: Sequence[LabelledText], out_dir: Path, matching: Matching, *, data: str, progress: bool
) -> None:
    """Teach `part` in place, from the base encoder's table `words` on; what ended before is taken from `out_dir`.

    `rows` have the digest `data`. The same words, rows and settings give the same weights on the same machine.
    """
    file, fingerprint = out_dir / "off-target.pt", f"{matching.config.digest()}/{matching.proposals_sha256()}/{data}"
    if file.exists() and (state := torch.load(file, weights_only=True))["fingerprint"] == fingerprint:
        part.load_state_dict(state["part"])
        return
    torch.manual_seed(matching.config.seed)
    piles = piles_of(rows, matching.proposals, Tokens(base_folder() / "tokenizer.json"))
    learner = Learner(words, piles)
    _learn(learner, Pairs(piles, matching.config), matching.config, progress=progress)
    part.load_state_dict(learner.learnt())
    part.round()
    torch.save({"fingerprint": fingerprint, "part": part.state_dict()}, file)


class Pairs:
    """Deals batches of texts beside targets; the first target of each text is its own."""

    def __init__(self, piles: Sequence[Pile], config: OffTargetConfig) -> None:
        self._config = config
        self._dice = seeded(config.seed, "pairs")
        self._by_kind = {kind: [pile for pile in piles if pile.kind == kind] for kind in sorted({pile.kind for pile in piles})}
        self._kinds = list(self._by_kind)
        self._shares = [config.shares[kind] for kind in self._kinds]

    def deal(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """(texts, tokens) ids and mask, (texts, targets, tokens) ids and mask."""
        texts: list[Sequence[int]] = []
        targets: list[Sequence[int]] = []
        for _ in range(self._config.batch_rows):
            kind = self._dice.choices(self._kinds, self._shares)[0]
            pile = self._pile(kind)
            text, own = self._dice.choice(pile.texts)
            texts.append(self._cut(text))
            targets += [pile.targets[own], *(self._stranger(pile, own) for _ in range(self._config.strangers))]
        ids, mask = padded_rows(targets)
        shape = (len(texts), 1 + self._config.strangers, -1)
        return (*padded_rows(texts), ids.view(shape), mask.view(shape))

    def _pile(self, kind: str) -> Pile:
        piles = self._by_kind[kind]
        return self._dice.choices(piles, [len(pile.texts) for pile in piles])[0]

    def _stranger(self, pile: Pile, own: int) -> Sequence[int]:
        if self._dice.random() < self._config.from_elsewhere:
            other = self._pile(pile.kind if self._dice.random() < 0.5 else self._dice.choice(self._kinds))
            if other is not pile:
                return self._dice.choice(other.targets)
        place = self._dice.randrange(len(pile.targets) - 1)
        return pile.targets[place + (place >= own)]

    def _cut(self, text: Sequence[int]) -> Sequence[int]:
        length = self._config.longest_text
        if self._dice.random() < self._config.shortened:
            length = self._dice.randint(*self._config.short_text)
        first = self._dice.randrange(max(len(text) - length, 0) + 1)
        return text[first : first + length]


class Learner(OffTarget):
    """One that learns: its vectors are the base encoder's in directions that all tokens share, and something of each token's own.

    What it meets of a few tokens it learns of all.
    """

    def __init__(self, words: Tensor, piles: Sequence[Pile]) -> None:
        super().__init__(len(words))
        self._words = (words - words.mean(dim=0)).float()
        commonest = self._words[: len(words) // 3]
        self.directions = nn.Parameter(torch.linalg.svd(commonest, full_matrices=False).Vh[:WIDTH].T.contiguous())
        seen: Counter[int] = Counter()
        for pile in piles:
            for text, _ in pile.texts:
                seen.update(set(text))
        texts = sum(len(pile.texts) for pile in piles)
        rarity = torch.tensor([math.log((texts + 1) / (seen[token] + 1)) for token in range(len(words))])
        self.weights.data.copy_(torch.log(0.3 + rarity))
        self.hidden.reset_parameters()
        self.odds.reset_parameters()

    def vectors_of(self, ids: Tensor) -> Tensor:
        """As of one that has learnt."""
        return functional.embedding(ids, self._words) @ self.directions + super().vectors_of(ids)

    @torch.no_grad()
    def learnt(self) -> dict[str, Tensor]:
        """The weights of one that has learnt."""
        state = {name: tensor for name, tensor in self.state_dict().items() if name != "directions"}
        return state | {"vectors": self.vectors_of(torch.arange(len(self._words)))}


def _learn(part: Learner, pairs: Pairs, config: OffTargetConfig, *, progress: bool) -> None:
    others = [parameter for name, parameter in part.named_parameters() if name != "vectors"]
    groups = [{"params": [part.vectors], "rate": config.vector_rate}, {"params": others, "rate": config.judge_rate}]
    optimiser = torch.optim.AdamW(groups, weight_decay=0.01, fused=True)
    strange = torch.ones(config.batch_rows, 1 + config.strangers)
    strange[:, 0] = 0
    counts = torch.where(strange > 0, 1 / config.strangers, 1.0)
    for step in trange(config.steps, unit="step", disable=not (progress and sys.stderr.isatty())):
        # forward
        odds = part.beside(*pairs.deal())
        loss = functional.binary_cross_entropy_with_logits(odds, strange, weight=counts)

        # backward
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped

        # step
        for group in optimiser.param_groups:
            group["lr"] = group["rate"] * min((step + 1) / config.warmup_steps, 1 - step / config.steps)
        optimiser.step()
