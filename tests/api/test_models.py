"""Models that load late: what they bring into memory is settled once, when it is there."""

from pathlib import Path

import pytest

from api.models import LOADED, NOT_LOADED, Models
from governance.evidence import TextToRead
from tests.api.conftest import settings_for


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
