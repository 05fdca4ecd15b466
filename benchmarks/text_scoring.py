"""Texts read per second, beside what the same weights reach with the transformers pipeline, in one run.

    python -m benchmarks.text_scoring DATA_DIR [--texts 450]

DATA_DIR holds `text/text.parquet` and `governance/posts.parquet`. Two thirds of the texts come from the first, one
third are forum posts, cut here to 256 tokens so that every contestant reads the same words. Printed as a table: texts
per second, the ratio to each contestant, the share of the machine's own matrix rate, and how far bf16 is from fp32 in the
probabilities of both heads as served. "assent" gives what the others give, logits; "assent, as served" is the whole reading:
language, temperatures and the spans that moved it.
ONNX Runtime reads the same network, exported in fp32, in batches of 32 sorted by length. Memory is that of a process
of its own which only scores: model, tokenizer and batches, without the pipelines and without the parquet files.
"""

import argparse
import json
import random
import re
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from governance.evidence import TextToRead
from nlp.base_weights import base_folder
from nlp.encoder import Encoder, Precision
from nlp.model_store import find_weights, read_weights
from nlp.packing import unpack
from nlp.padding import padded
from nlp.plain_text import plain_text
from nlp.reader import EncoderTextReader
from nlp.shipped_model import ShippedModel
from nlp.tasks import LABELS
from nlp.text_network import TextNetwork
from nlp.windows import Tokens

if TYPE_CHECKING:
    from transformers import TextClassificationPipeline

TOKENS = 256
THREADS = 2
ROUNDS = 3
# Multiplications and additions per token and layer width squared: four attention matrices and two of four times the width.
MULTIPLIED = 2 * (4 + 8)


@dataclass(frozen=True, slots=True)
class Result:
    """One contestant's best run."""

    name: str
    texts_per_second: float


