"""Tells a text that speaks of something else than its target: word beside word, without the encoder. Imports torch."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from nlp.base_tensors import NEVER, OFF_TARGET

WIDTH = 64
# Vectors ship as bytes: a number between -1 and 1 in steps of this.
STEP = 1 / 127
# The tokenizer's marks of begin and end, which no author wrote.
_MARKS = (101, 102)
# From here on two tokens are taken for the same, and a token is met halfway.
_SAME, _HALFWAY = 0.95, 0.6
_NUMBERS, _HIDDEN = 10, 24
# Brings the product of two unit vectors, number by number, to the size of the other numbers.
_SHARED_SCALE = 4.0


class OffTarget(nn.Module):
    """Log-odds that a window's text does not speak of its target; `NEVER` until it was trained.

    Each token of the vocabulary has a vector and a weight. Each token of the target meets the one of the text that is nearest
    to it (late interaction, Khattab and Zaharia 2020, over vectors that no context changes); a small network judges how near
    they come, how much they weigh, and what both have in common as wholes. The encoder, taught to look past the subject at
    the stance, hardly tells proposals of one kind apart.
    """

    def __init__(self, vocabulary: int) -> None:
        super().__init__()
        self.vectors = nn.Parameter(torch.zeros(vocabulary, WIDTH))
        self.weights = nn.Parameter(torch.zeros(vocabulary))
        self.steepness = nn.Parameter(torch.tensor(10.0))
        self.hidden = nn.Linear(_NUMBERS + WIDTH, _HIDDEN)
        self.odds = nn.Linear(_HIDDEN, 1)
        nn.init.zeros_(self.odds.weight)
        nn.init.constant_(self.odds.bias, NEVER)

    @classmethod
    def of(cls, weights: Mapping[str, Tensor]) -> "OffTarget":
        """From the weights of a text network, by their names in it."""
        own = {name.removeprefix(f"{OFF_TARGET}."): tensor for name, tensor in weights.items() if name.startswith(f"{OFF_TARGET}.")}
        found = cls(len(own["weights"]))
        found.load_state_dict(own)
        return found.eval().requires_grad_(False)

    def forward(self, ids: Tensor, types: Tensor, mask: Tensor, targets: Tensor, meant: Tensor) -> Tensor:
        """One number per window, fp32. The first three are (windows, tokens), as `nlp.padding.padded` gives them.

        `targets` and `meant` are the windows' targets and their mask, as `padded_rows` gives them: the network itself may see less.
        """
        if not meant.any():
            return torch.full((len(ids),), NEVER)
        said = mask.bool() & (types == 0) & ~torch.isin(ids, torch.tensor(_MARKS))
        return self.beside(ids, said, targets[:, None], meant[:, None])[:, 0]

    def beside(self, text: Tensor, said: Tensor, targets: Tensor, meant: Tensor) -> Tensor:
        """(texts, targets) log-odds of ids (texts, tokens) beside ids (texts, targets, tokens); `said` and `meant` mask tokens."""
        hidden = nn.functional.gelu(self.hidden(self._features(text, said.float(), targets, meant.float())))
        odds: Tensor = self.odds(hidden)
        return odds.squeeze(-1)

    def vectors_of(self, ids: Tensor) -> Tensor:
        """The vector of each token; of any length, only directions count."""
        return nn.functional.embedding(ids, self.vectors)

    def _weights_of(self, ids: Tensor) -> Tensor:
        return torch.exp(nn.functional.embedding(ids, self.weights[:, None]).squeeze(-1))

    def _features(self, text: Tensor, said: Tensor, targets: Tensor, meant: Tensor) -> Tensor:
        words, others = (nn.functional.normalize(self.vectors_of(ids), dim=-1) for ids in (text, targets))
        word_weights, weights = self._weights_of(text) * said, self._weights_of(targets) * meant
        alike = torch.einsum("bld,btgd->btgl", words, others).masked_fill(said[:, None, None] == 0, -1.0)
        nearest = alike.amax(dim=-1)
        # As wholes: number by number, so that kinds of subjects can be told apart, and their sum, which is the cosine.
        shared = _whole(words, word_weights)[:, None] * _whole(others, weights)
        same = (nearest > _SAME) * weights
        met = torch.sigmoid(self.steepness * (nearest - _HALFWAY)) * weights
        weighed = nearest * weights
        total = weights.sum(dim=-1).clamp(min=1e-6)
        sums = [each.sum(dim=-1) for each in (weighed, same, met)]
        most = [each.amax(dim=-1) for each in (weighed, same)]
        lengths = [torch.log1p(said.sum(dim=-1))[:, None].expand_as(total), torch.log1p(meant.sum(dim=-1))]
        numbers = [shared.sum(dim=-1), *(each / total for each in sums), *sums[1:], *most, *lengths]
        return torch.cat([torch.stack(numbers, dim=-1), _SHARED_SCALE * shared], dim=-1)

    @torch.no_grad()
    def round(self) -> None:
        """Make vectors and weights those that ship, so that whatever is fitted behind them fits what is read with."""
        self.vectors.copy_(torch.round(nn.functional.normalize(self.vectors, dim=-1) / STEP) * STEP)
        self.weights.copy_(self.weights.half())


def untold(vocabulary: int) -> dict[str, Tensor]:
    """The weights of one that was never trained, by their names in a text network."""
    return {f"{OFF_TARGET}.{name}": tensor for name, tensor in OffTarget(vocabulary).state_dict().items()}


def _whole(vectors: Tensor, weights: Tensor) -> Tensor:
    """The direction of the weighted sum of the tokens' vectors."""
    return nn.functional.normalize((vectors * weights[..., None]).sum(dim=-2), dim=-1)
