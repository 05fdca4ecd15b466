"""The shapes of a proposal's flags."""

from datetime import datetime

from pydantic import BaseModel, Field

from governance.flags.calldata import flat
from governance.flags.verdicts import Severity, Status
from governance.workflow.flag import Judged, body


class RuleAnswerOut(BaseModel):
    """What one rule says, with everything needed to check it."""

    rule: str = Field(examples=["R08"])
    name: str = Field(examples=["Text and calldata differ"])
    version: int
    status: Status = Field(description="`fired`, `clear`, or `unknown` where an input is missing; what is unknown is never clear.")
    severity: Severity | None = Field(description="How much it weighs; null unless it fired.")
    line: str = Field(
        description="In one plain line.", examples=["The calls contradict the text: the text names 10 COMP, the calls pay 499000."]
    )
    value: str | None = Field(description="What was compared with the threshold.")
    threshold: str
    inputs: dict[str, str | None] = Field(description="What it looked at, by name; null is not known.")
    missing: list[str] = Field(description="What would be needed to know; empty unless unknown.")
    source: str = Field(description="The incident or paper it comes from.")
    clears_when: str
    who_can_act: str


class CallOut(BaseModel):
    """One call in words; those inside it follow, one deeper."""

    depth: int
    target: str
    value: str = Field(description="In wei.")
    selector: str | None
    function: str | None = Field(description="Null where it is not known.", examples=["transfer(address,uint256)"])
    effect: str = Field(examples=["transfer"])
    words: str = Field(examples=["pay 499,000 COMP to 0x1111111111111111111111111111111111111111"])
    arguments: dict[str, str]
    delegated: bool = Field(description="Whether the target's code runs as the caller's own.")


class ProposalFlagsOut(BaseModel):
    """Every rule's answer on a proposal, the fired ones first."""

    proposal_id: str
    dao_id: str
    as_of: datetime
    ends_at: datetime | None
    time_left_s: int | None = Field(description="Until voting ends; null where that is not told or past.")
    fired: int
    clear: int
    unknown: int
    flags: list[RuleAnswerOut]
    calls: list[CallOut] | None = Field(description="What it would execute, in words; null where the source does not tell.")


_ORDER = {Status.FIRED: 0, Status.UNKNOWN: 1, Status.CLEAR: 2}
_WEIGHT = {Severity.CRITICAL: 0, Severity.WARNING: 1, Severity.NOTICE: 2, None: 3}


def flags_part(judged: Judged) -> ProposalFlagsOut:
    """The flags as the API shows them: fired first and the gravest of them first, then unknown, then clear."""
    ordered = sorted(judged.flags, key=lambda flag: (_ORDER[flag.answer.status], _WEIGHT[flag.answer.severity], flag.rule.id))
    count = [flag.answer.status for flag in judged.flags].count
    left = judged.time_left
    return ProposalFlagsOut(
        proposal_id=judged.case.proposal_id,
        dao_id=judged.case.dao_id,
        as_of=judged.case.as_of,
        ends_at=judged.case.ends_at,
        time_left_s=None if left is None else int(left.total_seconds()),
        fired=count(Status.FIRED),
        clear=count(Status.CLEAR),
        unknown=count(Status.UNKNOWN),
        flags=[
            RuleAnswerOut.model_validate(
                {
                    **body(flag),
                    "source": flag.rule.source,
                    "clears_when": flag.rule.clears_when,
                    "who_can_act": flag.rule.who_can_act,
                }
            )
            for flag in ordered
        ],
        calls=_calls(judged),
    )


def _calls(judged: Judged) -> list[CallOut] | None:
    if judged.case.calls is None:
        return None
    return [
        CallOut(
            depth=depth,
            target=call.target,
            value=str(call.value),
            selector=call.selector,
            function=call.function or None,
            effect=call.effect.value,
            words=call.words,
            arguments={each.name: each.value for each in call.arguments},
            delegated=call.delegated,
        )
        for depth, call in flat(judged.case.calls)
    ]
