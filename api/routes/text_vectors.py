"""The text vectors that a DAO's forecasts compare its proposals by: made beforehand, so that no forecast waits for them."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from api.dependencies import ClockDep, ModelsDep, ReadDep, require
from api.errors import problems
from governance.actors import Actor, Role
from governance.errors import InvalidInput, ModelUnavailable, NotFound
from governance.open_votes import MOST_PROPOSALS
from governance.records.as_of import PROPOSALS, read_one
from governance.records.daos import dao_time
from governance.records.history import closed_proposals
from governance.records.known_proposals import known_proposal
from governance.records.open_votes import open_proposals

router = APIRouter(prefix="/daos/{dao_id}/text-vectors", tags=["forecasts"])


class TextVectorsIn(BaseModel):
    """How many to make."""

    model_config = ConfigDict(extra="forbid", strict=True)

    limit: int = Field(256, ge=0, le=5_000, description="At most so many texts; ask again while `missing` is not 0.")


class TextVectorsOut(BaseModel):
    """What was made, and what is left."""

    made: int = Field(description="Texts embedded now.", examples=[256])
    missing: int = Field(description="Texts still without a vector.", examples=[1_880])


@router.post("", operation_id="makeTextVectors", responses=problems(NotFound, InvalidInput, ModelUnavailable))
def make(
    *,
    dao_id: str,
    body: TextVectorsIn,
    session: ReadDep,
    clock: ClockDep,
    models: ModelsDep,
    _: Annotated[Actor, Depends(require(Role.INGESTER))],
) -> TextVectorsOut:
    """Embed the texts of the DAO's closed and open proposals that were not embedded yet (role ingester).

    A cache in the state folder, on no record: a forecast gives the same numbers without it, only later.
    """
    from nlp.outcome_text import proposal_text  # noqa: PLC0415  # a start does not wait for numpy

    today = dao_time(session, dao_id, clock())
    proposals = [closed.proposal for closed in closed_proposals(session, dao_id, as_of=today)]
    newest = open_proposals(session, dao_id, as_of=today)[-MOST_PROPOSALS:]
    proposals += [known_proposal(read_one(session, PROPOSALS, each, as_of=today)) for each in newest]
    session.rollback()  # a long embedding would keep the database from tidying up
    embedder = models.embedder()
    missing = embedder.missing([proposal_text(proposal) for proposal in proposals])
    chosen = missing[: body.limit]
    if chosen:
        embedder.embed(chosen)
    return TextVectorsOut(made=len(chosen), missing=len(missing) - len(chosen))
