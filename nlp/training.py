"""Training the text network: one visible loop, seeded, resumable after a kill."""

import json
import sys
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import torch
from torch import Tensor, nn
from tqdm import tqdm

from nlp.base_tensors import WORD_TABLE
from nlp.base_weights import base_folder
from nlp.dataset import LabelledText, data_digest, read_labelled
from nlp.encoder import Encoder, Precision
from nlp.examples import Example, batched, examples
from nlp.model_store import StoredWeights
from nlp.off_target_training import Matching, train_off_target
from nlp.padding import padded
from nlp.publishing import publish
from nlp.recipes import OtherTraining, TrainingConfig
from nlp.sampling import RoundSampler, seeded, validation_rows
from nlp.splits import write_splits
from nlp.tasks import LABELS
from nlp.teacher import with_soft_labels
from nlp.text_network import TASKS, TextNetwork
from nlp.varied_texts import labelled_by_teacher, neighbours, varied_rows
from nlp.windows import Tokens, WindowCut


@dataclass(frozen=True, slots=True)
class Teaching:
    """Teachers: the folder of their base encoder, how each is trained, and how many varied texts of each set they label beside all rows.

    All but the first go on from what the first learnt, each for itself. Each labels the sets it has learnt from; of two that learnt a
    set the later one's labels stand.
    """

    base: Path
    recipe: Sequence[TrainingConfig]
    varied: Mapping[str, int] = field(default_factory=dict)

    def digest(self) -> str:
        """SHA-256 of everything but the base encoder, hex."""
        return sha256(json.dumps([[config.digest() for config in self.recipe], self.varied], sort_keys=True).encode()).hexdigest()


def train_text(
    data_dir: Path,
    out_dir: Path,
    recipe: Sequence[TrainingConfig],
    progress: bool,
    teaching: Teaching | None = None,
    *,
    matching: Matching | None = None,
) -> StoredWeights:
    """Train on the `train` rows under `data_dir`, stage after stage; return the weights, stored with their manifest in `out_dir`.

    A `taught` stage heeds teachers' soft labels beside the labels; without `teaching`, labels alone. Without `matching` no text is
    ever told off its target. Each stage, and each teacher,
    has a folder in `out_dir` with its checkpoint, from which a killed run goes on to the very weights it would have reached, and
    `curve.ndjson`, a line of validation figures per round; `splits.json` tells which rows were which. A checkpoint of another
    recipe or of other data raises `OtherTraining`. The progress bar shows only on a terminal.
    """
    rows, base = read_labelled(data_dir), base_folder()
    torch.manual_seed(recipe[0].seed)
    network = TextNetwork(base)
    data = fingerprint = data_digest(data_dir)
    # The arithmetic that is faster here: where a processor only imitates bf16, a step takes a hundred times as long.
    allowed = None if all(config.bfloat16 for config in recipe) else Precision.FLOAT32
    precision = Encoder(network.state_dict(), base, recipe[-1].window_tokens, allowed).precision
    taught: list[LabelledText] = []
    for number, config in enumerate(recipe, start=1):
        fingerprint = f"{config.digest()}/{fingerprint}"
        shown = rows
        if config.taught and teaching:
            fingerprint = f"{teaching.digest()}/{fingerprint}"
            # Asked once: its soft labels of all rows take a quarter of an hour.
            taught = taught or taught_rows(rows, out_dir, teaching, data=data, precision=precision, progress=progress)
            shown = taught if config.varied else taught[: len(rows)]
        stage = TextTraining(network, base, shown, out_dir / f"stage-{number}", config, fingerprint=fingerprint, precision=precision)
        run_stage(stage, progress)
    if matching:
        words = network.state_dict()[WORD_TABLE]
        train_off_target(network.off_target, words, rows, out_dir, matching, data=data, progress=progress)
    # Only now: the rows of a run that is refused are not those the weights here learnt from.
    write_splits(rows, out_dir)
    about = {"data_sha256": data, **_settings(recipe, teaching, matching)}
    return publish(network, rows, out_dir, window_tokens=recipe[-1].window_tokens, precision=precision, about=about)


def _settings(recipe: Sequence[TrainingConfig], teaching: Teaching | None, matching: Matching | None) -> dict[str, str]:
    """What the manifest says of how the weights came about, besides the data."""
    return {
        "config": "+".join(config.digest()[:16] for config in recipe),
        "steps": "+".join(str(config.steps) for config in recipe),
        "teacher": teaching.digest()[:16] if teaching else "none",
        "off_target": matching.config.digest()[:16] if matching else "none",
        "proposals_sha256": matching.proposals_sha256() if matching else "none",
    }


