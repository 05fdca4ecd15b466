"""Records a delegate's signed word on one exact change, and what the count makes of it."""

from collections.abc import Mapping
from datetime import datetime

from sqlmodel import Session

from governance import approvals as rules
from governance.actors import Actor, ActorKind
from governance.approvals import Support
from governance.canonical import digest
from governance.counting import refuse_stronger
from governance.decision_log import EntryKind
from governance.electorates import Electorate
from governance.errors import Conflict, Forbidden, IllegalTransition, InvalidInput, Paused, SignatureRefused
from governance.executions import State
from governance.identity import of_digest
from governance.records import approvals, electorates
from governance.records.approvals import Consent
from governance.records.daos import dao_time, get_dao
from governance.records.recommendations import Recommendation, get_recommendation, move
from governance.signatures import recover
from governance.workflow.recount import conclude


def approve(
    session: Session,
    recommendation_id: str,
    *,
    message: Mapping[str, object],
    domain: Mapping[str, object] | None,
    signature: str,
    now: datetime,
) -> Consent:
    """Record one consent: for, against or abstain. The same one again gives the first answer, whatever happened since.

    `message` is the `Consent` that was signed; `domain`, its EIP-712 domain, is checked when given. Raises
    `SignatureRefused` (another field or signer), `Forbidden` (no delegate today), `AlreadyRecorded` (the delegate said
    something as cautious before), `Paused`, `Expired`, `IllegalTransition`. Logs voting.opened with the first word,
    consent.recorded, and approval.recorded or approval.rejected if it decides.
    """
    recommendation = get_recommendation(session, recommendation_id)
    text, signature = _text(message), signature.lower()
    signed_sha256 = digest({"recommendation": recommendation.id, "consent": text, "signature": signature})
    known = approvals.recorded_consent(session, signed_sha256)
    if known is not None:
        return known
    ts = dao_time(session, recommendation.dao_id, now)
    _refuse_unless_open(session, recommendation, now=ts)
    support, delegate = _support(text["support"]), text["delegate"]
    electorate = _electorate(session, recommendation.dao_id)
    power = _signed_by_delegate(recommendation, electorate, text, domain, signature, support=support)
    refuse_stronger(delegate, before=approvals.words_of(session, recommendation.id).get(delegate), after=support)
    consent = Consent(
        id=of_digest("con", signed_sha256),
        dao_id=recommendation.dao_id,
        recommendation_id=recommendation.id,
        delegate=delegate,
        support=int(support),
        power=power,
        message=dict(text),
        signature=signature,
        outcome={},
        signed_sha256=signed_sha256,
        known_at=ts,
        recorded_at=now,
    )
    return _record(session, recommendation, consent)


def _refuse_unless_open(session: Session, recommendation: Recommendation, *, now: datetime) -> None:
    if get_dao(session, recommendation.dao_id).paused:
        raise Paused("the DAO is paused: no consent is taken", dao=recommendation.dao_id)
    if State(recommendation.state) not in {State.PROPOSED, State.VOTING}:
        raise IllegalTransition(
            f"consent is taken while PROPOSED or VOTING; the recommendation is {recommendation.state}",
            state=recommendation.state,
            step=EntryKind.CONSENT_RECORDED.value,
            expected=[State.PROPOSED.value, State.VOTING.value],
        )
    rules.refuse_untimely(recommendation.document, now=now)


def _signed_by_delegate(
    recommendation: Recommendation,
    electorate: Electorate,
    text: Mapping[str, str],
    domain: Mapping[str, object] | None,
    signature: str,
    *,
    support: Support,
) -> str:
    """The delegate's registered power, once it is sure that the delegate signed exactly this."""
    delegate = text["delegate"]
    expected = rules.typed_data(recommendation.document, delegate=delegate, support=support)
    rules.refuse_other(rules.as_text(expected["message"]), text, part="message")  # type: ignore[arg-type]  # typed_data's own parts
    if domain is not None:
        rules.refuse_other(expected["domain"], domain, part="domain")  # type: ignore[arg-type]  # typed_data's own parts
    power = electorate.power(delegate)
    if power is None:
        raise Forbidden(f"{delegate} is not a delegate of this DAO", field="message.delegate", value=delegate, rule="a delegate today")
    signer = recover(expected, signature)
    if signer != delegate:
        rule = "signed by the delegate's own key; contract wallets (EIP-1271) cannot be checked until a chain is connected"
        raise SignatureRefused(f"the signature is by {signer}, not by {delegate}", field="signature", value=signer, rule=rule)
    return power


def _record(session: Session, recommendation: Recommendation, consent: Consent) -> Consent:
    actor = Actor(ActorKind.HUMAN, consent.delegate, "eip712")
    ts, recorded_at = consent.known_at, consent.recorded_at
    if recommendation.state == State.PROPOSED:
        move(session, recommendation, EntryKind.VOTING_OPENED, actor=actor, data={}, ts=ts, recorded_at=recorded_at)
    data = {"consent": consent.message, "signature": consent.signature, "support": consent.message["support"], "power": consent.power}
    session.add(consent)
    session.flush()
    move(session, recommendation, EntryKind.CONSENT_RECORDED, actor=actor, data=data, ts=ts, recorded_at=recorded_at)
    counted = conclude(session, recommendation, ts=ts, recorded_at=recorded_at)
    consent.outcome = {"state": recommendation.state, "tally": counted.tally.body(), "electorate_version": counted.electorate_version}
    session.add(consent)
    session.flush()
    return consent


def _electorate(session: Session, dao_id: str) -> Electorate:
    row = electorates.current(session, dao_id)
    if row is None:
        raise Conflict("the DAO has no delegates yet", dao=dao_id, rule="set its delegates first")
    return electorates.get_current(session, dao_id)[1]


def _text(message: Mapping[str, object]) -> dict[str, str]:
    names = [name for name, _ in rules.FIELDS]
    for name in (*names, *sorted(set(message) - set(names))):
        if name not in message:
            raise InvalidInput(f"message.{name}", None, "one of the thirteen fields of Consent, and missing")
        if name not in names:
            raise InvalidInput(f"message.{name}", message[name], "not a field of Consent")
    return rules.as_text(message)


def _support(text: str) -> Support:
    if text not in {"0", "1", "2"}:
        raise InvalidInput("message.support", text, "0 against, 1 for, 2 abstain")
    return Support(int(text))
