"""The text reader: sentiment of any text and its stance toward a proposal. Loads its models when first asked."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from itertools import islice
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from safetensors import SafetensorError

from governance.errors import ModelUnavailable
from governance.evidence import TextReading, TextToRead
from nlp import sentiment, stance
from nlp.freed_memory import give_back, keep_few_kernels
from nlp.languages import is_foreign
from nlp.model_store import SHIPPED, find_weights, read_weights
from nlp.plain_text import plain_target, plain_text
from nlp.tasks import LABELS

if TYPE_CHECKING:
    from nlp.hub_model import ConfiguredModel
    from nlp.shipped_model import ScoredText, ShippedModel

# Labels of texts that no model is asked about, and of a stance toward what the text does not speak of.
UNKNOWN, UNSUPPORTED_LANGUAGE, OFF_TARGET = "unknown", "unsupported_language", "off_target"
# What stands for links, addresses and names is not a word of the author's.
_STAND_INS = frozenset({"http", "0x", "@user"})
_FEWEST_WORDS = 2
# After so many texts what their batches took is given back to the system.
_MANY = 32
# Titles are names, and names are of no language: of proposals under eight words in Latin letters that the model of
# languages takes for foreign, most are English ("ARB or OP Layer2", "Mint first token"); of longer ones, hardly any.
_FEWEST_WORDS_OF_TARGET = 8

# What loading raises when a package is missing, a file is absent or damaged, or a model does not fit its tokenizer.
LOADING_FAILURES = (ImportError, OSError, ValueError, RuntimeError, KeyError, AttributeError, SafetensorError)


class EncoderTextReader:
    """Reads with the weights that ship with Assent; `sentiment_model` or `stance_model` name another model for a task.

    Implements `governance.evidence.TextReader`. A text with a target is read once, as a pair, by both heads: its
    sentiment is the sentiment of that pair. Importing this module or making a reader loads no model and no torch.
    `precision` is "float32", "bfloat16", or None for the one that is faster on this machine.
    """

    def __init__(
        self,
        *,
        sentiment_model: str | None = None,
        stance_model: str | None = None,
        weights_folder: Path = SHIPPED,
        precision: str | None = None,
    ) -> None:
        named = ((sentiment.TASK, sentiment_model), (stance.TASK, stance_model))
        self._configured_names = {task: name for task, name in named if name}
        self._weights_folder = weights_folder
        self._precision = precision
        self._shipped: ShippedModel | None = None
        self._configured: dict[str, ConfiguredModel] = {}
        # One reading at a time: a second would only take processor time from the first.
        self._lock = Lock()

    def read(self, texts: Sequence[TextToRead]) -> list[tuple[TextReading, ...]]:
        """One tuple per text, in order: its sentiment and, where a target is given, its stance.

        A text without words or of one word (after `plain_text`) is "unknown", a text that is surely not English
        "unsupported_language": both without scores and without asking any model. Of a text that is read, so is the stance
        alone where its target is without words, or surely not English. Where the model says that a text speaks of something
        else than its target, its stance is "off_target", without scores; of a `part` that is not asked. An empty target is none.
        Raises `ModelUnavailable` when a model cannot load or gives no finite numbers.
        """
        plain = [plain_text(text.text) for text in texts]
        labels = [_unread(said) for said in plain]
        unread_targets = {target: _unread_target(plain_target(target or "")) for target in {text.target for text in texts}}
        with self._lock:
            asked = [number for number, label in enumerate(labels) if label is None]
            scored = self._scored([texts[number] for number in asked], [plain[number] for number in asked])
            digests = {task: self._digest(task) for text in texts for task in _tasks(text)}
            if len(asked) >= _MANY:
                give_back()
        row_of = {number: row for row, number in enumerate(asked)}

        def said(task: str, number: int) -> "ScoredText | str":
            unread = labels[number] or (unread_targets[texts[number].target] if task == stance.TASK else None)
            return unread or scored[task][row_of[number]]

        return [
            tuple(_reading(task, text, digests[task], said(task, number)) for task in _tasks(text)) for number, text in enumerate(texts)
        ]

    def probabilities(self, texts: Sequence[TextToRead], task: str) -> list[tuple[float, ...]]:
        """The scores of `task` for every text, whatever its language and length: for measuring, not for readings.

        Raises `ModelUnavailable` when the model cannot load or gives no finite numbers.
        """
        with self._lock:
            scored = self._scored(texts, [plain_text(text.text) for text in texts])
        return [text.scores for text in scored[task]] if texts else []

    def digest(self, task: str) -> str:
        """The digest of the model that reads `task`; raises `ModelUnavailable` when there is no such model."""
        if task in self._configured_names and task not in self._configured:
            with self._lock:
                return self._digest(task)
        return self._digest(task)  # nothing to load, and nothing to wait for while a long text is being read

    def _scored(self, texts: Sequence[TextToRead], plain: Sequence[str]) -> Mapping[str, Sequence["ScoredText"]]:
        """Per task, one row per text. Rows of stance for texts without a target mean nothing and are not used."""
        targets = {text.target: plain_target(text.target or "") for text in texts}
        pairs = [(said, targets[text.target]) for text, said in zip(texts, plain, strict=True)]
        tasks = {task for text in texts for task in _tasks(text)}
        scored: dict[str, list[ScoredText]] = {}
        if tasks - set(self._configured_names):
            rows = list(self._shipped_model().score(pairs))
            scored.update({task: [row[task] for row in rows] for task in tasks})
        for task in tasks & set(self._configured_names):
            scored[task] = list(self._configured_model(task).score(pairs))
        return scored

    def _digest(self, task: str) -> str:
        if task not in LABELS:
            raise ModelUnavailable(f"no model reads {task!r}", task=task)
        if task in self._configured_names:
            return self._configured_model(task).digest
        return self._shipped.digest if self._shipped else find_weights("text", self._weights_folder).sha256

    def _shipped_model(self) -> "ShippedModel":
        if self._shipped is None:
            stored = find_weights("text", self._weights_folder)
            data = read_weights(stored)
            keep_few_kernels()
            try:
                from nlp.encoder import Precision  # noqa: PLC0415  torch takes seconds to import; only reading needs it
                from nlp.shipped_model import ShippedModel  # noqa: PLC0415

                self._shipped = ShippedModel(data, stored.sha256, Precision(self._precision) if self._precision else None)
            except LOADING_FAILURES as error:
                raise ModelUnavailable(f"the text model cannot load: {error}"[:300]) from error
        return self._shipped

    def _configured_model(self, task: str) -> "ConfiguredModel":
        if task not in self._configured:
            name = self._configured_names[task]
            try:
                from nlp.hub_model import ConfiguredModel  # noqa: PLC0415

                self._configured[task] = ConfiguredModel(name, task)
            except LOADING_FAILURES as error:
                raise ModelUnavailable(f"the {task} model {name} cannot load: {error}"[:300], task=task, model=name) from error
        return self._configured[task]


def _tasks(text: TextToRead) -> tuple[str, ...]:
    return (sentiment.TASK, stance.TASK) if text.target else (sentiment.TASK,)


def _unread(plain: str) -> str | None:
    """The label of a text that no model is asked about; None where one is."""
    if is_foreign(plain):
        return UNSUPPORTED_LANGUAGE
    words = (word for word in plain.split() if word not in _STAND_INS and any(map(str.isalpha, word)))
    return None if sum(1 for _ in islice(words, _FEWEST_WORDS)) == _FEWEST_WORDS else UNKNOWN


def _unread_target(plain: str) -> str | None:
    """The label of a stance toward what cannot be read; None where it can. One word names a proposal, unlike a text."""
    if is_foreign(plain, _FEWEST_WORDS_OF_TARGET):
        return UNSUPPORTED_LANGUAGE
    return None if plain else UNKNOWN


def _reading(task: str, text: TextToRead, digest: str, said: "ScoredText | str") -> TextReading:
    """`said` is what the model says, or the label of a text that was not read."""
    read = None if isinstance(said, str) else said
    off_target = read is not None and task == stance.TASK and read.off_target and not text.part
    told = None if off_target else read
    unread = said if isinstance(said, str) else OFF_TARGET
    return TextReading(
        task=task,
        label=LABELS[task][told.scores.index(max(told.scores))] if told else unread,
        scores=told.scores if told else (),
        model_digest=digest,
        text_digest=text_digest(text.text),
        target_digest=text_digest(text.target) if text.target else None,
        windows=read.windows if read else 0,
        spans=told.spans if told else (),
    )


def text_digest(text: str) -> str:
    """SHA-256 of a text's UTF-8 bytes, hex; lone surrogates, which UTF-8 has no form for, are kept as they are."""
    return sha256(text.encode("utf-8", errors="surrogatepass")).hexdigest()
