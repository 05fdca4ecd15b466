"""Texts that models read: which words of a proposal a text is read against, and how a reading is put on record."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from governance.canonical import fixed
from governance.evidence import TextReading, TextToRead

# Of a proposal's body so much is its summary: it begins with what is asked for, and a long body has some word of any text.
_SUMMARY_CHARS: Final = 600
# What is on record in a label's place where no model read the text, or the text does not speak of its target; it says nothing
# about anyone's mood and is in no share.
UNREAD: Final = frozenset({"unknown", "unsupported_language", "off_target"})


@dataclass(frozen=True, slots=True)
class Subject:
    """One text of a DAO: a post, a vote's reason or a proposal. `target` is the proposal it speaks of, as `target_of` says it."""

    kind: str
    id: str
    dao_id: str
    proposal_id: str | None
    text: str
    target: str | None
    known_at: datetime

    @property
    def to_read(self) -> TextToRead:
        """What the model is given."""
        return as_read(self.kind, self.text, self.target)

    @property
    def digests(self) -> tuple[str, str]:
        """SHA-256 (hex) of text and target; "" where there is no target."""
        return _sha256(self.text), "" if self.target is None else _sha256(self.target)

    @property
    def asked(self) -> tuple[str, str, bool]:
        """What a reading is remembered by: the digests, and whether the text is a part of what speaks of the target."""
        return (*self.digests, self.to_read.part)


def as_read(kind: str, text: str, target: str | None) -> TextToRead:
    """What the model is given of a text of that kind. A vote's reason is about its vote, however little it names of the proposal."""
    return TextToRead(text, target, part=kind == "vote")


def target_of(title: str | None, body: str | None) -> str | None:
    """A proposal as the target of stance: its title in one line, below it the beginning of its body; None where it says nothing."""
    summary = " ".join((body or "").split())
    if len(summary) > _SUMMARY_CHARS:
        summary = summary[:_SUMMARY_CHARS].rpartition(" ")[0] or summary[:_SUMMARY_CHARS]
    said = "\n".join(part for part in (" ".join((title or "").split()), summary) if part)
    return said or None


def scores_text(reading: TextReading) -> list[str]:
    """The scores as they are recorded: decimal text with six places."""
    return [fixed(score) for score in reading.scores]


def mean_stance(labels: Sequence[str]) -> float | None:
    """From -1 (all against) to 1 (all for); None where none is known."""
    weight = {"for": 1.0, "neutral": 0.0, "against": -1.0}
    known = [weight[label] for label in labels if label in weight]
    return sum(known) / len(known) if known else None


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
