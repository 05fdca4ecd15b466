"""Approvals: what a wallet signs, delegates' recorded consents, and what they add up to."""

from datetime import datetime
from typing import Annotated, Any, Literal, cast

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from api.dependencies import ClockDep, ReadDep, WriterDep, require
from api.errors import problems
from api.pagination import Page, PageDep
from api.refusal_log import refusals_logged
from governance.actors import Actor, Role
from governance.approvals import FIELDS, Support, typed_data
from governance.electorates import electorate as read_electorate
from governance.errors import AlreadyRecorded, Expired, Forbidden, IllegalTransition, InvalidInput, NotFound, Paused, SignatureRefused
from governance.records import approvals as records
from governance.records import electorates
from governance.records.columns import to_microseconds
from governance.records.recommendations import get_recommendation
from governance.workflow.approve import approve
from governance.workflow.recount import count_consents

router = APIRouter(prefix="/recommendations/{recommendation_id}", tags=["approvals"])

Word = Literal["for", "against", "abstain"]
_WORD_PATTERN = r"^0x[0-9a-fA-F]{64}$"
_EXAMPLE_WORD = "0x" + "5f" * 32
_EXAMPLE_ADDRESS = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"

Bytes32 = Annotated[str, Field(pattern=_WORD_PATTERN, examples=[_EXAMPLE_WORD])]
Address = Annotated[str, Field(pattern=r"^0x[0-9a-fA-F]{40}$", examples=[_EXAMPLE_ADDRESS])]
Uint = Annotated[str, Field(pattern=r"^(0|[1-9][0-9]{0,77})$", examples=["1"])]


class ConsentMessage(BaseModel):
    """The thirteen fields of `Consent`, as the wallet signed them. docs/consent.md says how each is derived."""

    model_config = ConfigDict(extra="forbid", strict=True)

    recommendationDigest: Bytes32 = Field(description="SHA-256 of the recommendation's canonical document.")  # noqa: N815  # EIP-712 names
    support: int = Field(ge=0, le=2, description="0 against, 1 for, 2 abstain.", examples=[1])
    delegate: Address = Field(description="Who signs; EIP-55 checksummed.")
    daoId: Bytes32 = Field(description="keccak256 of the DAO's id.")  # noqa: N815
    payloadHash: Bytes32 = Field(description="keccak256 of the bytes the executor will be given.")  # noqa: N815
    rollbackHash: Bytes32 = Field(description="keccak256 of the bytes that would undo it.")  # noqa: N815
    guardrailHash: Bytes32 = Field(description="SHA-256 of the guardrail it stays within.")  # noqa: N815
    preStateHash: Bytes32 = Field(description="keccak256 of the state it starts from.")  # noqa: N815
    targetCodeHash: Bytes32 = Field(description="Hash of the code it is applied by.")  # noqa: N815
    nonce: Uint = Field(description="Used once per DAO.")
    notBefore: Uint = Field(description="First second (Unix time) at which the consent counts.")  # noqa: N815
    deadline: Uint = Field(description="First second (Unix time) at which it no longer counts.")
    evidenceRoot: Bytes32 = Field(description="Root of the decision log that the evidence stood in.")  # noqa: N815


