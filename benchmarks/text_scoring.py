"""Texts read per second, beside what the same weights reach with the transformers pipeline, in one run.

    python -m benchmarks.text_scoring DATA_DIR [--texts 450]

DATA_DIR holds `text/text.parquet` and `governance/posts.parquet`. Two thirds of the texts come from the first, one
third are forum posts, cut here to 256 tokens so that every contestant reads the same words. Printed as a table: texts
per second, the ratio to each pipeline, the share of the machine's own matrix rate, and how far bf16 is from fp32.
"""

import argparse
import random
import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import torch
from transformers import BertForSequenceClassification, BertTokenizerFast, TextClassificationPipeline

from nlp.base_weights import base_folder
from nlp.encoder import Encoder, Precision
from nlp.model_store import find_weights, read_weights
from nlp.packing import unpack
from nlp.text_network import TextNetwork
from nlp.windows import Tokens

TOKENS = 256
THREADS = 2
# Multiplications and additions per token and layer width squared: four attention matrices and two of four times the width.
MULTIPLIED = 2 * (4 + 8)


@dataclass(frozen=True, slots=True)
class Result:
    """One contestant's best of two runs."""

    name: str
    texts_per_second: float


def texts_of(data_dir: Path, count: int) -> list[str]:
    """Texts of mixed lengths, the same for the same count, each cut to 254 tokens by decoding them."""
    dice = random.Random(20261121)
    labelled = pq.read_table(data_dir / "text" / "text.parquet", columns=["text"])["text"].to_pylist()
    posts = pq.read_table(data_dir / "governance" / "posts.parquet", columns=["text"])["text"].to_pylist()
    chosen = dice.sample([text for text in labelled if text], count - count // 3)
    chosen += dice.sample([post for post in posts if post and post.strip()], count // 3)
    tokens = Tokens(base_folder() / "tokenizer.json")
    dice.shuffle(chosen)
    return [tokens.decode(ids[: TOKENS - 2]) for ids in tokens.encode(chosen)]


def timed(name: str, texts: Sequence[str], read: Callable[[Sequence[str]], object]) -> Result:
    """The better of two runs, after a short one to warm up."""
    read(texts[:16])
    seconds = []
    for _ in range(2):
        start = time.perf_counter()
        read(texts)
        seconds.append(time.perf_counter() - start)
    return Result(name, len(texts) / min(seconds))


def pipeline_of(network: TextNetwork) -> TextClassificationPipeline:
    """The same encoder with one linear head, as the transformers library would serve it."""
    base = base_folder()
    model = BertForSequenceClassification.from_pretrained(base, num_labels=3).eval()
    model.bert.load_state_dict(network.encoder.state_dict(), strict=False)
    return TextClassificationPipeline(model=model, tokenizer=BertTokenizerFast.from_pretrained(base), device="cpu")


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
    parser.add_argument("data_dir", type=Path)
    parser.add_argument("--texts", type=int, default=450)
    chosen = parser.parse_args()
    torch.set_num_threads(THREADS)
    texts = texts_of(chosen.data_dir, chosen.texts)
    base = base_folder()
    network, _ = unpack(read_weights(find_weights("text")), base)
    pairs = [(text, "") for text in texts]
    encoder = Encoder(network, base, TOKENS)
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    results = [timed(f"assent ({encoder.precision})", texts, lambda some: encoder.logits(pairs[: len(some)]))]
    resident_after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    pipeline = pipeline_of(network)
    cut = {"truncation": True, "max_length": TOKENS}
    results.append(timed("pipeline, batches of 32", texts, lambda some: pipeline(list(some), batch_size=32, **cut)))
    results.append(timed("pipeline, one by one", texts, lambda some: [pipeline(text, **cut) for text in some]))
    _print(results, encoder, pairs, resident=resident, resident_after=resident_after)
    _print_agreement(network, base, pairs)


def _print(
    results: Sequence[Result], encoder: Encoder, pairs: Sequence[tuple[str, str]], *, resident: float, resident_after: float
) -> None:
    ours = results[0].texts_per_second
    print(f"{'':28}{'texts/s':>10}{'assent is':>12}")
    for result in results:
        print(f"{result.name:28}{result.texts_per_second:>10.1f}{ours / result.texts_per_second:>11.1f}x")
    rates = {str(dtype): matrix_rate(dtype) for dtype in (torch.float32, torch.bfloat16)}
    tokens = sum(len(ids) + 2 for ids in encoder.tokens.encode([text for text, _ in pairs])) / len(pairs)
    work = ours * tokens * 6 * MULTIPLIED * 384 * 384
    for name, rate in rates.items():
        print(f"matrix rate, {name}: {rate / 1e9:.0f} GFLOP/s; assent's matrix work is {work / rate:.0%} of it")
    print(f"resident memory: {resident:.0f} MB with the model, {resident_after:.0f} MB after reading")


def _print_agreement(network: TextNetwork, base: Path, pairs: Sequence[tuple[str, str]]) -> None:
    exact = Encoder(network, base, TOKENS, Precision.FLOAT32).logits(pairs).values[:, :3]
    rounded = Encoder(network, base, TOKENS, Precision.BFLOAT16).logits(pairs).values[:, :3]
    share = float((exact.argmax(axis=1) == rounded.argmax(axis=1)).mean())
    probabilities = [np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True) for logits in (exact, rounded)]
    largest = float(np.abs(probabilities[0] - probabilities[1]).max())
    print(f"bf16 beside fp32: {share:.1%} equal labels, largest probability difference {largest:.4f}")


if __name__ == "__main__":
    main()
