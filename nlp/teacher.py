"""A larger encoder that learns first, so that the small one learns from what it believes. Imports torch.

Its base is all-mpnet-base-v2 (Apache-2.0). Only training needs it: it is neither shipped nor served.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import torch
from tqdm import tqdm

from nlp.base_weights import pinned_folder
from nlp.dataset import LabelledText
from nlp.padding import padded
from nlp.plain_text import plain_text
from nlp.recipes import TrainingConfig
from nlp.text_network import TextNetwork
from nlp.windows import Tokens, WindowCut

PINNED: Mapping[str, str] = {
    "model.safetensors": "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658",
    "tokenizer.json": "b8be2c30ba5dd723a6d5ee26d013da103d5408d92ddcb23747622f9e48f1d842",
}
_BATCH = 64


def pinned_teacher(folder: Path) -> Path:
    """The folder, when weights and tokenizer in it are all-mpnet-base-v2's; raises `ModelUnavailable` otherwise."""
    return pinned_folder(folder, PINNED, "teacher, all-mpnet-base-v2")


def with_soft_labels(
    rows: Sequence[LabelledText], teacher: TextNetwork, base: Path, config: TrainingConfig, *, rounded: bool, progress: bool
) -> list[LabelledText]:
    """All rows, those of the `train` split of the sets `teacher` learnt from with the probabilities it gives to their labels.

    A text is read to the end of its first window; `rounded` reads in bf16.
    """
    asked = [number for number, row in enumerate(rows) if row.split == "train" and row.dataset in config.sampling.quotas]
    tokens, cut = Tokens(base / "tokenizer.json"), WindowCut(config.window_tokens)
    texts = tokens.encode([plain_text(rows[number].text) for number in asked])
    targets = tokens.encode([plain_text(rows[number].target) for number in asked])
    windows = [tokens.windows(text, target, cut)[0] for text, target in zip(texts, targets, strict=True)]
    order = sorted(range(len(asked)), key=lambda place: -len(windows[place].ids))
    taught = list(rows)
    teacher.eval()
    bar = tqdm(total=len(order), unit="text", disable=not (progress and sys.stderr.isatty()))
    for start in range(0, len(order), _BATCH):
        places = order[start : start + _BATCH]
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=rounded):
            logits = teacher(*padded([windows[place] for place in places]))
        said = {task: torch.softmax(values.float(), dim=1).tolist() for task, values in logits.items()}
        for number, place in enumerate(places):
            row = rows[asked[place]]
            taught[asked[place]] = replace(row, soft_labels=tuple(said[row.task][number]))
        bar.update(len(places))
    bar.close()
    return taught
