"""One recommendation's way through the machine, each step judged by what stood at that entry."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from governance.verification import consents
from governance.verification.consents import Refused, Terms
from governance.verification.electorates import CAUTION, Electorate, met, out_of_reach
from governance.verification.entries import BadEntry, Entry, read_time
from governance.verification.standing import Dao, sha256_of
from governance.verification.states import FINAL, STEPS

_MIN_DELAY = timedelta(hours=1)
# What later steps are judged by; everything else of a document is in its digest.
_KEPT = ("kind", "change", "guardrail", "nonce")
_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


@dataclass(slots=True)
class Story:
    """One recommendation. Once final, only its state and version are kept."""

    id: str
    dao: str
    digest: str
    document: dict[str, Any]
    terms: Terms | None
    state: str = "DRAFT"
    version: int = 1
    words: dict[str, int] = field(default_factory=dict)
    signers: tuple[str, ...] = ()
    approval: str | None = None
    approved_at: datetime | None = None
    ready_at: datetime | None = None
    operation: str | None = None


def made(entry: Entry) -> Story:
    """`recommendation.made`: the document, its digest and its id belong together."""
    document, digest = entry.data["document"], entry.data["digest"]
    if not isinstance(document, dict) or sha256_of(document) != digest:
        raise BadEntry("recommendation.digest", "the digest is not that of the document")
    if document.get("dao") != entry.dao or entry.data["inputs"] != {"sha256": document.get("inputs_sha256")}:
        raise BadEntry("recommendation.document", "the document is of another DAO, or names other inputs")
    try:
        terms = consents.terms(document, digest)
    except (Refused, KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadEntry("recommendation.terms", f"nobody could consent to this document: {error}") from error
    kept = {name: document.get(name) for name in _KEPT}
    return Story(entry.subject.get("recommendation", ""), str(entry.dao), digest, kept, terms)


def step(story: Story, dao: Dao, entry: Entry) -> None:
    """One step of the machine: legal by the table, and justified by everything that stood when it was taken."""
    data = entry.data
    froms, to = STEPS[entry.kind]
    if data["from"] != story.state or story.state not in froms:
        raise BadEntry("state.step", f"{entry.kind} is not possible in {story.state}")
    if data["to"] != to or data["version"] != story.version + 1 or data["version"] is True:
        raise BadEntry("state.step", f"{entry.kind} leads to {to} as version {story.version + 1}")
    try:
        judge = _JUDGES.get(entry.kind)
        if judge is not None:
            judge(story, dao, entry)
    except (Refused, KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        if isinstance(error, BadEntry):
            raise
        raise BadEntry(entry.kind, str(error)) from error
    finally:
        story.state, story.version = to, story.version + 1
        if to in FINAL:
            story.document, story.words, story.signers, story.terms = {}, {}, (), None


def _consent(story: Story, dao: Dao, entry: Entry) -> None:
    agreed, electorate = _terms(story), _electorate(dao)
    if dao.paused:
        raise BadEntry("consent.paused", "no consent counts while the DAO is paused")
    if not agreed.not_before <= _seconds(entry.ts) < agreed.deadline:
        raise BadEntry("consent.time", "the consent lies before notBefore or after the deadline")
    try:
        delegate, support = consents.check_consent(agreed, entry.data)
    except Refused as error:
        raise BadEntry("consent.signature", str(error)) from error
    if electorate.powers.get(delegate) != entry.data["power"]:
        raise BadEntry("consent.delegate", f"{delegate} is not a delegate with the power {entry.data['power']}")
    before = story.words.get(delegate)
    if before is not None and CAUTION[support] <= CAUTION[before]:
        raise BadEntry("consent.twice", f"{delegate} has said something as cautious before")
    story.words[delegate] = support


def _approved(story: Story, dao: Dao, entry: Entry) -> None:
    tally, signers = _recount(story, dao, entry)
    if not met(tally):
        raise BadEntry("approval.threshold", f"{tally['for']} for, {tally['approve']} needed")
    if entry.data["signers"] != signers:
        raise BadEntry("approval.signers", "the signers are not those who said for")
    expected = consents.approval_digest(_terms(story), signers)
    if entry.data["approval_digest"] != expected:
        raise BadEntry("approval.digest", f"the approval's digest should be {expected}")
    story.signers, story.approval, story.approved_at = tuple(signers), expected, entry.ts


def _rejected(story: Story, dao: Dao, entry: Entry) -> None:
    tally, _ = _recount(story, dao, entry)
    if not out_of_reach(tally):
        raise BadEntry("approval.threshold", "the threshold was still within reach")


def _recounted(story: Story, dao: Dao, entry: Entry) -> None:
    tally, signers = _recount(story, dao, entry)
    if met(tally) and set(story.signers) <= set(signers):
        raise BadEntry("approval.recounted", "the approval still stood")
    story.signers, story.approval, story.approved_at, story.ready_at = (), None, None, None


def _recount(story: Story, dao: Dao, entry: Entry) -> tuple[dict[str, str], list[str]]:
    electorate = _electorate(dao)
    tally, signers = electorate.tally(story.words)
    if entry.data["tally"] != tally:
        raise BadEntry("approval.tally", f"the tally should be {tally}")
    if entry.data.get("electorate_version", electorate.version) != electorate.version:
        raise BadEntry("approval.electorate", f"the electorate was version {electorate.version}")
    return tally, signers


def _scheduled(story: Story, dao: Dao, entry: Entry) -> None:
    if dao.paused:
        raise BadEntry("execution.paused", "nothing is scheduled while the DAO is paused")
    ready = read_time(entry.data["ready_at"])
    if story.approved_at is None or ready < story.approved_at + _delay(story, dao) or _seconds(ready) < _terms(story).not_before:
        raise BadEntry("execution.delay", "the delay between approval and execution is cut short")
    story.ready_at = ready


def _ready(story: Story, dao: Dao, entry: Entry) -> None:
    _timely(story, dao, entry)


def _signed(story: Story, dao: Dao, entry: Entry) -> None:
    """Everything the executor must have checked in the transaction that signed."""
    data, agreed, document = entry.data, _terms(story), story.document
    _timely(story, dao, entry)
    tally, signers = _electorate(dao).tally(story.words)
    if not met(tally) or not set(story.signers) <= set(signers):
        raise BadEntry("execution.threshold", "the approval did not stand any more when this was signed")
    if data["payload_sha256"] != hashlib.sha256(agreed.payload).hexdigest():
        raise BadEntry("execution.payload", "other bytes were signed than were approved")
    if story.approval is None or data["operation_id"] != consents.operation_id(story.approval):
        raise BadEntry("execution.operation", "the operation's id does not follow from the approval")
    nonce = data["nonce"]
    if nonce != document["nonce"] or nonce in dao.nonces:
        raise BadEntry("execution.nonce", f"the nonce {nonce} is another, or used by {dao.nonces.get(nonce)}")
    _unchanged(dao, document)
    dao.nonces[nonce], story.operation = story.id, data["operation_id"]


def _unchanged(dao: Dao, document: dict[str, Any]) -> None:
    """What the change starts from, and its guardrail, are those that were consented to; the guardrail's limits hold."""
    kind, change = document["kind"], document["change"]
    if kind == "delegates_change":
        if _electorate(dao).sha256 != change["from_sha256"]:
            raise BadEntry("execution.pre_state", "the electorate is not the one that the change starts from")
        return
    governed = dao.parameters[change["parameter"]]
    if governed.rail is None or governed.rail.sha256 != document["guardrail"]["sha256"]:
        raise BadEntry("execution.guardrail", "the guardrail is not the one that was consented to")
    if kind == "guardrail_change":
        if governed.rail.sha256 != change["from_sha256"]:
            raise BadEntry("execution.pre_state", "the guardrail is not the one that the change starts from")
    elif governed.value != change["from"]:
        raise BadEntry("execution.pre_state", f"the value is {governed.value}, the change starts from {change['from']}")
    else:
        _within(governed.rail.body, int(change["from"]), int(change["to"]))


