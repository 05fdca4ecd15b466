"""Recommendations: ask for one, read it with its evidence and inputs, withdraw it, and see what became of it."""

import json
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session

from api.authentication import acting_as
from api.dependencies import ClockDep, ReadDep, SettingsDep, WriterDep, require
from api.errors import problems
from api.listing import AsOf, moment
from api.pagination import Page, PageDep
from api.routes.parameters import NAME_PATTERN, Name
from governance.actors import Actor, Role
from governance.errors import Conflict, IllegalTransition, InvalidInput, NotFound
from governance.executions import State
from governance.records import blobs
from governance.records import recommendations as records
from governance.records.columns import from_microseconds, to_microseconds
from governance.records.parameters import get_parameter
from governance.records.recommendation_history import standings
from governance.records.recommendations import Abstention, Recommendation, Verification
from governance.workflow.recommend import recommend
from governance.workflow.verify import verify
from governance.workflow.withdraw import withdraw

router = APIRouter(tags=["recommendations"])
ProposerDep = Annotated[Actor, Depends(require(Role.PROPOSER))]


class AskIn(BaseModel):
    """Which parameter to look at."""

    model_config = ConfigDict(extra="forbid", strict=True)

    parameter: Name


class ReasonIn(BaseModel):
    """Why, in the proposer's words; kept in the log."""

    model_config = ConfigDict(extra="forbid", strict=True)

    reason: str = Field(min_length=1, max_length=1_000, examples=["The pool moved to another venue."])


class RecommendationOut(BaseModel):
    """One exact change put to the DAO, and where it stands. `document` never changes; its canonical form has the digest."""

    id: str = Field(examples=["rec_aaaaaaaaaaaaaaaaaaaaaaaaaa"])
    dao_id: str
    kind: Literal["parameter_change", "guardrail_change", "delegates_change"]
    parameter: str | None = Field(description="The parameter it is about; null for a change of delegates.")
    state: State
    version: int = Field(description="Grows with each step of the state machine.")
    digest: str = Field(description="SHA-256 of the document's RFC 8785 form: what consents bind to.")
    document: dict[str, Any] = Field(description="The change, its rollback, guardrail, evidence, effect, KPIs and times.")
    inputs_sha256: str = Field(description="SHA-256 of the inputs from which the document can be recomputed.")
    author: str = Field(description="Who asked for it, or wrote it.")
    superseded_by: str | None
    expires_at: datetime | None
    known_at: datetime = Field(description="The DAO's time.")
    recorded_at: datetime


class AbstentionOut(BaseModel):
    """Assent was asked and recommends nothing; the document says why."""

    id: str = Field(examples=["abs_aaaaaaaaaaaaaaaaaaaaaaaaaa"])
    dao_id: str
    reason: str = Field(examples=["no_clear_benefit"])
    digest: str
    document: dict[str, Any]
    inputs_sha256: str
    known_at: datetime
    recorded_at: datetime


class AnswerOut(BaseModel):
    """A recommendation or an abstention; the other one is null."""

    recommendation: RecommendationOut | None
    abstention: AbstentionOut | None


class VerificationOut(BaseModel):
    """What the KPIs did after the change, against the ranges approved with it."""

    id: str
    dao_id: str
    recommendation_id: str
    verdict: Literal["met", "missed", "inconclusive"]
    body: dict[str, Any] = Field(description="Each KPI with its range, what was measured, on how many days, and its verdict.")
    known_at: datetime
    recorded_at: datetime


@router.post(
    "/daos/{dao_id}/recommendations",
    operation_id="askForRecommendation",
    status_code=201,
    responses=problems(NotFound, InvalidInput, Conflict),
)
def ask(dao_id: str, body: AskIn, writer: WriterDep, clock: ClockDep, settings: SettingsDep, *, actor: ProposerDep) -> AnswerOut:
    """Ask what to do about a parameter (role proposer). Nothing is applied: a recommendation waits for the delegates' consent.

    The answer follows from the objective, the guardrail and the observations alone, and is logged either way. An open
    recommendation for the parameter that is not approved yet is superseded by a new one.
    """

    def _ask(session: Session) -> AnswerOut:
        found = recommend(session, dao_id, body.parameter, actor=actor, chain_id=settings.chain_id, now=clock())
        if isinstance(found, Recommendation):
            return AnswerOut(recommendation=shown(found), abstention=None)
        return AnswerOut(recommendation=None, abstention=_abstained(found))

    return writer.run(_ask)


@router.get("/daos/{dao_id}/recommendations", operation_id="listRecommendations", responses=problems(NotFound, InvalidInput))
def list_all(
    dao_id: str,
    session: ReadDep,
    clock: ClockDep,
    page: PageDep,
    *,
    state: Annotated[State | None, Query(description="Only those that stand in this state.")] = None,
    parameter: Annotated[str | None, Query(pattern=NAME_PATTERN, description="Only those about this parameter.")] = None,
    as_of: AsOf = None,
) -> Page[RecommendationOut]:
    """The DAO's recommendations, newest first, where they stand or stood at `as_of`. `state` is about now, so not both."""
    if state is not None and as_of is not None:
        raise InvalidInput("state", state.value, "not together with as_of")
    at = moment(session, dao_id, as_of, clock())
    rows = records.of_dao(
        session,
        dao_id,
        states=() if state is None else (state.value,),
        parameter_id=None if parameter is None else get_parameter(session, dao_id, parameter).id,
        known_by=at,
        before=_before(page),
        limit=page.limit + 1,
    )
    return Page(
        items=_shown_at(session, rows[: page.limit], at if as_of is not None else None),
        next_cursor=page.next_cursor([(to_microseconds(row.known_at), row.id) for row in rows]),
        as_of=at,
        indexed_to=rows[0].known_at if rows else None,
        complete=True,
    )


