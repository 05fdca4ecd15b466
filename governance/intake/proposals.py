"""Proposals as received: which fields are kept, when each could be known, and what counts as an official outcome."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from governance import identity
from governance.errors import InvalidInput
from governance.intake import actions, fields
from governance.intake.fields import Row
from governance.outcome_sources import end_is_scheduled

KNOWN_FIELDS: Final = frozenset(
    [
        "source",
        "dao",
        "proposal_id",
        "title",
        "body",
        "choices",
        "type",
        "created",
        "start",
        "end",
        "quorum",
        "scores",
        "scores_total",
        "votes_count",
        "state",
        "author",
        "outcome",
        "outcome_rule",
        "approval_share",
        "is_binary",
        "text_source",
        "forum_topic",
        "end_fixed",
        "actions",
        "chain",
    ]
)
# Rules by which the platform itself settled the outcome. Snapshot settles none: there the majority of voting power is the result, as the
# source tells it or as its votes sum up to. Everything else (a majority of heads, a recomputation) is an estimate, kept with its rule and
# never learned from or headlined.
OFFICIAL_RULES: Final = frozenset(
    {
        "platform_status",
        "onchain_state",
        "onchain_events",
        "onchain_executed",
        "onchain_didPass",
        "tally_status",
        "weight_majority",
        "vp_sum_from_votes(+quorum if given)",
    }
)
_OUTCOMES: Final = frozenset({"pass", "fail"})
_MOST_CHOICES: Final = 1_000
_MOST_COUNT: Final = 2**31 - 1


@dataclass(frozen=True, slots=True)
class ProposalReceived:
    """One proposal as a source tells it. None is "the source does not say", never zero or empty."""

    id: str
    dao_id: str
    dao_name: str
    source: str
    external_id: str
    title: str | None
    body: str | None
    choices: tuple[str, ...] | None
    kind: str | None
    author: str | None
    created_at: datetime | None
    starts_at: datetime | None
    ends_at: datetime | None
    end_fixed: bool
    quorum: str | None
    state: str | None
    outcome: str | None
    outcome_rule: str | None
    result: Mapping[str, object] | None
    facts: Mapping[str, object] | None
    forum_topic: str | None

    def known_at(self, now: datetime) -> datetime:
        """When the world could know it: created, else start, else `now` (the time of import)."""
        return fields.believable(self.created_at, now=now) or fields.believable(self.starts_at, now=now) or now

    def result_known_at(self, now: datetime) -> datetime:
        """When the world could know state, outcome and figures: at the close, where that is told and over, else `now`.

        A close that lies before the proposal was known is an error of the source and dates nothing.
        """
        closed = fields.believable(self.ends_at, now=now)
        return closed if closed is not None and closed >= self.known_at(now) else now

    def content(self) -> dict[str, object]:
        """Everything the source says, as JSON; its digest is what makes a revision."""
        return {
            "source": self.source,
            "title": self.title,
            "body": self.body,
            "choices": None if self.choices is None else list(self.choices),
            "kind": self.kind,
            "author": self.author,
            "created_at": fields.iso(self.created_at),
            "starts_at": fields.iso(self.starts_at),
            "ends_at": fields.iso(self.ends_at),
            "end_fixed": self.end_fixed,
            "quorum": self.quorum,
            "state": self.state,
            "outcome": self.outcome,
            "outcome_rule": self.outcome_rule,
            "result": None if self.result is None else dict(self.result),
            "facts": None if self.facts is None else dict(self.facts),
            "forum_topic": self.forum_topic,
        }


def receive(row: Row) -> ProposalReceived:
    """The proposal in `row`.

    Raises:
        InvalidInput: a field is wrong, or DAO or proposal id is missing.
    """
    fields.only_known(row, KNOWN_FIELDS)
    dao_name, external_id = fields.dao_name(row), fields.name(row, "proposal_id")
    dao = identity.dao_id(dao_name)
    source = fields.word(row, "source") or "unnamed"
    choices = _choices(row)
    quorum = fields.amount(row, "quorum")
    outcome = fields.word(row, "outcome")
    if outcome is not None and outcome not in _OUTCOMES:
        raise InvalidInput("outcome", outcome, "must be pass or fail")
    given_fixed = fields.flag(row, "end_fixed")
    return ProposalReceived(
        id=identity.proposal_id(dao, external_id),
        dao_id=dao,
        dao_name=dao_name,
        source=source,
        external_id=external_id,
        title=fields.said(row, "title", longest=10_000),
        body=fields.said(row, "body"),
        choices=choices,
        kind=fields.word(row, "type"),
        author=fields.account(row, "author") if fields.word(row, "author") else None,
        created_at=fields.moment(row, "created"),
        starts_at=fields.moment(row, "start"),
        ends_at=fields.moment(row, "end"),
        end_fixed=end_is_fixed(source) if given_fixed is None else given_fixed,
        quorum=None if quorum is None else quorum.text,
        state=fields.word(row, "state"),
        outcome=outcome,
        outcome_rule=fields.word(row, "outcome_rule"),
        result=_result(row, choices),
        facts=_facts(row),
        forum_topic=fields.word(row, "forum_topic"),
    )


def end_is_fixed(source: str) -> bool:
    """Whether `source` fixes a proposal's end when voting starts: Snapshot, by whatever road, and Decentraland.

    In the others the recorded end is when the proposal really closed, which depends on its outcome: a forecast that
    saw it would look ahead.
    """
    return end_is_scheduled(source) or source.startswith("snapshot:")


def is_official(outcome: str | None, rule: str | None) -> bool:
    """Whether the platform itself settled this outcome."""
    return outcome is not None and rule in OFFICIAL_RULES


def _choices(row: Row) -> tuple[str, ...] | None:
    found = fields.structure(row, "choices")
    if found is None:
        return None
    if not isinstance(found, Sequence) or isinstance(found, str) or len(found) > _MOST_CHOICES:
        raise InvalidInput("choices", type(found).__name__, f"must be a list of at most {_MOST_CHOICES} texts")
    for index, choice in enumerate(found):
        if fields.text({f"choices[{index}]": choice}, f"choices[{index}]", longest=10_000) is None:
            raise InvalidInput(f"choices[{index}]", None, "must be text")
    return tuple(found)


def _result(row: Row, choices: tuple[str, ...] | None) -> dict[str, object] | None:
    """The figures after the fact, as decimal text; None where the source gives none of them."""
    total, share = fields.amount(row, "scores_total"), fields.amount(row, "approval_share")
    voters = fields.integer(row, "votes_count", most=_MOST_COUNT)
    found: dict[str, object] = {}
    found.update(_scores(row, choices))
    if total is not None:
        found["scores_total"], found["scores_kind"] = total.text, total.kind
    if voters is not None:
        found["voters"] = voters
    if share is not None:
        if fields.plain(share.text) != "1" and not share.text.startswith("0"):
            raise InvalidInput("approval_share", share.text, "must be between 0 and 1")
        found["approval_share"] = share.text
    return found or None


def _scores(row: Row, choices: tuple[str, ...] | None) -> dict[str, object]:
    """`scores` in the order of the choices; an object keyed by choice is put in that order where every key fits one."""
    found = fields.structure(row, "scores")
    if found is None:
        return {}
    if isinstance(found, Mapping):
        by_name = [(str(key), fields.exact(value, "scores").text) for key, value in sorted(found.items())]
        for key, _ in by_name:
            fields.text({"scores": key}, "scores", longest=10_000)
        folded = {key.casefold(): score for key, score in by_name}
        wanted = [choice.casefold() for choice in choices or ()]
        if len(folded) == len(by_name) == len(wanted) == len(set(wanted)) and set(folded) == set(wanted):
            return {"scores": [folded[choice] for choice in wanted]}
        return {"scores_by_choice": [[key, score] for key, score in by_name]}
    if not isinstance(found, Sequence) or isinstance(found, str) or len(found) > _MOST_CHOICES:
        raise InvalidInput("scores", type(found).__name__, "must be a list of numbers, or an object from choice to number")
    return {"scores": [fields.exact(score, "scores").text for score in found]}


def _facts(row: Row) -> dict[str, object] | None:
    found = {
        "is_binary": fields.flag(row, "is_binary"),
        "text_source": fields.word(row, "text_source"),
        "actions": actions.actions(row),
        "chain": actions.chain(row),
    }
    kept: dict[str, object] = {key: value for key, value in found.items() if value is not None}
    return kept or None
