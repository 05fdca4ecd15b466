"""What the model said is kept: bounded, by model and target, and asked for once by many at a time."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from api.kept_stances import KeptStances
from governance.errors import ModelUnavailable
from governance.evidence import TextReading, TextToRead


class SlowReader:
    """Notes what it is asked and waits for `go`; it cannot read an empty text."""

    def __init__(self) -> None:
        self.model = "1" * 64
        self.asked: list[tuple[str, str | None]] = []
        self.go = threading.Event()
        self.go.set()

    def read(self, texts: Sequence[TextToRead]) -> list[tuple[TextReading, ...]]:
        assert self.go.wait(30)
        self.asked += [(text.text, text.target) for text in texts]
        scores = (0.1, 0.2, 0.7)
        return [
            (
                TextReading("sentiment", "positive", scores, self.model, "", None, 1),
                TextReading("stance", "for" if text.text else "unknown", scores if text.text else (), self.model, "", "", 1),
            )
            for text in texts
        ]

    def digest(self, task: str) -> str:  # noqa: ARG002  # one model reads all
        return self.model


def test_only_what_is_not_kept_is_asked_and_each_text_once() -> None:
    """The answers stand in the order of the texts; a text that was not read has no score."""
    reader, kept = SlowReader(), KeptStances()

    assert kept.read(reader, ["a", "b", "a", ""], "t") == [("for", 0.7), ("for", 0.7), ("for", 0.7), ("unknown", 0.0)]
    assert kept.read(reader, ["b", "c", "\ud800"], "t") == [("for", 0.7)] * 3
    assert kept.read(reader, [], "t") == []
    assert reader.asked == [("a", "t"), ("b", "t"), ("", "t"), ("c", "t"), ("\ud800", "t")]


def test_another_target_and_another_model_are_asked_anew() -> None:
    """A stance is toward something, and somebody's."""
    reader, kept = SlowReader(), KeptStances()
    kept.read(reader, ["a"], "t")
    kept.read(reader, ["a"], "u")
    reader.model = "2" * 64
    kept.read(reader, ["a"], "t")

    assert reader.asked == [("a", "t"), ("a", "u"), ("a", "t")]


def test_what_was_not_asked_for_in_the_longest_time_makes_room() -> None:
    """The bound holds also where one question asks for more than it."""
    reader, kept = SlowReader(), KeptStances(most=2)
    for texts in (["a", "b"], ["a"], ["c"], ["a", "c"]):
        kept.read(reader, texts, "t")
    assert [text for text, _ in reader.asked] == ["a", "b", "c"]

    assert len(kept.read(reader, ["d", "e", "f"], "t")) == 3
    kept.read(reader, ["e", "f"], "t")
    kept.read(reader, ["d"], "t")
    assert [text for text, _ in reader.asked] == ["a", "b", "c", "d", "e", "f", "d"]


def test_of_many_who_ask_the_same_at_once_one_has_it_read() -> None:
    """Who had to wait finds it kept; what is kept waits for nobody who reads."""
    reader, kept = SlowReader(), KeptStances()
    kept.read(reader, ["known"], "t")
    reader.go.clear()
    with ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(kept.read, reader, ["a", "b"], "t") for _ in range(8)]
        assert kept.read(reader, ["known"], "t") == [("for", 0.7)]
        reader.go.set()
        assert all(each.result(30) == [("for", 0.7)] * 2 for each in waiting)

    assert [text for text, _ in reader.asked] == ["known", "a", "b"]


def test_a_model_that_fails_leaves_nothing_behind() -> None:
    """The next question asks it again."""

    class Broken(SlowReader):
        def read(self, texts: Sequence[TextToRead]) -> list[tuple[TextReading, ...]]:
            raise ModelUnavailable(f"no weights for {len(texts)} texts")

    kept = KeptStances()
    with pytest.raises(ModelUnavailable):
        kept.read(Broken(), ["a"], "t")

    assert kept.read(SlowReader(), ["a"], "t") == [("for", 0.7)]
