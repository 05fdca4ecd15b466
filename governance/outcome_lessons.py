"""What a deployment's own results teach the outcome forecast, and the port through which it is taught."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from governance.evidence import OutcomeQuestion
from governance.promotions import Candidate


@dataclass(frozen=True, slots=True)
class OutcomeAnswer:
    """A question as it could be asked once, and what came of it."""

    question: OutcomeQuestion
    passed: bool


@dataclass(frozen=True, slots=True)
class OutcomeCandidate(Candidate):
    """Weights fitted on answers. `trained_answers` are those it learnt from: all before the held-out time began."""

    trained_answers: int


class OutcomeTrainer(Protocol):
    """Fits candidates for the outcome forecast; raises `ModelUnavailable` when the incumbent or the encoder cannot load."""

    def train(
        self, answers: Sequence[OutcomeAnswer], incumbent: bytes | None, *, as_of: datetime, margin_micronats: int
    ) -> OutcomeCandidate:
        """A candidate from `answers` (in any order), judged beside `incumbent`: weights, or None for those that ship.

        The same answers give the same bytes. Raises `InvalidInput` when too few answers, or answers of one kind only,
        lie before the held-out time.
        """
