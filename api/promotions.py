"""What retraining any model has in common: one at a time, and how the candidate compares with the model it may replace."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any, Literal

from pydantic import BaseModel, Field

from governance.errors import Conflict
from governance.promotions import Candidate, Promotion


class ComparisonOut(BaseModel):
    """The candidate beside the incumbent, on time that neither learnt from, and which of them serves now."""

    model_sha256: str = Field(description="SHA-256 of the candidate's weights.")
    decision: Literal["promoted", "withheld"]
    reason: str | None = Field(description="Why it was withheld.")
    serves: str = Field(description="SHA-256 of the model that serves from now on.")
    gain_micronats: int = Field(description="The incumbent's log loss minus the candidate's, in millionths of a nat.")
    margin_micronats: int
    log_loss_micronats: int
    incumbent_log_loss_micronats: int


def comparison(candidate: Candidate, margin_micronats: int) -> dict[str, Any]:
    """The fields of `ComparisonOut`."""
    decision = candidate.decision
    promoted = isinstance(decision, Promotion)
    return {
        "model_sha256": candidate.digest,
        "decision": "promoted" if promoted else "withheld",
        "reason": None if isinstance(decision, Promotion) else decision.reason,
        "serves": candidate.digest if promoted else candidate.incumbent.model_digest,
        "gain_micronats": decision.gain_micronats,
        "margin_micronats": margin_micronats,
        "log_loss_micronats": candidate.result.log_loss_micronats,
        "incumbent_log_loss_micronats": candidate.incumbent.log_loss_micronats,
    }


@contextmanager
def one_at_a_time(running: Lock) -> Iterator[None]:
    """Training takes both cores; a second one at a time would only slow the first. Raises `Conflict` while one runs."""
    if not running.acquire(blocking=False):
        raise Conflict("a retraining is running; ask again when it is done")
    try:
        yield
    finally:
        running.release()
