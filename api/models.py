"""The text models, loaded when something first needs them; a model that cannot load stops nothing else."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from api.settings import Settings
from governance.errors import ModelUnavailable
from governance.evidence import OutcomeForecast, OutcomeForecaster, OutcomeQuestion, TextReader, TextReading, TextToRead
from governance.outcome_lessons import OutcomeTrainer

if TYPE_CHECKING:
    from governance.text_lessons import TextTrainer
    from nlp.text_vectors import KeptEmbedder

R = TypeVar("R")
NOT_LOADED, LOADED = "not_loaded", "loaded"
# Models fitted and promoted in this deployment lie here, in the state folder; without one, what ships with Assent serves.
PROMOTED_FOLDER = "models"
# The vectors of every text that was embedded here, in the state folder: a cache, safe to delete.
VECTORS_FILE = "text-vectors"


class Models:
    """The configured reader and forecaster, each made once; both load their weights at the first question.

    `after_load` is called each time that one of them answered its first question: a server has memory to settle then.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.after_load: Callable[[], None] = _nothing
        self._embedder = _Late(lambda: _embedder(settings))
        self._states: dict[str, str] = {}
        self.reload()

    def states(self) -> dict[str, str]:
        """Per model: `loaded`, `not_loaded`, or why it could not answer when it was last asked."""
        return dict(self._states)

    def reader(self) -> TextReader:
        """The text reader, at once; asking it raises `ModelUnavailable` when its model cannot load."""
        return self._reader

    def forecaster(self) -> OutcomeForecaster:
        """The outcome forecaster, at once; asking it raises `ModelUnavailable` when its model cannot load."""
        return self._forecaster

    def trainer(self) -> OutcomeTrainer:
        """What fits outcome models; it shares the forecaster's text vectors."""
        from nlp.outcome_retraining import OutcomeRetrainer  # noqa: PLC0415  # as below

        return OutcomeRetrainer(self.embedder())

    def text_trainer(self) -> "TextTrainer":
        """What teaches the text model."""
        from nlp.text_retraining import TextRetrainer  # noqa: PLC0415  # as below

        return TextRetrainer()

    def embedder(self) -> "KeptEmbedder":
        """The text vectors that forecasts need, kept in the state folder."""
        return self._embedder()

    def reload(self) -> None:
        """Forget what is loaded: the next question is answered by what is champion then."""
        self._reader = WatchedReader(_Late(lambda: _reader(self._settings)), self._watched)
        self._forecaster = WatchedForecaster(_Late(lambda: _forecaster(self._settings, self.embedder())), self.embedder, self._watched)
        self._states.update(text=NOT_LOADED, outcome=NOT_LOADED)

    def _watched(self, name: str, ask: Callable[[], R]) -> R:
        try:
            answer = ask()
        except ModelUnavailable as error:
            self._states[name] = f"unavailable: {error.message}"[:200]
            raise
        if self._states[name] != LOADED:
            self._states[name] = LOADED
            self.after_load()
        return answer


class _Watch(Protocol):
    """Asks the model of that name, and notes how it went."""

    def __call__(self, name: str, ask: Callable[[], R]) -> R: ...


class _Late(Generic[R]):
    """What is made when it is first asked for, once for all threads: imports alone take a second."""

    def __init__(self, make: Callable[[], R]) -> None:
        self._make = make
        self._made: R | None = None
        self._lock = threading.Lock()

    def __call__(self) -> R:
        """The one that was made."""
        with self._lock:
            if self._made is None:
                self._made = self._make()
            return self._made


class WatchedReader:
    """A reader whose state health can show."""

    def __init__(self, inner: Callable[[], TextReader], watched: _Watch) -> None:
        self._inner = inner
        self._watched = watched

    def read(self, texts: Sequence[TextToRead]) -> list[tuple[TextReading, ...]]:
        """As the reader says."""
        return self._watched("text", lambda: self._inner().read(texts))

    def digest(self, task: str) -> str:
        """As the reader says."""
        return self._inner().digest(task)


class WatchedForecaster:
    """A forecaster whose state health can show; it is asked by one thread at a time.

    The vectors that a question needs are made before its turn: those of a DAO's whole history take minutes, in which forecasts
    of other DAOs go on.
    """

    def __init__(self, inner: Callable[[], OutcomeForecaster], embedder: "Callable[[], KeptEmbedder]", watched: _Watch) -> None:
        self._inner = inner
        self._embedder = embedder
        self._watched = watched
        self._lock = threading.Lock()
        # The longest history by DAO whose texts have vectors.
        self._embedded: dict[str, int] = {}

    def forecast(self, question: OutcomeQuestion) -> OutcomeForecast:
        """As the forecaster says."""
        return self._watched("outcome", lambda: self._ask(question))

    def _ask(self, question: OutcomeQuestion) -> OutcomeForecast:
        from nlp.outcome_text import proposal_text  # noqa: PLC0415  # as below

        dao, count = question.proposal.dao_id, len(question.history)
        if count > self._embedded.get(dao, -1):
            self._embedder().embed([proposal_text(closed.proposal) for closed in question.history])
            self._embedded[dao] = count
        self._embedder().embed([proposal_text(question.proposal)])
        with self._lock:
            return self._inner().forecast(question)

    def digest(self) -> str:
        """As the forecaster says."""
        with self._lock:
            return self._inner().digest()


def _nothing() -> None:
    """A command ends before its memory has to be settled."""


def _reader(settings: Settings) -> TextReader:
    # Here and below: the module is imported when first needed, so that a start does not wait for numpy and friends.
    from nlp.model_store import SHIPPED  # noqa: PLC0415
    from nlp.reader import EncoderTextReader  # noqa: PLC0415

    promoted = promoted_folder(settings)
    folder = promoted if (promoted / "text.json").is_file() else SHIPPED
    return EncoderTextReader(sentiment_model=settings.sentiment_model, stance_model=settings.stance_model, weights_folder=folder)


def _forecaster(settings: Settings, embedder: "KeptEmbedder") -> OutcomeForecaster:
    from nlp.model_store import SHIPPED  # noqa: PLC0415
    from nlp.outcome import ShippedOutcomeForecaster  # noqa: PLC0415

    promoted = promoted_folder(settings)
    return ShippedOutcomeForecaster(promoted if (promoted / "outcome.json").is_file() else SHIPPED, embedder)


def _embedder(settings: Settings) -> "KeptEmbedder":
    from nlp.outcome_text import MiniLmEmbedder  # noqa: PLC0415
    from nlp.text_vectors import KeptEmbedder  # noqa: PLC0415

    return KeptEmbedder(MiniLmEmbedder(), settings.state_dir / VECTORS_FILE)


def promoted_folder(settings: Settings) -> Path:
    """Where the deployment's own promoted models lie."""
    return settings.state_dir / PROMOTED_FOLDER
