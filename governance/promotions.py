"""Promotion: whether a candidate model replaces the one that serves, decided on held-out time and nothing else."""

from dataclasses import dataclass

from governance.errors import InvalidInput

# Fewer held-out answers than this cannot tell a better model from a lucky one.
FEWEST_HELD_OUT = 50
# Log losses are compared in millionths of a nat, so that the decision is the same on every machine.
UNIT = 1_000_000


@dataclass(frozen=True, slots=True)
class HeldOutResult:
    """A model's mean log loss on held-out time, in millionths of a nat; lower is better.

    `held_out_digest` names the answers it was measured on: two results compare only on the same ones.
    """

    model_digest: str
    log_loss_micronats: int
    answers: int
    held_out_digest: str


@dataclass(frozen=True, slots=True)
class Promotion:
    """The candidate serves from now on."""

    model_digest: str
    replaces: str | None
    gain_micronats: int


@dataclass(frozen=True, slots=True)
class PromotionWithheld:
    """The incumbent goes on serving; `reason` says which rule decided, with the values."""

    model_digest: str
    reason: str
    gain_micronats: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """A trained model: its weights with their SHA-256, what it and the incumbent reached on later time, and the decision."""

    data: bytes
    digest: str
    result: HeldOutResult
    incumbent: HeldOutResult
    decision: Promotion | PromotionWithheld


def decide_promotion(candidate: HeldOutResult, incumbent: HeldOutResult, *, margin_micronats: int) -> Promotion | PromotionWithheld:
    """Promote if the candidate's log loss is lower by at least `margin_micronats` (inclusive) on the same answers.

    A margin of nought still asks for a gain above nought: equal is not better. Raises `InvalidInput` for a negative
    margin, or when the two were measured on different answers.
    """
    if margin_micronats < 0:
        raise InvalidInput("margin_micronats", margin_micronats, "must not be negative")
    if (candidate.held_out_digest, candidate.answers) != (incumbent.held_out_digest, incumbent.answers):
        raise InvalidInput("candidate.held_out_digest", candidate.held_out_digest, "must be that of the incumbent's answers")

    gain = incumbent.log_loss_micronats - candidate.log_loss_micronats
    withheld = _reason(candidate, incumbent, gain=gain, margin=margin_micronats)
    if withheld:
        return PromotionWithheld(candidate.model_digest, withheld, gain)
    return Promotion(candidate.model_digest, incumbent.model_digest, gain)


def _reason(candidate: HeldOutResult, incumbent: HeldOutResult, *, gain: int, margin: int) -> str | None:
    if candidate.answers < FEWEST_HELD_OUT:
        return f"{candidate.answers} held-out answers; {FEWEST_HELD_OUT} are needed"
    if candidate.model_digest == incumbent.model_digest:
        return "the candidate is the model that serves"
    if gain < max(margin, 1):
        return f"gain {gain} micronats; {max(margin, 1)} are needed"
    return None
