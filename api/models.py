"""The text models, loaded when something first needs them; a model that cannot load stops nothing else."""

import importlib
import threading
from collections.abc import Callable
from typing import TypeVar, cast

from api.settings import Settings
from governance.errors import ModelUnavailable
from governance.evidence import OutcomeForecaster, TextReader

M = TypeVar("M")


class Models:
    """Builds the configured reader and forecaster once, on first use."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._reader: TextReader | None = None
        self._forecaster: OutcomeForecaster | None = None
        self._states = {"text": "not_loaded", "outcome": "not_loaded"}
        self._lock = threading.Lock()

    def states(self) -> dict[str, str]:
        """Per model: `loaded`, `not_loaded`, or why it could not load when it was last asked for."""
        return dict(self._states)

    def reader(self) -> TextReader:
        """The text reader; `ModelUnavailable` when it cannot load."""
        with self._lock:
            if self._reader is None:
                self._reader = self._load("text", lambda: _build_reader(self._settings))
            return self._reader

    def forecaster(self) -> OutcomeForecaster:
        """The outcome forecaster; `ModelUnavailable` when it cannot load."""
        with self._lock:
            if self._forecaster is None:
                self._forecaster = self._load("outcome", _build_forecaster)
            return self._forecaster

    def _load(self, task: str, build: Callable[[], M]) -> M:
        try:
            built = build()
        except ImportError as error:
            self._states[task] = f"cannot load: {error}"[:200]
            raise ModelUnavailable(f"the {task} model cannot be loaded", model=task, reason=str(error)[:200]) from error
        except ModelUnavailable as error:
            self._states[task] = f"cannot load: {error.message}"[:200]
            raise
        self._states[task] = "loaded"
        return built


def _build_reader(settings: Settings) -> TextReader:
    # Importing torch takes seconds; a start must not.
    readers = importlib.import_module("nlp.readers")
    return cast("TextReader", readers.open_reader(sentiment_model=settings.sentiment_model, stance_model=settings.stance_model))


def _build_forecaster() -> OutcomeForecaster:
    outcome = importlib.import_module("nlp.outcome")
    return cast("OutcomeForecaster", outcome.open_forecaster())
