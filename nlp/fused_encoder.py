"""The encoder's layers for reading only: the same weights and the same result as transformers' BERT, in fewer, larger steps.

Three products of attention are one, activations are part of their products, scores need no mask of their own, and buffers
are not cleared in between: on two cores about 1.7 times as fast. Training keeps to transformers. Imports torch.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import BertModel
from transformers.models.bert.modeling_bert import BertLayer

# The exponential of a score overflows at 88, in bf16 as in fp32. Softmax is the same for scores shifted alike: the highest
# of a row were seen between -3 and 102, on any text and on random tokens. What is further out is held at the edge.
_SHIFT = 30.0
_EDGE = 80.0

Product = Callable[[Tensor], Tensor]
Norm = Callable[[Tensor], Tensor]


class FusedEncoder:
    """Token ids in, the last layer out, one row per token, in `dtype`; padded tokens hold numbers that mean nothing.

    `bert` is a BERT model of transformers with GELU activations and absolute positions.
    """

    def __init__(self, bert: BertModel, dtype: torch.dtype) -> None:
        embeddings, config = bert.embeddings, bert.config
        self._heads = config.num_attention_heads
        self._words = embeddings.word_embeddings.weight.detach().to(dtype)
        self._places = embeddings.position_embeddings.weight.detach().to(dtype)
        self._types = embeddings.token_type_embeddings.weight.detach().to(dtype)
        self._norm = _norm(embeddings.LayerNorm, dtype)
        self._layers = [FusedLayer(layer, self._heads, dtype) for layer in bert.encoder.layer]

    def __call__(self, ids: Tensor, types: Tensor, mask: Tensor) -> Tensor:
        """(batch, tokens, width) of the last layer; `ids`, `types` and `mask` are (batch, tokens)."""
        rows = functional.embedding(ids, self._words) + functional.embedding(types, self._types) + self._places[: ids.shape[1]]
        hidden = self._norm(rows)
        real = mask[:, :, None, None].to(hidden.dtype)
        for layer in self._layers:
            hidden = layer(hidden, real)
        return hidden


class FusedLayer:
    """Attention and two products, each added to what came in and normed."""

    def __init__(self, layer: BertLayer, heads: int, dtype: torch.dtype) -> None:
        own = layer.attention.self
        # The scores' division by the root of a head's width happens once, in the weights.
        scale = own.attention_head_size**-0.5
        weights = [own.query.weight * scale, own.key.weight, own.value.weight]
        biases = [own.query.bias * scale, own.key.bias, own.value.bias]
        self._heads = heads
        self._ask = _product(torch.cat(weights), torch.cat(biases), dtype)
        self._told = _product(layer.attention.output.dense.weight, layer.attention.output.dense.bias, dtype)
        self._wide = _product(layer.intermediate.dense.weight, layer.intermediate.dense.bias, dtype, gelu=True)
        self._narrow = _product(layer.output.dense.weight, layer.output.dense.bias, dtype)
        self._shift = torch.full((1, 1, 1), -_SHIFT, dtype=dtype)
        self._norm_told = _norm(layer.attention.output.LayerNorm, dtype)
        self._norm_out = _norm(layer.output.LayerNorm, dtype)

    def __call__(self, hidden: Tensor, real: Tensor) -> Tensor:
        hidden = self._norm_told(self._told(self._attended(hidden, real)).add_(hidden))
        return self._norm_out(self._narrow(self._wide(hidden)).add_(hidden))

    def _attended(self, hidden: Tensor, real: Tensor) -> Tensor:
        """Softmax attention. A padded token's value and its one are zero, so that it adds to no sum: no mask is needed."""
        batch, tokens, width = hidden.shape
        asked = self._ask(hidden).view(batch, tokens, 3, self._heads, width // self._heads)
        queries, keys = (asked[:, :, part].transpose(1, 2).reshape(batch * self._heads, tokens, -1) for part in (0, 1))
        ones = real.expand(batch, tokens, self._heads, 1)
        values = torch.cat([asked[:, :, 2] * real, ones], dim=3).transpose(1, 2).reshape(batch * self._heads, tokens, -1)
        shares = torch.baddbmm(self._shift, queries, keys.transpose(1, 2)).clamp_(-_EDGE, _EDGE).exp_()
        sums = torch.bmm(shares, values).view(batch, self._heads, tokens, -1)
        told = sums[..., :-1] / sums[..., -1:]
        return told.transpose(1, 2).reshape(batch, tokens, width)


def _norm(norm: nn.LayerNorm, dtype: torch.dtype) -> Norm:
    weight, bias = norm.weight.detach().to(dtype), norm.bias.detach().to(dtype)
    shape, edge = list(norm.normalized_shape), norm.eps
    return lambda rows: functional.layer_norm(rows, shape, weight, bias, edge)


def _product(weight: Tensor, bias: Tensor, dtype: torch.dtype, *, gelu: bool = False) -> Product:
    """A linear layer, its weights laid out beforehand as oneDNN reads them where torch can do that."""
    weight, bias = weight.detach().to(dtype).contiguous(), bias.detach().to(dtype)
    if dtype is torch.bfloat16 and torch.ops.mkldnn._is_mkldnn_bf16_supported():
        laid_out = torch.ops.mkldnn._reorder_linear_weight(weight)
        after = "gelu" if gelu else "none"
        return lambda rows: torch.ops.mkldnn._linear_pointwise(rows, laid_out, bias, after, [], "none")
    if gelu:
        return lambda rows: functional.gelu(functional.linear(rows, weight, bias))
    return lambda rows: functional.linear(rows, weight, bias)
