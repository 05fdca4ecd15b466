"""Changes that people write: of a guardrail, or of the delegates and their threshold, put to the DAO for consent."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session

from api.dependencies import ClockDep, SettingsDep, WriterDep, require
from api.errors import problems
from api.routes.delegates import ElectorateBody
from api.routes.guardrails import GuardrailBody
from api.routes.parameters import Name
from api.routes.recommendations import RecommendationOut, shown
from governance.actors import Actor, Role
from governance.errors import Conflict, InvalidInput, NotFound, Paused
from governance.proposed_changes import MAX_REASON
from governance.workflow.propose_change import propose_delegates, propose_guardrail

router = APIRouter(prefix="/daos/{dao_id}/changes", tags=["recommendations"])

Reason = Annotated[str, Field(min_length=1, max_length=MAX_REASON, examples=["Smaller steps until the second indexer is back."])]


class GuardrailChangeIn(BaseModel):
    """Another guardrail for a parameter."""

    model_config = ConfigDict(extra="forbid", strict=True)

    kind: Literal["guardrail_change"]
    parameter: Name
    to: GuardrailBody
    reason: Reason


class DelegatesChangeIn(BaseModel):
    """Another set of delegates, powers and threshold."""

    model_config = ConfigDict(extra="forbid", strict=True)

    kind: Literal["delegates_change"]
    to: ElectorateBody
    reason: Reason


@router.post("", operation_id="proposeChange", status_code=201, responses=problems(NotFound, InvalidInput, Conflict, Paused))
def propose(
    dao_id: str,
    body: Annotated[GuardrailChangeIn | DelegatesChangeIn, Field(discriminator="kind")],
    writer: WriterDep,
    clock: ClockDep,
    settings: SettingsDep,
    *,
    actor: Annotated[Actor, Depends(require(Role.PROPOSER))],
) -> RecommendationOut:
    """Put a change of a guardrail, or of who may consent, to the DAO (role proposer).

    It takes effect once the present delegates consented to exactly this and it was executed. Nothing changes here.
    """

    def _propose(session: Session) -> RecommendationOut:
        wanted, chain_id = body.to.model_dump(), settings.chain_id
        if isinstance(body, GuardrailChangeIn):
            row = propose_guardrail(
                session, dao_id, body.parameter, wanted, reason=body.reason, actor=actor, chain_id=chain_id, now=clock()
            )
        else:
            row = propose_delegates(session, dao_id, wanted, reason=body.reason, actor=actor, chain_id=chain_id, now=clock())
        return shown(row)

    return writer.run(_propose)