def taught_rows(
    rows: Sequence[LabelledText], out_dir: Path, teaching: Teaching, *, data: str, precision: Precision, progress: bool
) -> list[LabelledText]:
    """Train the teachers in `out_dir`, or go on with them; return the rows with their soft labels, and behind them the varied ones."""
    known = [*rows, *(varied_rows(rows, teaching.varied, neighbours(base_folder())) if teaching.varied else ())]
    first: Mapping[str, Tensor] = {}
    fingerprint = data
    for number, config in enumerate(teaching.recipe, start=1):
        torch.manual_seed(config.seed)
        network = TextNetwork(teaching.base, frozen_layers=config.frozen_layers)
        network.load_state_dict(first, strict=number > 1)
        fingerprint = f"{config.digest()}/{fingerprint}"
        folder = out_dir / f"teacher-{number}"
        run_stage(TextTraining(network, teaching.base, rows, folder, config, fingerprint=fingerprint, precision=precision), progress)
        first = first or network.state_dict()
        known = with_soft_labels(known, network, teaching.base, config, rounded=precision is Precision.BFLOAT16, progress=progress)
    return [*known[: len(rows)], *labelled_by_teacher(known[len(rows) :])]


def run_stage(run: "TextTraining", progress: bool) -> None:
    """Every round of one stage, or what is left of it after a kill, and then what it keeps of the weights it began with."""
    config, network = run.config, run.network
    began = {name: tensor.clone() for name, tensor in network.trained().items()}
    run.resume()
    bar = tqdm(total=config.steps, initial=run.steps, unit="step", disable=not (progress and sys.stderr.isatty()))
    while run.steps < config.steps:
        batches = run.batches()
        for batch in batches[run.batch : run.batch + config.steps - run.steps]:
            run.learn(batch)
            bar.update()
            if run.steps % config.checkpoint_steps == 0:
                run.checkpoint()
        if run.batch == len(batches):
            run.round, run.batch = run.round + 1, 0
        run.validate()
        run.checkpoint()
    bar.close()
    network.load_state_dict({name: tensor.lerp(began[name], config.kept) for name, tensor in network.trained().items()}, strict=False)


