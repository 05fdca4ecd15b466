"""Packed weights are a network's own, name by name and shape by shape, or they are refused."""

import json
from collections.abc import Callable

import pytest
import torch
from safetensors.torch import load, save
from torch import Tensor

from governance.errors import ModelUnavailable
from nlp.base_tensors import NEVER, OFF_TARGET
from nlp.base_weights import base_folder
from nlp.model_store import find_weights, read_header, read_weights
from nlp.packing import HEADER_ENTRY, ReadingRules, unpack
from nlp.text_network import TextNetwork

pytestmark = pytest.mark.encoder


@pytest.fixture(scope="module")
def shipped() -> bytes:
    """The weights that ship."""
    return read_weights(find_weights("text"))


def test_what_ships_is_a_whole_network(shipped: bytes) -> None:
    """Every weight of the network for training has one here, and no other."""
    weights, rules = unpack(shipped, base_folder())

    network = TextNetwork.of(weights, base_folder())

    assert rules == ReadingRules(window_tokens=256, summary_read=False)
    assert all(torch.equal(tensor, weights[name]) for name, tensor in network.state_dict().items())


@pytest.mark.parametrize(
    ("before", "line"),
    [
        ("assent-text/2", {}),
        ("assent-text/3", {f"{OFF_TARGET}.weight": torch.ones(1, 384), f"{OFF_TARGET}.bias": torch.zeros(1)}),
    ],
)
def test_weights_of_the_formats_before_take_no_text_for_off_its_target(shipped: bytes, before: str, line: dict[str, Tensor]) -> None:
    """A DAO's own weights, learnt from its votes before it was told so, go on being read."""
    tensors = {name: tensor for name, tensor in load(shipped).items() if not name.startswith(OFF_TARGET)} | line

    weights, rules = unpack(as_before(shipped, before, tensors), base_folder())

    assert rules.summary_read
    assert not weights[f"{OFF_TARGET}.odds.weight"].any()
    assert weights[f"{OFF_TARGET}.odds.bias"].tolist() == [NEVER]
    assert set(weights) == set(unpack(shipped, base_folder())[0])


def test_weights_of_the_format_before_read_a_summary(shipped: bytes) -> None:
    """The same digest goes on saying the same."""
    weights, rules = unpack(as_before(shipped, "assent-text/4", load(shipped)), base_folder())

    assert rules == ReadingRules(window_tokens=256, summary_read=True)
    assert torch.equal(weights[f"{OFF_TARGET}.vectors"], unpack(shipped, base_folder())[0][f"{OFF_TARGET}.vectors"])


def as_before(shipped: bytes, before: str, tensors: dict[str, Tensor]) -> bytes:
    """The tensors under a header of a format whose rules said how long a window is and no more."""
    about = json.loads(read_header(shipped)[HEADER_ENTRY])
    about |= {"format": before, "rules": {"window_tokens": about["rules"]["window_tokens"]}}
    return save(tensors, metadata={HEADER_ENTRY: json.dumps(about)})


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda tensors: tensors.pop("heads.stance.bias"), "heads.stance.bias"),
        (lambda tensors: tensors.update({"heads.mood.bias": torch.zeros(3)}), "heads.mood.bias"),
        (lambda tensors: tensors.update({"heads.sentiment.weight": torch.zeros(4, 384)}), "heads.sentiment.weight"),
        (
            lambda tensors: tensors.update({"encoder.encoder.layer.0.output.dense.weight": torch.zeros(1, 1536)}),
            "encoder.encoder.layer.0.output.dense.weight",
        ),
    ],
)
def test_weights_of_another_shape_are_refused_by_name(shipped: bytes, change: Callable[[dict[str, Tensor]], object], named: str) -> None:
    """One that would spread over the base's by broadcasting, too."""
    tensors = load(shipped)
    change(tensors)
    other = save(tensors, metadata=dict(read_header(shipped)))

    with pytest.raises(ModelUnavailable, match="do not fit the network") as refused:
        unpack(other, base_folder())

    assert refused.value.details["differing"] == named
