"""Models that load late: what they bring into memory is settled once, when it is there."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from api.models import LOADED, NOT_LOADED, Models, R, WatchedForecaster
from governance.evidence import TextToRead
from nlp.outcome import ShippedOutcomeForecaster
from nlp.outcome_text import Vectors
from nlp.text_vectors import KeptEmbedder
from tests.api.conftest import settings_for
from tests.outcome_world import WordEmbedder, forecaster_in, history, question


@pytest.mark.encoder
def test_memory_is_settled_once_after_a_model_answered_for_the_first_time(sqlite_url: str, tmp_path: Path) -> None:
    """A server that went through all of a model's objects again and again would stop every request each time."""
    models = Models(settings_for(sqlite_url, tmp_path))
    settled: list[dict[str, str]] = []
    models.after_load = lambda: settled.append(models.states())
    assert settled == []

    for text in ("I like it.", "I do not."):
        models.reader().read([TextToRead(text)])

    assert settled == [{"text": LOADED, "outcome": NOT_LOADED}]


class SlowEmbedder(WordEmbedder):
    """Waits for `go` where it is asked for more than a text or two."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.go = threading.Event(), threading.Event()

    def embed(self, texts: Sequence[str]) -> Vectors:
        if len(texts) > 2:
            self.begun.set()
            assert self.go.wait(30)
        return super().embed(texts)


def _unwatched(name: str, ask: Callable[[], R]) -> R:  # nobody looks
    return ask()


def test_forecasts_of_a_known_dao_do_not_wait_while_the_history_of_another_is_embedded(tmp_path: Path) -> None:
    """A DAO's first forecast has all its texts embedded, which takes minutes; the others' take milliseconds."""
    slow = SlowEmbedder()
    forecaster_in(tmp_path)
    embedder = KeptEmbedder(slow, tmp_path / "vectors", "words")
    inner = ShippedOutcomeForecaster(tmp_path, embedder)
    forecaster = WatchedForecaster(lambda: inner, lambda: embedder, _unwatched)
    few = question(60, past=history(2))
    before = forecaster.forecast(few)

    large = question(60, past=history(40, dao="sea"))
    large = replace(large, proposal=replace(large.proposal, dao_id="sea", proposal_id="sea-60"))
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(forecaster.forecast, large)
        assert slow.begun.wait(30)
        assert forecaster.forecast(few) == before
        assert not waiting.done()
        slow.go.set()
        assert waiting.result(30).history_size == len(large.history)