class TextTraining:
    """One stage: the network it moves, its optimiser, and where in the rounds it stands."""

    def __init__(
        self,
        network: TextNetwork,
        base: Path,
        rows: Sequence[LabelledText],
        out_dir: Path,
        config: TrainingConfig,
        *,
        fingerprint: str,
        precision: Precision,
    ) -> None:
        out_dir.mkdir(parents=True, exist_ok=True)
        self.config = config
        self.round = 0
        self.batch = 0
        self.steps = 0
        self.curve: list[str] = []
        self._out_dir = out_dir
        self._fingerprint = fingerprint
        self._rounded = precision is Precision.BFLOAT16
        self._tokens = Tokens(base / "tokenizer.json")
        self._cut = WindowCut(config.window_tokens)
        self._sampler = RoundSampler(rows, config.sampling, config.seed)
        self._validation = validation_rows(rows, config.sampling.quotas, per_set=config.validation_rows, seed=config.seed)
        self.network = network
        self._before = deepcopy(network).eval() if config.held else None
        encoder = [weight for weight in self.network.encoder.parameters() if weight.requires_grad]
        heads = list(self.network.heads.parameters())
        self._optimiser = torch.optim.AdamW(
            [{"params": encoder, "rate": config.encoder_rate}, {"params": heads, "rate": config.head_rate}],
            weight_decay=config.weight_decay,
            fused=True,
        )
        self._loss = nn.CrossEntropyLoss(label_smoothing=config.label_smoothing, reduction="sum")

    def batches(self) -> list[list[Example]]:
        """This round's examples in batches, the same whenever it is asked."""
        dice = seeded(self.config.seed, "batches", self.round)
        made = examples(self._sampler.deal(self.round), self._tokens, self._cut, dice)
        return batched(made, self.config.batch_rows, dice)

    def learn(self, batch: Sequence[Example]) -> None:
        """One step: forward, loss of each row's own task, backward, clip, step."""
        # forward
        self.network.train()
        logits = self._logits(batch)
        loss = torch.stack([self._task_loss(task, batch, logits[task]) for task in TASKS]).sum() / len(batch)

        # backward
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        nn.utils.clip_grad_norm_(self.network.parameters(), self.config.gradient_norm)

        # step
        for group in self._optimiser.param_groups:
            group["lr"] = group["rate"] * self._rate_share()
        self._optimiser.step()
        self.steps, self.batch = self.steps + 1, self.batch + 1

    def validate(self) -> None:
        """Add accuracy and mean loss per task on validation rows to the curve."""
        self.network.eval()
        made = examples(self._validation, self._tokens, self._cut, seeded(self.config.seed, "validation"))
        figures: dict[str, Mapping[str, float]] = {}
        for task in TASKS:
            of_task = [example for example in made if example.task == task]
            right, loss = 0, 0.0
            for start in range(0, len(of_task), 64):
                batch = of_task[start : start + 64]
                labels = torch.tensor([example.label for example in batch])
                with torch.no_grad():
                    logits = self._logits(batch)[task]
                right += int((logits.argmax(dim=1) == labels).sum())
                loss += float(nn.functional.cross_entropy(logits, labels, reduction="sum"))
            n = len(of_task)
            figures[task] = {"n": n, "accuracy": right / max(n, 1), "loss": loss / max(n, 1)}
        self.curve.append(json.dumps({"round": self.round, "steps": self.steps, **figures}, sort_keys=True))

    def checkpoint(self) -> None:
        """Write all state to one file, whole or not at all, and the curve beside it for people."""
        state = {
            "fingerprint": self._fingerprint,
            "round": self.round,
            "batch": self.batch,
            "steps": self.steps,
            "curve": self.curve,
            "network": dict(self.network.trained()),
            "optimiser": self._optimiser.state_dict(),
            "dice": torch.get_rng_state(),
        }
        partial = self._out_dir / "checkpoint.partial"
        torch.save(state, partial)
        partial.replace(self._out_dir / "checkpoint.pt")
        (self._out_dir / "curve.ndjson").write_text("".join(f"{line}\n" for line in self.curve), encoding="utf-8")

    def resume(self) -> None:
        """Go on from the checkpoint, if there is one."""
        file = self._out_dir / "checkpoint.pt"
        if not file.exists():
            return
        state = torch.load(file, weights_only=True)
        if state["fingerprint"] != self._fingerprint:
            raise OtherTraining(f"{file} belongs to a run with another configuration or other data: delete it, or train in another folder")
        self.round, self.batch, self.steps = state["round"], state["batch"], state["steps"]
        self.curve = state["curve"]
        self.network.load_state_dict(state["network"], strict=False)
        self._optimiser.load_state_dict(state["optimiser"])
        torch.set_rng_state(state["dice"])

    def _logits(self, batch: Sequence[Example], network: TextNetwork | None = None) -> Mapping[str, Tensor]:
        with torch.autocast("cpu", torch.bfloat16, enabled=self._rounded):
            logits = (network or self.network)(*padded([example.window for example in batch]))
        return {task: values.float() for task, values in logits.items()}

    def _task_loss(self, task: str, batch: Sequence[Example], logits: Tensor) -> Tensor:
        rows = [number for number, example in enumerate(batch) if example.task == task]
        wanted = torch.tensor([self._wanted(batch[number]) for number in rows]).reshape(-1, logits.shape[1])
        if self._before is not None and task == "stance" and rows:
            wanted = wanted.lerp(self._said_before(task, [batch[number] for number in rows]), self.config.held)
        loss: Tensor = self._loss(logits[rows], wanted)
        return loss

    def _said_before(self, task: str, batch: Sequence[Example]) -> Tensor:
        """The probabilities given by the weights this stage began with (learning without forgetting, Li and Hoiem 2016)."""
        with torch.no_grad():
            return torch.softmax(self._logits(batch, self._before)[task], dim=1)

    def _wanted(self, example: Example) -> list[float]:
        """The probabilities to be learnt: the label's, and in the share `taught` the soft labels (Hinton et al. 2015)."""
        labelled = [float(number == example.label) for number in range(len(LABELS[example.task]))]
        if not example.soft_labels:
            return labelled
        taught = self.config.taught
        return [(1 - taught) * label + taught * soft for label, soft in zip(labelled, example.soft_labels, strict=True)]

    def _rate_share(self) -> float:
        warm = min((self.steps + 1) / self.config.warmup_steps, 1.0)
        left = (self.config.steps - self.steps) / max(self.config.cooldown_steps, 1)
        return min(warm, left, 1.0)
