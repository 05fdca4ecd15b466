"""The two tasks of text, their labels in order, and the names other models give these labels."""

from collections.abc import Mapping

from nlp import sentiment, stance

# Heads, scores and columns of logits keep this order of tasks and of labels.
LABELS: Mapping[str, tuple[str, ...]] = {sentiment.TASK: sentiment.LABELS, stance.TASK: stance.LABELS}

KNOWN_NAMES: Mapping[str, Mapping[str, str]] = {
    sentiment.TASK: {name: label.value for name, label in sentiment.KNOWN_NAMES.items()},
    stance.TASK: {name: label.value for name, label in stance.KNOWN_NAMES.items()},
}


def columns(task: str) -> slice:
    """Where a task's logits stand when those of all tasks stand side by side."""
    first = 0
    for name, labels in LABELS.items():
        if name == task:
            return slice(first, first + len(labels))
        first += len(labels)
    raise KeyError(task)


def temperature_column(task: str) -> int:
    """Where the logarithm of a task's temperature stands: behind the logits of all tasks, in the order of `LABELS`."""
    return sum(len(labels) for labels in LABELS.values()) + list(LABELS).index(task)


def off_target_column() -> int:
    """Where it stands whether a text speaks of something else than its target: behind all temperatures, above zero where it does."""
    return sum(len(labels) for labels in LABELS.values()) + len(LABELS)
