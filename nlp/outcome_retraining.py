"""A candidate from a deployment's own closed proposals, compared with what serves on time neither learnt from."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from governance.errors import InvalidInput
from governance.evidence import OutcomeQuestion
from governance.outcome_lessons import OutcomeAnswer, OutcomeCandidate
from governance.promotions import UNIT, HeldOutResult, decide_promotion
from nlp.base_rates import family
from nlp.features import FeatureMaker
from nlp.model_store import SHIPPED, find_weights, read_weights
from nlp.outcome import Estimates
from nlp.outcome_fitting import Sheet, fit_passing
from nlp.outcome_metrics import log_loss
from nlp.outcome_record import Records, kind_key
from nlp.outcome_stack import of_running_votes
from nlp.outcome_text import Embedder
from nlp.outcome_weights import NAME, OutcomeWeights, pack, unpack

Floats = NDArray[np.float64]
Answer = tuple[OutcomeQuestion, bool]

HELD_OUT_PART = 0.3
# A training question's result must have been known when the held-out time began; votes run for two weeks at most
# in nearly all DAOs, and the pairs do not say when each closed.
EMBARGO = timedelta(days=14)
# Under this many training answers boosting finds nothing but noise.
FEWEST_ANSWERS = 150
SEED = 20261121


class OutcomeRetrainer:
    """The `OutcomeTrainer` of the outcome model."""

    def __init__(self, embedder: Embedder, shipped: Path = SHIPPED) -> None:
        self._embedder = embedder
        self._shipped = shipped

    def train(
        self, answers: Sequence[OutcomeAnswer], incumbent: bytes | None, *, as_of: datetime, margin_micronats: int
    ) -> OutcomeCandidate:
        """A candidate beside `incumbent`, or beside what ships; see `retrain_outcome`."""
        serving = read_weights(find_weights(NAME, self._shipped)) if incumbent is None else incumbent
        rows = [(answer.question, answer.passed) for answer in answers]
        return retrain_outcome(rows, serving, self._embedder, as_of=as_of, margin_micronats=margin_micronats)


def retrain_outcome(
    rows: Sequence[Answer], incumbent: bytes, embedder: Embedder, *, as_of: datetime, margin_micronats: int
) -> OutcomeCandidate:
    """Refit the passing model of `incumbent` (weights bytes) on the earlier `rows`, and judge both on the later 30 %.

    Rows are (question as it was asked, whether it passed), all known at `as_of`, in any order; the same rows give
    the same bytes. Kernels, pooled rates and the models of share and turnout stay the incumbent's. Raises
    `InvalidInput` when a row is later than `as_of`, or when too few answers, or answers of one kind, are left.
    """
    weights = unpack(incumbent)
    ordered = sorted(rows, key=lambda row: (row[0].as_of, row[0].proposal.dao_id, row[0].proposal.proposal_id))
    if ordered and ordered[-1][0].as_of > as_of:
        raise InvalidInput("rows", ordered[-1][0].as_of.isoformat(), f"must not be later than {as_of.isoformat()}")
    earlier, later = _split(ordered)
    sheet = _sheet(earlier, later, FeatureMaker(weights.recipe, Records(embedder)))
    early, late = sheet.where(~sheet.late), sheet.where(sheet.late)
    passed = early.targets["passed"]
    if len(passed) < FEWEST_ANSWERS or not 0 < passed.sum() < len(passed):
        raise InvalidInput("rows", len(passed), f"at least {FEWEST_ANSWERS} earlier answers of both kinds are needed")
    trees, calibration = fit_passing(early, seed=SEED)
    fitted = replace(
        weights,
        trees={**weights.trees, "passed": trees},
        # The new trees learnt from this deployment alone: no share of others' is theirs.
        stacks=of_running_votes(weights.stacks),
        calibration={**weights.calibration, "passed": calibration},
    )
    data = pack(fitted)
    answers = _answers_digest(later)
    result = _result(fitted, data, late, answers)
    current = _result(weights, incumbent, late, answers)
    decision = decide_promotion(result, current, margin_micronats=margin_micronats)
    return OutcomeCandidate(data, result.model_digest, result, current, decision, len(passed))


def _split(ordered: Sequence[Answer]) -> tuple[list[Answer], list[Answer]]:
    place = int(len(ordered) * (1 - HELD_OUT_PART))
    later = list(ordered[place:])
    if not later:
        return [], []
    begins = later[0][0].as_of - EMBARGO
    held = {question.proposal.proposal_id for question, _ in later}
    # A proposal that is asked about again in the held-out time is no training row either.
    return [row for row in ordered[:place] if row[0].as_of <= begins and row[0].proposal.proposal_id not in held], later


def _sheet(earlier: Sequence[Answer], later: Sequence[Answer], maker: FeatureMaker) -> Sheet:
    rows = [*earlier, *later]
    if not rows:
        raise InvalidInput("rows", 0, "there must be closed proposals to learn from")
    passed = np.array([float(answer) for _, answer in rows])
    return Sheet(
        rows=np.stack([maker.see(question).row() for question, _ in rows]),
        targets={"passed": passed},
        weights=np.ones(len(rows)),
        late=np.arange(len(rows)) >= len(earlier),
        families=np.array([family(kind_key(question.proposal)) for question, _ in rows]),
        daos=np.array([question.proposal.dao_id for question, _ in rows]),
        between=np.zeros(len(rows), dtype=np.bool_),
        newer=np.zeros(len(rows), dtype=np.int64),
        trained=np.ones(len(rows), dtype=np.int64),
    )


def _result(weights: OutcomeWeights, data: bytes, late: Sheet, answers: str) -> HeldOutResult:
    said = Estimates.of(weights, late.rows, late.families.tolist()).passes
    loss = round(log_loss(said, late.targets["passed"]) * UNIT)
    return HeldOutResult(sha256(data).hexdigest(), loss, len(late.rows), answers)


def _answers_digest(later: Sequence[Answer]) -> str:
    lines = [
        "\0".join((question.proposal.dao_id, question.proposal.proposal_id, question.as_of.isoformat(), str(passed)))
        for question, passed in later
    ]
    return sha256("\n".join(lines).encode("utf-8", errors="replace")).hexdigest()
