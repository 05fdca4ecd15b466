"""The fitted recogniser: a weight for each fact of the text and for each bucket of the title's wording, summed to log-odds.

Two fits: one for texts with a body, one for titles whose body is blank or not told. No text is kept, only numbers.
"""

import json
import math
from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from governance.errors import ModelUnavailable
from governance.flags.spam_features import features
from governance.flags.spam_wording import BUCKETS, wording

WEIGHTS: Final = Path(__file__).with_name("spam_weights.json")
WEIGHTS_SHA256: Final = "1385f31607060497abf4521bc85e5cf3ad0aab569583f81c92bcbb7e38ad6568"


@dataclass(frozen=True, slots=True)
class Fit:
    """Weights of one fit. `usual` is what each fact comes to in ordinary proposals, on average: reasons are told against it."""

    bias: float
    facts: Mapping[str, float]
    usual: Mapping[str, float]
    wording: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Reading:
    """A text as the recogniser reads it."""

    title: str
    facts: Mapping[str, float]
    fit: Fit

    @property
    def probability(self) -> float:
        """How likely the text asks for no decision."""
        found, counted = wording(self.title)
        told = math.fsum(self.fit.facts[name] * value for name, value in self.facts.items())
        return 1 / (1 + math.exp(-(self.fit.bias + told + float(self.fit.wording[found] @ counted))))


def read(title: str | None, body: str | None, choices: Sequence[str]) -> Reading:
    """The text with its facts, and the fit for what is told of it.

    A blank body is one that nobody told, as at the intake. Where no title is told the body's first line stands for it.
    """
    told = body if body and body.strip() else None
    head = title if title and title.strip() else (told or "").strip().partition("\n")[0]
    return Reading(head, features(head, told, choices), fits()["title_alone" if told is None else "with_body"])


@cache
def fits() -> Mapping[str, Fit]:
    """Both fits by name. Raises `ModelUnavailable` where the file is not the pinned one."""
    given = WEIGHTS.read_bytes()
    found = sha256(given).hexdigest()
    if found != WEIGHTS_SHA256:
        raise ModelUnavailable(f"{WEIGHTS.name} is not the pinned file", expected=WEIGHTS_SHA256, found=found)
    return {name: _fit(told) for name, told in json.loads(given)["fits"].items()}


def _fit(told: Mapping[str, Any]) -> Fit:
    steps = np.frombuffer(b64decode(told["wording"], validate=True), dtype=np.int8)
    if len(steps) != BUCKETS or told["facts"].keys() != told["usual"].keys():
        raise ModelUnavailable(f"{WEIGHTS.name}: weights of another shape", buckets=str(len(steps)))
    return Fit(float(told["bias"]), told["facts"], told["usual"], steps.astype(np.float64) * float(told["wording_step"]))