def texts_of(data_dir: Path, count: int) -> list[str]:
    """Texts of mixed lengths, the same for the same count, each cut to 254 tokens by decoding them."""
    import pyarrow.parquet as pq  # noqa: PLC0415  # the process that only scores must not pay for it

    dice = random.Random(20261121)
    labelled = pq.read_table(data_dir / "text" / "text.parquet", columns=["text"])["text"].to_pylist()
    posts = pq.read_table(data_dir / "governance" / "posts.parquet", columns=["text"])["text"].to_pylist()
    chosen = dice.sample([text for text in labelled if text], count - count // 3)
    chosen += dice.sample([post for post in posts if post and post.strip()], count // 3)
    tokens = Tokens(base_folder() / "tokenizer.json")
    dice.shuffle(chosen)
    return [tokens.decode(ids[: TOKENS - 2]) for ids in tokens.encode(chosen)]


def timed(contestants: Mapping[str, Callable[[Sequence[str]], object]], texts: Sequence[str]) -> list[Result]:
    """The best of `ROUNDS` runs of each, after a short one to warm up; they take turns, so that a slow minute of the machine meets all."""
    best = dict.fromkeys(contestants, float("inf"))
    for read in contestants.values():
        read(texts[:16])
    for _ in range(ROUNDS):
        for name, read in contestants.items():
            start = time.perf_counter()
            read(texts)
            best[name] = min(best[name], time.perf_counter() - start)
    return [Result(name, len(texts) / seconds) for name, seconds in best.items()]


def pipeline_of(network: TextNetwork) -> "TextClassificationPipeline":
    """The same encoder with one linear head, as the transformers library would serve it."""
    from transformers import (  # noqa: PLC0415  # the process that only scores must not pay for them
        BertForSequenceClassification,
        BertTokenizerFast,
        TextClassificationPipeline,
    )

    base = base_folder()
    model = BertForSequenceClassification.from_pretrained(base, num_labels=3).eval()
    model.bert.load_state_dict(network.encoder.state_dict(), strict=False)
    return TextClassificationPipeline(model=model, tokenizer=BertTokenizerFast.from_pretrained(base), device="cpu")


class _AllHeads(torch.nn.Module):
    """The network with the logits of all heads side by side, as one exported graph."""

    def __init__(self, network: TextNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, ids: torch.Tensor, types: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return torch.cat(list(self.network(ids, types, mask).values()), dim=1)


def onnx_reader(network: TextNetwork, tokens: Tokens) -> Callable[[Sequence[str]], object]:
    """The same network in ONNX Runtime, fp32, two threads, in batches of 32 of like length."""
    import onnxruntime  # noqa: PLC0415  # only this contestant needs it

    batch = padded([tokens.window([2054, 2003, 2023], []), tokens.window([2054], [])])
    free = {0: "batch", 1: "tokens"}
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch prefers an exporter that needs more packages, and says so
        file = Path(folder) / "network.onnx"
        axes = {"ids": free, "types": free, "mask": free, "logits": {0: "batch"}}
        names = ["ids", "types", "mask"]
        torch.onnx.export(
            _AllHeads(network).eval(), batch, str(file), input_names=names, output_names=["logits"], dynamic_axes=axes, dynamo=False
        )
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = THREADS
        session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])

    def read(texts: Sequence[str]) -> object:
        windows = [tokens.window(ids, []) for ids in tokens.encode([plain_text(text) for text in texts])]
        windows = [tokens.window(window.ids[1:-1][: TOKENS - 2], []) for window in windows]
        order = sorted(windows, key=lambda window: len(window.ids))
        batches = [padded(order[start : start + 32]) for start in range(0, len(order), 32)]
        return [session.run(None, {name: part.numpy() for name, part in zip(names, batch, strict=True)}) for batch in batches]

    return read


def scoring_memory(texts: Sequence[str]) -> str:
    """What a process of its own says of its memory, that is given the texts and scores them."""
    command = [sys.executable, "-m", "benchmarks.text_scoring", "--only-score"]
    return subprocess.run(command, input=json.dumps(list(texts)), text=True, capture_output=True, check=True).stdout.strip()


def only_score() -> None:
    """Read texts from standard input, score them, and print the most memory this process held."""
    texts = [TextToRead(text) for text in json.load(sys.stdin)]
    torch.set_num_threads(THREADS)
    reader = EncoderTextReader()
    reader.read(texts[:1])
    loaded = most_resident_mb()
    reader.read(texts)
    print(f"{loaded:.0f} MB with the model, {most_resident_mb():.0f} MB at most while reading")


def most_resident_mb() -> float:
    """The most memory this process held since it was started; `ru_maxrss` would count the process that started it, too."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(re.findall(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)[0]) / 1024


def matrix_rate(dtype: torch.dtype) -> float:
    """Multiplications and additions per second of the encoder's largest product at a batch of 2,048 tokens."""
    left, right = torch.randn(2048, 384).to(dtype), torch.randn(384, 1536).to(dtype)
    best = 0.0
    for _ in range(20):
        start = time.perf_counter()
        for _ in range(10):
            left @ right
        best = max(best, 10 * 2 * 2048 * 384 * 1536 / (time.perf_counter() - start))
    return best


def main() -> None:
    """Run all contestants and print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data_dir", type=Path, nargs="?")
    parser.add_argument("--texts", type=int, default=450)
    parser.add_argument("--only-score", action="store_true", help="score what comes in; for measuring memory")
    chosen = parser.parse_args()
    if chosen.only_score:
        return only_score()
    if chosen.data_dir is None:
        parser.error("DATA_DIR is missing")
    torch.set_num_threads(THREADS)
    texts = texts_of(chosen.data_dir, chosen.texts)
    base = base_folder()
    weights, _ = unpack(read_weights(find_weights("text")), base)
    network = TextNetwork.of(weights, base)
    pairs = [(text, "") for text in texts]
    encoder = Encoder(weights, base, TOKENS)
    reader = EncoderTextReader(precision=encoder.precision)
    pipeline = pipeline_of(network)
    cut = {"truncation": True, "max_length": TOKENS}
    contestants: dict[str, Callable[[Sequence[str]], object]] = {
        f"assent ({encoder.precision})": lambda some: encoder.logits(pairs[: len(some)]),
        "assent, as served": lambda some: reader.read([TextToRead(text) for text in some]),
        "pipeline, batches of 32": lambda some: pipeline(list(some), batch_size=32, **cut),
        "pipeline, one by one": lambda some: [pipeline(text, **cut) for text in some],
        "ONNX Runtime, fp32": onnx_reader(network, encoder.tokens),
    }
    _print(timed(contestants, texts), encoder, pairs)
    _print_agreement(pairs)
    print(f"resident memory of a process that only scores: {scoring_memory(texts)}")
    return None


def _print(results: Sequence[Result], encoder: Encoder, pairs: Sequence[tuple[str, str]]) -> None:
    ours = results[0].texts_per_second
    print(f"{'':28}{'texts/s':>10}{'assent is':>12}")
    for result in results:
        print(f"{result.name:28}{result.texts_per_second:>10.1f}{ours / result.texts_per_second:>11.1f}x")
    rates = {str(dtype): matrix_rate(dtype) for dtype in (torch.float32, torch.bfloat16)}
    tokens = sum(len(ids) + 2 for ids in encoder.tokens.encode([text for text, _ in pairs])) / len(pairs)
    work = ours * tokens * 6 * MULTIPLIED * 384 * 384
    for name, rate in rates.items():
        print(f"matrix rate, {name}: {rate / 1e9:.0f} GFLOP/s; assent's matrix work is {work / rate:.0%} of it")


def _print_agreement(pairs: Sequence[tuple[str, str]]) -> None:
    stored = find_weights("text")
    said = [list(ShippedModel(read_weights(stored), stored.sha256, precision).score(pairs)) for precision in Precision]
    for task in LABELS:
        exact, rounded = (np.array([row[task].scores for row in rows]) for rows in said)
        share = float((exact.argmax(axis=1) == rounded.argmax(axis=1)).mean())
        print(f"bf16 beside fp32, {task}: {share:.1%} equal labels, largest probability difference {np.abs(exact - rounded).max():.4f}")


if __name__ == "__main__":
    main()
