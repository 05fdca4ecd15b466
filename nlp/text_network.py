"""The text network: one encoder, mean pooling, linear heads and temperatures, and beside it what tells off-target texts. Imports torch."""

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor, nn
from transformers import AutoModel
from transformers import logging as transformers_logging

from nlp.base_tensors import WORD_TABLE
from nlp.off_target import OffTarget
from nlp.tasks import LABELS

TASKS = tuple(LABELS)


class TextNetwork(nn.Module):
    """Windows in, one row of logits per task out. One pass through the encoder serves every head."""

    def __init__(self, base: Path, *, dropout: float = 0.1, frozen_layers: int = 0) -> None:
        super().__init__()
        # The report of what is not loaded (the unused pooling layer) and its progress bar do not belong on a server's stderr.
        transformers_logging.set_verbosity_error()
        transformers_logging.disable_progress_bar()
        # Dropout inside attention would keep torch from its fused attention kernel, for a quarter more time.
        self.encoder = AutoModel.from_pretrained(base, add_pooling_layer=False, attention_probs_dropout_prob=0.0, local_files_only=True)
        self.encoder.embeddings.word_embeddings.weight.requires_grad_(False)
        if frozen_layers:
            for part in (self.encoder.embeddings, *self.encoder.encoder.layer[:frozen_layers]):
                part.requires_grad_(False)
        self.dropout = nn.Dropout(dropout)
        self.width: int = self.encoder.config.hidden_size
        self.heads = nn.ModuleDict({task: nn.Linear(self.width, len(LABELS[task])) for task in TASKS})
        # Logarithms of temperatures. They are fitted when training has ended (`nlp.publishing`); until then they say one.
        self.temperatures = nn.ModuleDict({task: nn.Linear(self.width, 1) for task in TASKS}).requires_grad_(False)
        for layer in self.temperatures.parameters():
            nn.init.zeros_(layer)
        # It sees words and not what the encoder makes of them, and is trained by itself (`nlp.off_target_training`).
        self.off_target = OffTarget(self.encoder.config.vocab_size).requires_grad_(False)

    @classmethod
    def of(cls, weights: Mapping[str, Tensor], base: Path) -> "TextNetwork":
        """A network with weights that were trained, to be trained further or read with as it is."""
        network = cls(base)
        network.load_state_dict(dict(weights))
        return network.eval()

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