def _within(rail: dict[str, Any], before: int, after: int) -> None:
    step_ = rail.get("max_step")
    if not int(rail["floor"]) <= after <= int(rail["ceiling"]):
        raise BadEntry("guardrail.range", f"{after} lies outside {rail['floor']} to {rail['ceiling']}")
    if step_ is not None and abs(after - before) > int(step_):
        raise BadEntry("guardrail.max_step", f"a step of {abs(after - before)}, at most {step_} allowed")


def _mined(story: Story, _dao: Dao, entry: Entry) -> None:
    receipt = entry.data["receipt"]
    if receipt.get("operation_id") != story.operation or receipt.get("payload_sha256") != hashlib.sha256(_terms(story).payload).hexdigest():
        raise BadEntry("execution.receipt", "the receipt is of another operation, or of other bytes")


def _executed(story: Story, dao: Dao, entry: Entry) -> None:
    document, change = story.document, story.document["change"]
    if document["kind"] == "parameter_change":
        governed = dao.parameters[change["parameter"]]
        if entry.data["before"] != governed.value or governed.value != change["from"] or entry.data["after"] != change["to"]:
            raise BadEntry("parameter.chain", f"{entry.data['before']} to {entry.data['after']}: the value was {governed.value}")
        governed.value = change["to"]
        return
    after = sha256_of(change["to"])
    if entry.data["before"] != change["from_sha256"] or entry.data["after"] != after:
        raise BadEntry("parameter.chain", "what was executed is not what was approved")
    dao.granted.add(after)


def _expired(story: Story, _dao: Dao, entry: Entry) -> None:
    if _seconds(entry.ts) < _terms(story).deadline:
        raise BadEntry("recommendation.expired", "its time had not passed")


def _timely(story: Story, dao: Dao, entry: Entry) -> None:
    if dao.paused:
        raise BadEntry("execution.paused", "the DAO was paused")
    if story.ready_at is None or entry.ts < story.ready_at:
        raise BadEntry("execution.delay", "the delay was not over")
    if _seconds(entry.ts) >= _terms(story).deadline:
        raise BadEntry("execution.expired", "the approval had expired")


def _delay(story: Story, dao: Dao) -> timedelta:
    governed = dao.parameters.get(story.document["change"].get("parameter", ""))
    own = int(governed.rail.body.get("min_delay_s", 0)) if governed and governed.rail else 0
    return max(_MIN_DELAY, timedelta(seconds=own))


def _terms(story: Story) -> Terms:
    if story.terms is None:
        raise BadEntry("state.final", "the recommendation is final")
    return story.terms


def _electorate(dao: Dao) -> Electorate:
    if dao.electorate is None:
        raise BadEntry("delegates.missing", "the DAO has no delegates")
    return dao.electorate


def _seconds(moment: datetime) -> float:
    return (moment - _EPOCH) / timedelta(seconds=1)


_JUDGES: dict[str, Callable[[Story, Dao, Entry], None]] = {
    "consent.recorded": _consent,
    "approval.recorded": _approved,
    "approval.rejected": _rejected,
    "approval.recounted": _recounted,
    "execution.scheduled": _scheduled,
    "execution.ready": _ready,
    "execution.signed": _signed,
    "execution.mined": _mined,
    "execution.executed": _executed,
    "recommendation.expired": _expired,
}
