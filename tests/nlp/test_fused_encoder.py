"""The fused layers say what transformers' own layers say, on any mixture of lengths."""

import pytest
import torch

from nlp.base_weights import base_folder
from nlp.fused_encoder import FusedEncoder
from nlp.padding import padded
from nlp.text_network import TextNetwork
from nlp.windows import Tokens

pytestmark = pytest.mark.encoder


@pytest.fixture(scope="module")
def network() -> TextNetwork:
    """The base encoder as published."""
    return TextNetwork(base_folder()).eval()


def batch(rows: int, tokens: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Random words, a second sentence in each row, and rows of every length up to `tokens`."""
    dice = torch.Generator().manual_seed(tokens)
    ids = torch.randint(1000, 20_000, (rows, tokens), generator=dice)
    types = (torch.arange(tokens) > tokens // 2).long().expand(rows, tokens)
    lengths = torch.linspace(1, tokens, rows).long()
    return ids, types, (torch.arange(tokens) < lengths[:, None]).long()


@pytest.mark.parametrize(("rows", "tokens"), [(1, 1), (7, 5), (5, 61), (4, 256)])
def test_real_tokens_come_out_as_from_transformers(network: TextNetwork, rows: int, tokens: int) -> None:
    """To the rounding of fp32; random words drive attention scores to 100, where a careless softmax overflows."""
    ids, types, mask = batch(rows, tokens)
    with torch.inference_mode():
        expected = network.encoder(input_ids=ids, token_type_ids=types, attention_mask=mask).last_hidden_state

        found = FusedEncoder(network.state_dict(), torch.float32)(ids, types, mask)

    assert torch.allclose(found[mask.bool()], expected[mask.bool()], atol=2e-5)


def test_what_padding_holds_changes_nothing(network: TextNetwork) -> None:
    """A padded token must not reach its neighbours."""
    ids, types, mask = batch(6, 40)
    layers = FusedEncoder(network.state_dict(), torch.float32)
    with torch.inference_mode():
        plain = layers(ids, types, mask)[mask.bool()]
        others = layers(torch.where(mask.bool(), ids, 2_000), types, mask)[mask.bool()]
        unmasked = layers(ids, types, torch.ones_like(mask))[mask.bool()]

    assert torch.allclose(plain, others, atol=1e-6)
    assert not torch.allclose(plain, unmasked, atol=1e-2)


def test_bf16_stays_near_and_finite(network: TextNetwork) -> None:
    """Means over a text differ by less than the third decimal's worth of a logit."""
    ids, types, mask = batch(8, 200)
    with torch.inference_mode():
        exact = FusedEncoder(network.state_dict(), torch.float32)(ids, types, mask).float()
        rounded = FusedEncoder(network.state_dict(), torch.bfloat16)(ids, types, mask).float()

    real = mask.unsqueeze(-1)
    assert torch.isfinite(rounded).all()
    assert ((exact - rounded) * real).sum(dim=1).div(real.sum(dim=1)).abs().max() < 0.05


def test_bf16_costs_sentences_no_more_than_its_rounding(network: TextNetwork) -> None:
    """A hundredth of each token's vector; scores kept at a distance from zero, where bf16 is coarse, once cost two."""
    sentences = [
        "I am strongly against this, it would drive every trader away.",
        "Great news, what a fantastic result for everybody!",
        "Nobody has told us yet what the audit found, so I abstain.",
        "Liquidity left the pool last week and the price fell by a fifth.",
    ]
    tokens = Tokens(base_folder() / "tokenizer.json")
    ids, types, mask = padded([tokens.window(each, []) for each in tokens.encode(sentences)], 32)
    with torch.inference_mode():
        exact = FusedEncoder(network.state_dict(), torch.float32)(ids, types, mask)[mask.bool()]
        rounded = FusedEncoder(network.state_dict(), torch.bfloat16)(ids, types, mask)[mask.bool()].float()

    assert (exact - rounded).norm() / exact.norm() < 0.015