@router.get("/daos/{dao_id}/abstentions", operation_id="listAbstentions", responses=problems(NotFound, InvalidInput))
def list_abstentions(dao_id: str, session: ReadDep, clock: ClockDep, page: PageDep, *, as_of: AsOf = None) -> Page[AbstentionOut]:
    """When Assent was asked and recommended nothing, and why; newest first."""
    at = moment(session, dao_id, as_of, clock())
    rows = records.abstentions_of_dao(session, dao_id, known_by=at, before=_before(page), limit=page.limit + 1)
    return Page(
        items=[_abstained(row) for row in rows[: page.limit]],
        next_cursor=page.next_cursor([(to_microseconds(row.known_at), row.id) for row in rows]),
        as_of=at,
        indexed_to=rows[0].known_at if rows else None,
        complete=True,
    )


@router.get("/recommendations/{recommendation_id}", operation_id="getRecommendation", responses=problems(NotFound))
def read(recommendation_id: str, session: ReadDep, clock: ClockDep, *, as_of: AsOf = None) -> RecommendationOut:
    """One recommendation with its evidence, simulated effect, expected KPIs and rollback; where it stands or stood at `as_of`."""
    row = records.get_recommendation(session, recommendation_id)
    at = None if as_of is None else moment(session, row.dao_id, as_of, clock())
    found = _shown_at(session, [row], at)
    if not found:
        raise NotFound("recommendation", recommendation_id)
    return found[0]


@router.get("/recommendations/{recommendation_id}/inputs", operation_id="getRecommendationInputs", responses=problems(NotFound))
def inputs(recommendation_id: str, session: ReadDep) -> dict[str, Any]:
    """Everything the recommendation depends on: whoever runs the pinned rules on it gets the same bytes."""
    found: dict[str, Any] = json.loads(blobs.get(session, records.get_recommendation(session, recommendation_id).inputs_sha256))
    return found


@router.get("/abstentions/{abstention_id}", operation_id="getAbstention", responses=problems(NotFound))
def read_abstention(abstention_id: str, session: ReadDep) -> AbstentionOut:
    """One abstention with its reason, the rule that decided and the values."""
    return _abstained(records.get_abstention(session, abstention_id))


@router.post(
    "/recommendations/{recommendation_id}/withdrawal",
    operation_id="withdrawRecommendation",
    responses=problems(NotFound, IllegalTransition),
)
def take_back(recommendation_id: str, body: ReasonIn, writer: WriterDep, clock: ClockDep, actor: ProposerDep) -> RecommendationOut:
    """Withdraw a recommendation before it is approved (role proposer). Withdrawn already: it is given as it is."""
    return writer.run(lambda session: shown(withdraw(session, recommendation_id, reason=body.reason, actor=actor, now=clock())))


@router.post(
    "/recommendations/{recommendation_id}/verification", operation_id="verifyRecommendation", responses=problems(NotFound, Conflict)
)
def judge(
    recommendation_id: str,
    writer: WriterDep,
    clock: ClockDep,
    actor: Annotated[Actor, Depends(acting_as(Role.PROPOSER, Role.AUDITOR))],
) -> VerificationOut:
    """Judge an executed change after its horizon, by the ranges that were approved with it (role proposer or auditor).

    A verdict of met or missed stands for good; an inconclusive one is asked again when more was observed.
    """
    return writer.run(lambda session: _judged(verify(session, recommendation_id, actor=actor, now=clock())))


@router.get(
    "/recommendations/{recommendation_id}/verifications", operation_id="listVerifications", responses=problems(NotFound, InvalidInput)
)
def list_verifications(recommendation_id: str, session: ReadDep, clock: ClockDep, page: PageDep) -> Page[VerificationOut]:
    """The verdicts on an executed change, oldest first; the last one counts."""
    records.get_recommendation(session, recommendation_id)
    rows = records.verifications_of(session, recommendation_id)
    start = 0 if page.after is None else int(page.after[0])
    left = rows[start : start + page.limit + 1]
    return Page(
        items=[_judged(row) for row in left[: page.limit]],
        next_cursor=page.next_cursor([(int(row.body["number"]),) for row in left]),
        as_of=clock(),
        indexed_to=rows[-1].known_at if rows else None,
        complete=True,
    )


def shown(row: Recommendation) -> RecommendationOut:
    """A recommendation as the API gives it."""
    return RecommendationOut.model_validate({**row.model_dump(), "parameter": row.document["change"].get("parameter")})


def _shown_at(session: Session, rows: list[Recommendation], at: datetime | None) -> list[RecommendationOut]:
    """The recommendations where they stand, or stood at `at`; one that was not put to the DAO by then is left out."""
    if at is None:
        return [shown(row) for row in rows]
    stood = standings(session, [row.id for row in rows], as_of=at)
    return [
        shown(row).model_copy(
            update={"state": State(stood[row.id].state), "version": stood[row.id].version, "superseded_by": stood[row.id].superseded_by}
        )
        for row in rows
        if row.id in stood
    ]


def _abstained(row: Abstention) -> AbstentionOut:
    return AbstentionOut.model_validate({**row.model_dump(), "reason": row.document["reason"]})


def _judged(row: Verification) -> VerificationOut:
    return VerificationOut.model_validate(row.model_dump())


def _before(page: PageDep) -> tuple[datetime, str] | None:
    return None if page.after is None else (from_microseconds(int(page.after[0])), str(page.after[1]))
