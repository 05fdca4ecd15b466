"""The encoder's layers for reading only: the same weights and the same result as transformers' BERT, in fewer, larger steps.

Three products of attention are one, activations and sums are part of their products, exponentials are taken without looking
for the highest score first, and buffers are not cleared in between: on two cores about 1.7 times as fast. Training keeps to
transformers. Imports torch.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

# Where a sum of exponentials leaves these, scores are far from zero: there bf16 is coarse, and from 88 on the exponential
# overflows. Softmax is taken the exact way then. On texts only the first layer comes to it; random tokens were seen at 102.
_LOWEST, _HIGHEST = 1e-13, 1e13
# Products are taken of whole numbers of rows: of every number that comes, oneDNN keeps kernels of its own.
_ROWS = 64

# Of the base encoder, by its config.json.
_HEADS, _EPSILON = 12, 1e-12

Product = Callable[[Tensor], Tensor]
ProductAdded = Callable[[Tensor, Tensor], Tensor]
Norm = Callable[[Tensor], Tensor]


class FusedEncoder:
    """Token ids in, the last layer out, one row per token, in `dtype`; padded tokens hold numbers that mean nothing.

    `weights` are a BERT model's, with GELU activations and absolute positions, by their names in `TextNetwork`.
    """

    def __init__(self, weights: Mapping[str, Tensor], dtype: torch.dtype) -> None:
        self._dtype = dtype
        self._words, self._places, self._types = (
            weights[f"encoder.embeddings.{name}_embeddings.weight"].detach() for name in ("word", "position", "token_type")
        )
        self._norm = _norm(weights, "encoder.embeddings.LayerNorm", self._words.dtype)
        self._layers = [FusedLayer(weights, number, dtype) for number in range(_count(weights))]

    def __call__(self, ids: Tensor, types: Tensor, mask: Tensor) -> Tensor:
        """(batch, tokens, width) of the last layer; `ids`, `types` and `mask` are (batch, tokens)."""
        grid = Grid.of(mask, self._dtype)
        rows = functional.embedding(grid.packed(ids), self._words) + functional.embedding(grid.packed(types), self._types)
        hidden = self._norm(rows + functional.embedding(grid.real % ids.shape[1], self._places)).to(self._dtype)
        for layer in self._layers:
            hidden = layer(hidden, grid)
        return grid.laid_out(hidden)


@dataclass(frozen=True, slots=True)
class Grid:
    """Where the real tokens of a batch are, so that products are taken of these alone and attention sees them as a grid.

    `real` are their places in the flattened grid, filled up to a whole number of `_ROWS`, and `row_of` is the packed row of each
    place, any one where it is padded. `unseen` is what is added to the scores of each head's keys, (batch * heads, 1, tokens):
    nothing, or for padded tokens, minus infinity.
    """

    real: Tensor
    row_of: Tensor
    shape: tuple[int, int]
    unseen: Tensor

    @classmethod
    def of(cls, mask: Tensor, dtype: torch.dtype) -> "Grid":
        flat = mask.flatten()
        real = flat.nonzero().squeeze(1)
        row_of = (flat.cumsum(0) - 1).clamp_(min=0)
        filled = torch.cat([real, real.new_zeros(-len(real) % _ROWS)])
        unseen = torch.zeros(mask.shape, dtype=dtype).masked_fill_(mask == 0, -torch.inf).repeat_interleave(_HEADS, dim=0)[:, None]
        return cls(filled, row_of, (mask.shape[0], mask.shape[1]), unseen)

    def packed(self, laid_out: Tensor) -> Tensor:
        """(rows, ...) of (batch, tokens, ...)."""
        return laid_out.flatten(0, 1).index_select(0, self.real)

    def laid_out(self, packed: Tensor) -> Tensor:
        """(batch, tokens, ...) of (rows, ...)."""
        return packed.index_select(0, self.row_of).view(*self.shape, -1)


class FusedLayer:
    """Attention and two products, each added to what came in and normed."""

    def __init__(self, weights: Mapping[str, Tensor], number: int, dtype: torch.dtype) -> None:
        here = f"encoder.encoder.layer.{number}"
        asked = [f"{here}.attention.self.{part}" for part in ("query", "key", "value")]
        # The scores' division by the root of a head's width happens once, in the weights.
        scales = ((weights[f"{asked[0]}.weight"].shape[0] // _HEADS) ** -0.5, 1.0, 1.0)
        parts = [(_linear(weights, part), scale) for part, scale in zip(asked, scales, strict=True)]
        weight, bias = (torch.cat([part[kind] * scale for part, scale in parts]) for kind in (0, 1))
        self._ask = _product(weight, bias, dtype)
        self._told = _product_added(*_linear(weights, f"{here}.attention.output.dense"), dtype)
        self._wide = _product(*_linear(weights, f"{here}.intermediate.dense"), dtype, gelu=True)
        self._narrow = _product_added(*_linear(weights, f"{here}.output.dense"), dtype)
        self._norm_told = _norm(weights, f"{here}.attention.output.LayerNorm", dtype)
        self._norm_out = _norm(weights, f"{here}.output.LayerNorm", dtype)

    def __call__(self, hidden: Tensor, grid: Grid) -> Tensor:
        hidden = self._norm_told(self._told(self._attended(hidden, grid), hidden))
        return self._norm_out(self._narrow(self._wide(hidden), hidden))

    def _attended(self, hidden: Tensor, grid: Grid) -> Tensor:
        """Softmax attention, (rows, width)."""
        batch, tokens = grid.shape
        asked = grid.laid_out(self._ask(hidden)).view(batch, tokens, 3, _HEADS, -1)
        queries, keys, values = (asked[:, :, part].transpose(1, 2).reshape(batch * _HEADS, tokens, -1) for part in range(3))
        shares = torch.baddbmm(grid.unseen, queries, keys.transpose(1, 2)).exp_()
        sums = shares.sum(dim=2, keepdim=True)
        lowest, highest = sums.aminmax()
        if not (lowest > _LOWEST and highest < _HIGHEST):
            shares = _exact_exponentials(queries, keys, grid.unseen)
            sums = shares.sum(dim=2, keepdim=True)
        told = torch.bmm(shares, values).div_(sums)
        return grid.packed(told.view(batch, _HEADS, tokens, -1).transpose(1, 2).reshape(batch, tokens, -1))


def _exact_exponentials(queries: Tensor, keys: Tensor, unseen: Tensor) -> Tensor:
    """Exponentials of scores, less the highest of their row, that are never rounded to bf16; in the dtype of the queries."""
    scores = torch.baddbmm(unseen.float(), queries.float(), keys.transpose(1, 2).float())
    return scores.sub_(scores.amax(dim=2, keepdim=True)).exp_().to(queries.dtype)


def _count(weights: Mapping[str, Tensor]) -> int:
    return sum(name.endswith("attention.self.query.weight") for name in weights)


def _linear(weights: Mapping[str, Tensor], name: str) -> tuple[Tensor, Tensor]:
    return weights[f"{name}.weight"], weights[f"{name}.bias"]


def _norm(weights: Mapping[str, Tensor], name: str, dtype: torch.dtype) -> Norm:
    weight, bias = (tensor.detach().to(dtype) for tensor in _linear(weights, name))
    return lambda rows: functional.layer_norm(rows, list(weight.shape), weight, bias, _EPSILON)


def _product(weight: Tensor, bias: Tensor, dtype: torch.dtype, *, gelu: bool = False) -> Product:
    """A linear layer, its weights laid out beforehand as oneDNN reads them where torch can do that."""
    weight, bias = weight.detach().to(dtype).contiguous(), bias.detach().to(dtype)
    if _laid_out(dtype):
        laid_out = torch.ops.mkldnn._reorder_linear_weight(weight)
        after = "gelu" if gelu else "none"
        return lambda rows: torch.ops.mkldnn._linear_pointwise(rows, laid_out, bias, after, [], "none")
    if gelu:
        return lambda rows: functional.gelu(functional.linear(rows, weight, bias))
    return lambda rows: functional.linear(rows, weight, bias)


def _product_added(weight: Tensor, bias: Tensor, dtype: torch.dtype) -> ProductAdded:
    """A linear layer whose result is added to other rows, before anything is rounded where torch can do that."""
    weight, bias = weight.detach().to(dtype).contiguous(), bias.detach().to(dtype)
    if _laid_out(dtype):
        laid_out = torch.ops.mkldnn._reorder_linear_weight(weight)
        return lambda rows, others: torch.ops.mkldnn._linear_pointwise.binary(rows, others, laid_out, bias, "add")
    return lambda rows, others: functional.linear(rows, weight, bias).add_(others)


def _laid_out(dtype: torch.dtype) -> bool:
    return dtype is torch.bfloat16 and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
