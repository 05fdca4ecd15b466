"""A reader of texts whose answer stands in the text, so that a test is about what is made of the readings."""

from collections.abc import Sequence

from governance.evidence import TextReading, TextToRead

LABELS = {"sentiment": ("negative", "neutral", "positive"), "stance": ("against", "neutral", "for")}


class WordReader:
    """Reads `good` as positive and for, `bad` as negative and against, all else as neutral; stance where there is a target."""

    def __init__(self, model: str = "a", *, good: str = "good", bad: str = "bad") -> None:
        self.model, self.good, self.bad = model, good, bad

    def read(self, texts: Sequence[TextToRead]) -> list[tuple[TextReading, ...]]:
        """One reading per task."""
        return [tuple(self._one(text, task) for task in LABELS if task == "sentiment" or text.target) for text in texts]

    def digest(self, task: str) -> str:  # noqa: ARG002  # one model reads both
        """One model for all."""
        return self.model * 64

    def _one(self, text: TextToRead, task: str) -> TextReading:
        place = 2 if self.good in text.text else 0 if self.bad in text.text else 1
        scores = tuple(0.9 if each == place else 0.05 for each in range(3))
        return TextReading(task, LABELS[task][place], scores, self.digest(task), "", None, 1)
