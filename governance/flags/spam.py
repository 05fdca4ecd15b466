"""Recognises proposals that ask the DAO for no decision: filler, adverts, lures, trials of the tool and gibberish.

A logistic model on some thirty facts of the text that a reader can check; weights in `spam_weights.json`, fitted by
`benchmarks/spam_recogniser.py` on the part `dev` of `benchmarks/spam_labels.csv`.
"""

import json
import math
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from governance.flags.case import Case
from governance.flags.spam_features import features
from governance.flags.verdicts import Answer, Severity, clear, fired, rule, unknown

THRESHOLD: Final = 0.5
_WEIGHTS: Final = Path(__file__).with_name("spam_weights.json")


@cache
def weights() -> Mapping[str, float]:
    """The fitted weight of each feature; `bias` is the rest."""
    return {name: float(weight) for name, weight in json.loads(_WEIGHTS.read_text(encoding="utf-8"))["weights"].items()}


def probability(facts: Mapping[str, float]) -> float:
    """How likely the text asks for no decision."""
    given = weights()
    return 1 / (1 + math.exp(-(given["bias"] + math.fsum(given[name] * value for name, value in facts.items()))))


def reasons(facts: Mapping[str, float], *, most: int = 3) -> list[str]:
    """The features that speak most for spam, the strongest first."""
    parts = sorted(((weights()[name] * value, name) for name, value in facts.items()), reverse=True)
    return [name.replace("_", " ") for part, name in parts[:most] if part > 0]


@rule(
    "S01",
    "Spam proposal",
    source="796 labels of ours over 618 DAOs (benchmarks/spam_labels.csv)",
    threshold=f"probability >= {THRESHOLD}",
    clears_when="the proposal says what the DAO is to decide",
    who_can_act="the DAO's moderators",
)
def spam_proposal(case: Case) -> Answer:
    """It asks the DAO for no decision."""
    if case.text is None:
        return unknown("any text")
    facts = features(case.title, case.body, case.choices)
    sure = probability(facts)
    inputs = {"speaks_for_it": reasons(facts)}
    if sure >= THRESHOLD:
        line = f"It asks for no decision, as far as the text tells ({sure:.2f}): {', '.join(reasons(facts))}."
        return fired(line, value=sure, severity=Severity.NOTICE, inputs=inputs)
    return clear(f"It asks for a decision, as far as the text tells ({sure:.2f} that it does not).", value=sure, inputs=inputs)
