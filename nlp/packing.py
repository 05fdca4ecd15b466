"""Trained weights as they ship: what training changed, as half-precision differences from the base encoder."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from safetensors.torch import load, save
from torch import Tensor

from governance.errors import ModelUnavailable
from nlp.base_tensors import OFF_TARGET, WORD_TABLE, base_tensors, head_shapes
from nlp.base_weights import MODEL_SHA256, TOKENIZER_SHA256
from nlp.model_store import read_header
from nlp.off_target import STEP, untold

if TYPE_CHECKING:
    from nlp.text_network import TextNetwork

FORMAT = "assent-text/5"
# Their rules do not say that a summary is read: it always was.
_BEFORE = ("assent-text/2", "assent-text/3", "assent-text/4")
# Of these no text is ever off its target: the second format had nothing to tell it by, the third a line over the encoder's vectors
# that told one in eight.
_UNTOLD = ("assent-text/2", "assent-text/3")
HEADER_ENTRY = "assent"
LICENCE = "CC-BY-SA-4.0"
_TABLE, _TABLE_WEIGHTS = f"{OFF_TARGET}.vectors", f"{OFF_TARGET}.weights"


@dataclass(frozen=True, slots=True)
class ReadingRules:
    """What besides the weights decides a reading; it travels in the weight file, under the same digest."""

    window_tokens: int
    summary_read: bool = False


def pack(network: "TextNetwork", base: Path, rules: ReadingRules) -> bytes:
    """The safetensors bytes of a trained network. The encoder's layers are (trained - base) in fp16; heads and temperatures stay fp32.

    Differences are small, and fp16 is finest near zero, so the rebuilt weights are nearer the trained ones than any
    16-bit form of the weights themselves. Of what tells off-target texts the vectors are whole steps of `STEP` and their weights
    fp16, as `OffTarget.round` leaves them.
    """
    start = base_tensors(base)
    tensors: dict[str, Tensor] = {}
    for name, tensor in network.trained().items():
        kept = tensor.detach().float()
        tensors[name] = _as_bytes(name, kept) if name not in start else (kept - start[name]).half().contiguous()
    about = {
        "format": FORMAT,
        "base_sha256": MODEL_SHA256,
        "tokenizer_sha256": TOKENIZER_SHA256,
        "rules": asdict(rules),
        "licence": LICENCE,
    }
    # One entry of sorted JSON: safetensors writes several entries in no fixed order, and the digest would differ.
    return save(tensors, metadata={HEADER_ENTRY: json.dumps(about, sort_keys=True)})


def unpack(data: bytes, base: Path) -> tuple[dict[str, Tensor], ReadingRules]:
    """All weights of a network, fp32, by their names in it, and the rules of packed bytes.

    Raises `ModelUnavailable` when they were made for another base or format.
    """
    about = json.loads(read_header(data).get(HEADER_ENTRY, "{}"))
    made_for = (about.get("base_sha256"), about.get("tokenizer_sha256"))
    if about.get("format") not in (FORMAT, *_BEFORE) or made_for != (MODEL_SHA256, TOKENIZER_SHA256):
        raise ModelUnavailable("weights were made for another base encoder or format", format=str(about.get("format")))
    weights = base_tensors(base)
    tensors, never = load(data), untold(len(weights[WORD_TABLE]))
    if about["format"] in _UNTOLD:
        tensors = {name: tensor for name, tensor in tensors.items() if not name.startswith(OFF_TARGET)} | never
    elif (table := tensors.get(_TABLE)) is not None:
        tensors[_TABLE] = table.float() * STEP
    shapes = {name: tuple(tensor.shape) for name, tensor in {**weights, **never}.items()}
    expected = {**shapes, **head_shapes(shapes[WORD_TABLE][1])}
    del expected[WORD_TABLE]
    found = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    if found != expected:
        differing = sorted(name for name, _ in found.items() ^ expected.items())
        raise ModelUnavailable("weights do not fit the network", differing=", ".join(dict.fromkeys(differing))[:200])
    for name, tensor in tensors.items():
        weights[name] = weights[name] + tensor.float() if name in weights else tensor.float()
    silent = {"summary_read": True} if about["format"] in _BEFORE else {}
    return weights, ReadingRules(**about["rules"], **silent)


def _as_bytes(name: str, tensor: Tensor) -> Tensor:
    if name == _TABLE:
        return torch.round(tensor / STEP).to(torch.int8)
    return tensor.half() if name == _TABLE_WEIGHTS else tensor.contiguous()
