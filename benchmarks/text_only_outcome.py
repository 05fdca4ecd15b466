"""A transformer that sees nothing but a proposal's words, fine-tuned to say whether it passes: a contrast to the outcome model.

    python -m benchmarks.text_only_outcome DATA_DIR [--epochs 2] [--tokens 128]

DATA_DIR holds `proposals.parquet`. all-MiniLM-L6-v2 with one linear layer, all of it trained on title and body of the
earlier 70 % of each DAO's closed proposals, as the outcome model is, and measured on the other 30 %. Printed per slice: AUC,
Brier score, calibration error and log loss, beside always saying the training share of passes.
"""

import argparse
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import nn
from tqdm import tqdm

from nlp.base_weights import base_folder
from nlp.encoder import Encoder, Precision
from nlp.outcome_dataset import Case, read_dump
from nlp.outcome_metrics import score
from nlp.outcome_text import proposal_text
from nlp.outcome_training import TRAINED_PARTS, time_parts
from nlp.padding import padded
from nlp.text_network import TextNetwork
from nlp.windows import Window

SEED = 20261121
BATCH = 32
# Batches per sorted block, so that rows of like length stand together and blocks stay mixed.
BLOCK = 40
SLICES = {"all official": "", "Decentraland": "decentraland_transparency", "DAOstack": "grasia_daostack", "DAOhaus": "grasia_daohaus"}


class TextOnly(nn.Module):
    """The encoder's mean vector and one linear layer: log-odds of passing."""

    def __init__(self) -> None:
        super().__init__()
        self.text = TextNetwork(base_folder())
        self.head = nn.Linear(self.text.width, 1)
        self.rounded = Encoder(self.text.state_dict(), base_folder(), 256).precision is Precision.BFLOAT16

    def forward(self, windows: Sequence[Window]) -> torch.Tensor:
        """One number per window."""
        with torch.autocast("cpu", torch.bfloat16, enabled=self.rounded):
            pooled = self.text.dropout(self.text.pooled(*padded(windows)))
        odds: torch.Tensor = self.head(pooled.float())[:, 0]
        return odds


def windows_of(cases: Sequence[Case], tokens: int) -> list[Window]:
    """The beginning of each proposal's words, special tokens included."""
    tokenizer = Tokenizer.from_file(str(base_folder() / "tokenizer.json"))
    tokenizer.enable_truncation(tokens)
    tokenizer.no_padding()
    encoded = tokenizer.encode_batch([proposal_text(case.closed.proposal) for case in cases])
    return [Window(tuple(each.ids), (0,) * len(each.ids), len(each.ids)) for each in encoded]


def batches(windows: Sequence[Window], dice: random.Random) -> list[list[int]]:
    """Places in batches of like length, in random order."""
    order = list(range(len(windows)))
    dice.shuffle(order)
    found: list[list[int]] = []
    for start in range(0, len(order), BATCH * BLOCK):
        block = sorted(order[start : start + BATCH * BLOCK], key=lambda place: len(windows[place].ids))
        found += [block[first : first + BATCH] for first in range(0, len(block), BATCH)]
    dice.shuffle(found)
    return found


def trained(windows: Sequence[Window], passed: NDArray[np.float64], epochs: int) -> TextOnly:
    """The network after `epochs` rounds; its rate falls to zero."""
    torch.manual_seed(SEED)
    network, dice = TextOnly().train(), random.Random(SEED)
    optimiser = torch.optim.AdamW([weight for weight in network.parameters() if weight.requires_grad], lr=1e-4, weight_decay=0.01)
    plan = [batch for _ in range(epochs) for batch in batches(windows, dice)]
    schedule = torch.optim.lr_scheduler.LinearLR(optimiser, 1.0, 0.0, total_iters=len(plan))
    answers = torch.tensor(passed, dtype=torch.float32)
    for batch in tqdm(plan, desc="training", disable=None):
        loss = nn.functional.binary_cross_entropy_with_logits(network([windows[place] for place in batch]), answers[batch])
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
    return network.eval()


def said_by(network: TextOnly, windows: Sequence[Window]) -> NDArray[np.float64]:
    """P(passes) of each."""
    order = sorted(range(len(windows)), key=lambda place: len(windows[place].ids))
    said = np.zeros(len(windows))
    with torch.inference_mode():
        for start in range(0, len(order), BATCH):
            batch = order[start : start + BATCH]
            said[batch] = torch.sigmoid(network([windows[place] for place in batch])).double().numpy()
    return said


def main() -> None:
    """Train, score, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data_dir", type=Path)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--tokens", type=int, default=128)
    chosen = parser.parse_args()
    cases = [case for case in read_dump(chosen.data_dir).cases if proposal_text(case.closed.proposal)]
    parts = time_parts(cases)
    early = np.array([parts[case.closed.proposal.proposal_id] < TRAINED_PARTS[0] for case in cases])
    passed = np.array([float(case.closed.passed) for case in cases])
    windows = windows_of(cases, chosen.tokens)
    network = trained([windows[place] for place in np.flatnonzero(early)], passed[early], chosen.epochs)
    late = np.flatnonzero(~early)
    said = said_by(network, [windows[place] for place in late])
    for name, source in SLICES.items():
        here = np.array([not source or cases[place].source == source for place in late])
        truth = passed[late][here]
        share = np.mean([passed[place] for place in np.flatnonzero(early) if not source or cases[place].source == source])
        print(name, "text only", score(said[here], truth).as_row())
        print(name, "always the share", score(np.full(len(truth), share), truth).as_row())


if __name__ == "__main__":
    main()
