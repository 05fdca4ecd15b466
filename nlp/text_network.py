"""The text network: one encoder, mean pooling, per task a linear head and a linear temperature. Imports torch."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from transformers import AutoModel
from transformers import logging as transformers_logging

from nlp.tasks import LABELS
from nlp.windows import Window

TASKS = tuple(LABELS)
# The base encoder's word table: 11.7 of its 22.7 million numbers. It stays as it is, so it need not be shipped.
WORD_TABLE = "encoder.embeddings.word_embeddings.weight"


class TextNetwork(nn.Module):
    """Windows in, one row of logits per task out. One pass through the encoder serves every head."""

    def __init__(self, base: Path, *, dropout: float = 0.1) -> None:
        super().__init__()
        # The report of what is not loaded (the unused pooling layer) and its progress bar do not belong on a server's stderr.
        transformers_logging.set_verbosity_error()
        transformers_logging.disable_progress_bar()
        # Dropout inside attention would keep torch from its fused attention kernel, for a quarter more time.
        self.encoder = AutoModel.from_pretrained(base, add_pooling_layer=False, attention_probs_dropout_prob=0.0, local_files_only=True)
        self.encoder.embeddings.word_embeddings.weight.requires_grad_(False)
        self.dropout = nn.Dropout(dropout)
        self.width: int = self.encoder.config.hidden_size
        self.heads = nn.ModuleDict({task: nn.Linear(self.width, len(LABELS[task])) for task in TASKS})
        # Logarithms of temperatures. They are fitted when training has ended (`nlp.publishing`); until then they say one.
        self.temperatures = nn.ModuleDict({task: nn.Linear(self.width, 1) for task in TASKS}).requires_grad_(False)
        for layer in self.temperatures.parameters():
            nn.init.zeros_(layer)

    def pooled(self, ids: Tensor, types: Tensor, mask: Tensor) -> Tensor:
        """The mean of the last layer over real tokens, fp32."""
        hidden = self.encoder(input_ids=ids, token_type_ids=types, attention_mask=mask).last_hidden_state.float()
        weights = mask.unsqueeze(-1).float()
        mean: Tensor = (hidden * weights).sum(dim=1) / weights.sum(dim=1)
        return mean

    def forward(self, ids: Tensor, types: Tensor, mask: Tensor) -> dict[str, Tensor]:
        """Logits per task, fp32, in the order of `LABELS`."""
        pooled = self.dropout(self.pooled(ids, types, mask))
        return {task: head(pooled).float() for task, head in self.heads.items()}

    def trained(self) -> Mapping[str, Tensor]:
        """All weights training may change, by name."""
        return {name: tensor for name, tensor in self.state_dict().items() if name != WORD_TABLE}


def padded(windows: Sequence[Window], length: int | None = None) -> tuple[Tensor, Tensor, Tensor]:
    """(ids, types, mask) of one batch, padded on the right to its longest window, or to `length`."""
    longest = length or max(len(window.ids) for window in windows)
    ids = torch.zeros(len(windows), longest, dtype=torch.long)
    types = torch.zeros_like(ids)
    mask = torch.zeros_like(ids)
    for row, window in enumerate(windows):
        length = len(window.ids)
        ids[row, :length] = torch.tensor(window.ids)
        types[row, :length] = torch.tensor(window.types)
        mask[row, :length] = 1
    return ids, types, mask
