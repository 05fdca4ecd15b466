"""Forum posts and the links from proposals to their discussions, as received."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from governance import identity
from governance.errors import InvalidInput
from governance.intake import fields
from governance.intake.fields import Row

POST_FIELDS: Final = frozenset(
    [
        "source",
        "dao",
        "forum",
        "category",
        "topic_id",
        "topic_title",
        "post_id",
        "post_number",
        "reply_to",
        "author",
        "author_created",
        "created",
        "text",
        "reads",
        "score",
        "topic_views",
        "topic_likes",
        "linked_proposal",
    ]
)
LINK_FIELDS: Final = frozenset(["source", "dao", "proposal_id", "forum", "topic_id"])
_MOST_NUMBER: Final = 2**31 - 1
_COUNTS: Final = ("reads", "topic_views", "topic_likes")


@dataclass(frozen=True, slots=True)
class PostReceived:
    """One post. `dao_name` is None where the row names no DAO; which DAO it belongs to is then read from the forum's links."""

    id: str
    dao_name: str | None
    source: str
    forum: str
    external_id: str
    topic_id: int | None
    topic_title: str | None
    number: int | None
    reply_to: int | None
    linked_proposal: str | None
    author: str | None
    text: str
    posted_at: datetime | None
    facts: Mapping[str, object] | None

    def known_at(self, now: datetime) -> datetime:
        """When the world could know it: when it was posted, else `now` (the time of import)."""
        return fields.believable(self.posted_at, now=now) or now

    def content(self) -> dict[str, object]:
        """Everything the source says, as JSON; its digest is what makes a revision."""
        return {
            "source": self.source,
            "topic_id": self.topic_id,
            "topic_title": self.topic_title,
            "number": self.number,
            "reply_to": self.reply_to,
            "linked_proposal": self.linked_proposal,
            "author": self.author,
            "text": self.text,
            "posted_at": fields.iso(self.posted_at),
            "facts": None if self.facts is None else dict(self.facts),
        }


@dataclass(frozen=True, slots=True)
class LinkReceived:
    """A proposal's discussion. The proposal need not be here (yet)."""

    proposal_id: str
    dao_id: str
    dao_name: str
    source: str
    forum: str
    topic_id: int


def receive(row: Row) -> PostReceived:
    """The post in `row`. An empty text is a text (a post may be a picture); a missing one is refused.

    A post without an id is known by its number in its topic, else by who said what there: the same words by the same
    account in the same topic are then one post.

    Raises:
        InvalidInput: a field is wrong, or forum or text is missing.
    """
    fields.only_known(row, POST_FIELDS)
    forum = fields.name(row, "forum").strip().lower()
    said = fields.text(row, "text")
    if said is None:
        raise InvalidInput("text", None, "is missing")
    topic, number = fields.integer(row, "topic_id", most=_MOST_NUMBER), fields.integer(row, "post_number", most=_MOST_NUMBER)
    # Byte for byte: with the white space around it gone, "ann " would speak for Ann.
    author = fields.said(row, "author", longest=fields.MAX_NAME)
    external = fields.word(row, "post_id") if isinstance(row.get("post_id"), str) else None
    if external is None and row.get("post_id") is not None:
        external = fields.name(row, "post_id")
    external = external or _stand_in(topic, number, author, said)
    dao_name = fields.dao_name(row).strip() if fields.word(row, "dao") else None
    scope = f"forum:{forum}" if dao_name is None else identity.dao_id(dao_name)
    return PostReceived(
        id=identity.post_id(scope, forum, external),
        dao_name=dao_name,
        source=fields.word(row, "source") or "unnamed",
        forum=forum,
        external_id=external,
        topic_id=topic,
        topic_title=fields.said(row, "topic_title", longest=10_000),
        number=number,
        reply_to=fields.integer(row, "reply_to", most=_MOST_NUMBER),
        linked_proposal=fields.word(row, "linked_proposal"),
        author=author,
        text=said,
        posted_at=fields.moment(row, "created"),
        facts=_facts(row),
    )


def receive_link(row: Row) -> LinkReceived:
    """The link in `row`; every field is required.

    Raises:
        InvalidInput: a field is wrong or missing.
    """
    fields.only_known(row, LINK_FIELDS)
    topic = fields.integer(row, "topic_id", most=_MOST_NUMBER)
    if topic is None:
        raise InvalidInput("topic_id", None, "is missing")
    dao_name = fields.dao_name(row)
    dao = identity.dao_id(dao_name)
    return LinkReceived(
        proposal_id=identity.proposal_id(dao, fields.name(row, "proposal_id")),
        dao_id=dao,
        dao_name=dao_name,
        source=fields.word(row, "source") or "unnamed",
        forum=fields.name(row, "forum").strip().lower(),
        topic_id=topic,
    )


def dao_of_post(*, topic: Iterable[str], forum: Iterable[str], host: str) -> str:
    """The id of the DAO a post without one belongs to.

    `topic` and `forum` are the DAOs that links name for its topic and for its whole forum. All links of the topic in
    one DAO: that one; else all links of the forum in one DAO: that one; else a DAO that bears the forum's name. The
    answer depends on the set of links alone, not on the order in which they came.
    """
    for named in (set(topic), set(forum)):
        if len(named) == 1:
            return named.pop()
    return identity.dao_id(host)


def _stand_in(topic: int | None, number: int | None, author: str | None, said: str) -> str:
    if topic is not None and number is not None:
        return f"t{topic}#{number}"
    words = "\0".join(("" if topic is None else str(topic), author or "", said))
    return f"t{'' if topic is None else topic}:{hashlib.sha256(words.encode()).hexdigest()[:32]}"


def _facts(row: Row) -> dict[str, object] | None:
    found: dict[str, object] = {name: fields.integer(row, name, most=_MOST_NUMBER) for name in _COUNTS}
    score = fields.signed(row, "score")
    found["score"] = None if score is None else score.text
    found["category"] = fields.word(row, "category")
    found["account_created"] = fields.iso(fields.moment(row, "author_created"))
    return {name: value for name, value in found.items() if value is not None} or None