class ConsentDomain(BaseModel):
    """The EIP-712 domain."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: str = Field(max_length=64, examples=["Assent"])
    version: str = Field(max_length=16, examples=["1"])
    chainId: int = Field(ge=1, le=2**53 - 1, examples=[31337])  # noqa: N815
    verifyingContract: Address  # noqa: N815


class TypedField(BaseModel):
    """One member of an EIP-712 struct."""

    name: str
    type: str


class TypedDataOut(BaseModel):
    """EIP-712 typed data, ready for `eth_signTypedData_v4`."""

    types: dict[str, list[TypedField]]
    primaryType: Literal["Consent"]  # noqa: N815
    domain: ConsentDomain
    message: ConsentMessage


class ConsentIn(BaseModel):
    """A signed consent: the message that was signed, and the signature."""

    model_config = ConfigDict(extra="forbid", strict=True)

    message: ConsentMessage
    domain: ConsentDomain | None = Field(None, description="The domain that was signed; checked when given.")
    signature: str = Field(
        max_length=4_096,
        description="0x and 130 hex digits: r, s, v. Contract wallets (EIP-1271) cannot be checked yet.",
        examples=["0x" + "11" * 64 + "1b"],
    )


class TallyOut(BaseModel):
    """Weights by word, exact decimal text: numbers of delegates, or voting power."""

    rule: Literal["head", "power"] = Field(description="What is counted.")
    for_: str = Field(alias="for")
    against: str
    abstain: str
    undecided: str
    approve: str = Field(description="How much `for` approves; exactly this much is enough.")


class ConsentOut(BaseModel):
    """A recorded consent, and what the count was right after it."""

    id: str
    dao_id: str
    recommendation_id: str
    delegate: str
    support: Word
    power: str = Field(description="The delegate's registered voting power then.")
    message: dict[str, str] = Field(description="The thirteen signed fields, as text.")
    signature: str
    state: str = Field(description="The recommendation's state right after this consent.")
    tally: TallyOut = Field(description="The tally right after this consent.")
    known_at: datetime = Field(description="The DAO's time.")
    recorded_at: datetime


class StandingApproval(BaseModel):
    """An approval that stands."""

    digest: str = Field(description="keccak256 over the shared fields and the sorted signers.")
    signers: list[str]
    electorate_version: int
    known_at: datetime


class CountOut(BaseModel):
    """Where a recommendation stands with its delegates now."""

    recommendation_id: str
    state: str
    electorate_version: int
    tally: TallyOut
    undecided: list[str] = Field(description="Delegates who have not said anything.")
    approval: StandingApproval | None = Field(description="Null while there is none.")


@router.get("/typed-data", operation_id="getConsentTypedData", response_model=TypedDataOut, responses=problems(NotFound, InvalidInput))
def get_typed_data(
    recommendation_id: str,
    session: ReadDep,
    delegate: Annotated[str | None, Query(max_length=64, description="The address that will sign.", examples=[_EXAMPLE_ADDRESS])] = None,
    support: Annotated[Word, Query(description="The word to sign.")] = "for",
) -> dict[str, object]:
    """Exactly what a delegate's wallet signs to consent to this one change (or to refuse it, or to abstain).

    Give the answer to `eth_signTypedData_v4`, then post its `message` with the signature. Nothing is recorded here.
    """
    recommendation = get_recommendation(session, recommendation_id)
    if delegate is None:
        row = electorates.current(session, recommendation.dao_id)
        known = ", ".join(d.address for d in read_electorate(row.body).delegates[:5]) if row else "none is set yet"
        raise InvalidInput("delegate", None, f"the address that will sign, one of the DAO's delegates ({known})")
    return typed_data(recommendation.document, delegate=delegate, support=Support[support.upper()])


@router.post(
    "/approvals",
    operation_id="recordConsent",
    status_code=201,
    response_model=ConsentOut,
    responses=problems(NotFound, SignatureRefused, Forbidden, IllegalTransition, AlreadyRecorded, Expired, Paused),
)
def record_consent(
    recommendation_id: str,
    body: ConsentIn,
    writer: WriterDep,
    clock: ClockDep,
    actor: Annotated[Actor, Depends(require(Role.APPROVER))],
) -> ConsentOut:
    """Record a delegate's signed word. With enough of them the change is approved; nothing is executed.

    The API key only carries the consent; it counts by its signature. The same consent again gives the same answer.
    """
    domain = None if body.domain is None else body.domain.model_dump()
    with refusals_logged(writer, recommendation_id, attempt="approve", actor=actor, clock=clock):
        consent = writer.run(
            lambda session: approve(
                session, recommendation_id, message=body.message.model_dump(), domain=domain, signature=body.signature, now=clock()
            )
        )
    return _shown(consent)


@router.get("/approvals", operation_id="listConsents", response_model=Page[ConsentOut], responses=problems(NotFound, InvalidInput))
def list_consents(recommendation_id: str, session: ReadDep, clock: ClockDep, page: PageDep) -> dict[str, Any]:
    """Every consent to this change, oldest first. Of a delegate who took a word back, the more cautious one counts."""
    get_recommendation(session, recommendation_id)
    rows = records.consents_of(session, recommendation_id)
    keys = [(to_microseconds(row.known_at), row.id) for row in rows]
    start = 0 if page.after is None else next((i + 1 for i, key in enumerate(keys) if key == page.after), len(keys))
    shown = rows[start : start + page.limit]
    return {
        "items": [_shown(row) for row in shown],
        "next_cursor": page.next_cursor(keys[start : start + page.limit + 1]),
        "as_of": clock(),
        "indexed_to": rows[-1].known_at if rows else None,
        "complete": True,
    }


@router.get("/approval", operation_id="getApproval", response_model=CountOut, responses=problems(NotFound))
def get_approval(recommendation_id: str, session: ReadDep) -> CountOut:
    """The tally against today's delegates, who has not said anything yet, and the approval once it stands."""
    recommendation = get_recommendation(session, recommendation_id)
    counted = count_consents(session, recommendation)
    _, electorate = electorates.get_current(session, recommendation.dao_id)
    words = records.words_of(session, recommendation_id)
    standing = records.approval_of(session, recommendation_id)
    return CountOut(
        recommendation_id=recommendation_id,
        state=recommendation.state,
        electorate_version=counted.electorate_version,
        tally=TallyOut.model_validate(counted.tally.body()),
        undecided=[delegate.address for delegate in electorate.delegates if delegate.address not in words],
        approval=standing and _standing(standing),
    )


def _standing(row: records.Approval) -> StandingApproval:
    return StandingApproval(
        digest=row.digest, signers=row.tally["signers"], electorate_version=row.electorate_version, known_at=row.known_at
    )


def _shown(consent: records.Consent) -> ConsentOut:
    return ConsentOut(
        id=consent.id,
        dao_id=consent.dao_id,
        recommendation_id=consent.recommendation_id,
        delegate=consent.delegate,
        support=cast("Word", Support(consent.support).name.lower()),
        power=consent.power,
        message={name: consent.message[name] for name, _ in FIELDS},
        signature=consent.signature,
        state=consent.outcome["state"],
        tally=TallyOut.model_validate(consent.outcome["tally"]),
        known_at=consent.known_at,
        recorded_at=consent.recorded_at,
    )
