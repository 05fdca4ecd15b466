"""Vote reasons as lessons in stance: who said what of which proposal, and how they voted; and what comes of learning from them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from governance.canonical import digest, timestamp
from governance.promotions import Candidate


@dataclass(frozen=True, slots=True)
class StanceLesson:
    """A reason with the vote it was given for, as known at `said_at`: the DAO's own words with their own label.

    `choice` is the vote as its source writes it, `choices` the proposal's (empty where the source names none);
    `target` is the proposal as stance is read toward it.
    """

    dao_id: str
    proposal_id: str
    voter: str
    text: str
    target: str
    choice: str
    choices: tuple[str, ...]
    kind: str | None
    said_at: datetime


@dataclass(frozen=True, slots=True)
class TextCandidate(Candidate):
    """Weights that learnt from lessons. `trained` of the `usable` ones lie before the held-out time.

    `figures` are macro-F1 and the recall of each label on the held-out lessons, of both models, as decimal text.
    """

    trained: int
    usable: int
    figures: Mapping[str, Mapping[str, str]]


class TextTrainer(Protocol):
    """Teaches the text model; raises `ModelUnavailable` when the incumbent cannot load."""

    def train(self, lessons: Sequence[StanceLesson], incumbent: bytes | None, *, margin_micronats: int) -> TextCandidate:
        """A candidate from `lessons` (in any order), judged beside `incumbent`: weights, or None for those that ship.

        Raises `InvalidInput` when too few lessons, or lessons of one label only, lie before the held-out time.
        """


def lessons_digest(lessons: Sequence[StanceLesson]) -> str:
    """Names the lessons a model was made of, in no order."""
    rows = [[each.dao_id, each.proposal_id, each.voter, timestamp(each.said_at), each.choice, digest(each.text)] for each in lessons]
    return digest(sorted(rows))
