"""What forum links say about posts: reads the evidence, and files posts and progress rows where they belong."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import select, update
from sqlmodel import Session, col

from governance.records.posts import Post, PostRevision
from governance.records.proposals import ForumLink, Proposal, VoteProgress

_IDS_PER_QUERY: Final = 5_000
Topic = tuple[str, int | None]


@dataclass(slots=True)
class Evidence:
    """Which DAOs and proposals the links and the posts themselves name, per topic and per forum."""

    daos_of_topic: dict[Topic, set[str]] = field(default_factory=lambda: defaultdict(set))
    proposals_of_topic: dict[Topic, set[str]] = field(default_factory=lambda: defaultdict(set))
    daos_of_forum: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))


@dataclass(frozen=True, slots=True)
class FiledPost:
    """A post whose source named no DAO, and where it is filed now."""

    id: str
    forum: str
    topic_id: int | None
    linked_proposal: str | None
    dao_id: str
    proposal_id: str | None


def posts_without_dao(session: Session) -> list[FiledPost]:
    """The posts whose DAO is inferred."""
    columns = (col(Post.id), col(Post.forum), col(Post.topic_id), col(Post.linked_proposal), col(Post.dao_id), col(Post.proposal_id))
    return [FiledPost(*row) for row in session.execute(select(*columns).where(col(Post.dao_inferred)))]


def evidence(session: Session, posts: Sequence[FiledPost], linked: Mapping[str, tuple[str, str]]) -> Evidence:
    """What links say of the forums of `posts`; `linked` has id and DAO of the proposals that posts name themselves."""
    found = Evidence()
    columns = (col(ForumLink.forum), col(ForumLink.topic_id), col(ForumLink.dao_id), col(ForumLink.proposal_id))
    for part in _parts({post.forum for post in posts}):
        for forum, topic, dao, proposal in session.execute(select(*columns).where(col(ForumLink.forum).in_(part))):
            found.daos_of_forum[forum].add(dao)
            found.daos_of_topic[forum, topic].add(dao)
            found.proposals_of_topic[forum, topic].add(proposal)
    for post in posts:
        told = linked.get(post.linked_proposal or "")
        if told is not None and post.topic_id is not None:
            proposal, dao = told
            found.daos_of_topic[post.forum, post.topic_id].add(dao)
            found.proposals_of_topic[post.forum, post.topic_id].add(proposal)
    return found


def proposals_by_external_id(session: Session, external_ids: Iterable[str]) -> dict[str, list[tuple[str, str]]]:
    """Id and DAO of every proposal that bears one of the sources' ids."""
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    columns = (col(Proposal.external_id), col(Proposal.id), col(Proposal.dao_id))
    for part in _parts(set(external_ids)):
        for external, id_, dao in session.execute(select(*columns).where(col(Proposal.external_id).in_(part)).order_by(col(Proposal.id))):
            found[external].append((id_, dao))
    return found


def file_posts(session: Session, moved: Mapping[str, tuple[str, str | None]]) -> None:
    """File posts, by id, under a DAO and a proposal (None: none of them for certain)."""
    for id_, (dao, proposal) in moved.items():
        session.execute(update(Post).where(col(Post.id) == id_).values(dao_id=dao, proposal_id=proposal))
        session.execute(update(PostRevision).where(col(PostRevision.post_id) == id_).values(dao_id=dao))


def progress_without_proposal(session: Session) -> dict[str, str]:
    """The sources' ids of progress rows that have found no proposal yet, with the DAO they are filed under."""
    rows: Any = session.execute(
        select(col(VoteProgress.external_id), col(VoteProgress.dao_id)).where(col(VoteProgress.proposal_id).is_(None)).distinct()
    )
    return dict(rows.all())


def file_progress(session: Session, external_id: str, *, proposal_id: str, dao_id: str) -> None:
    """File the progress of a proposal, known by its source's id, under it."""
    rows = col(VoteProgress.external_id) == external_id, col(VoteProgress.proposal_id).is_(None)
    session.execute(update(VoteProgress).where(*rows).values(proposal_id=proposal_id, dao_id=dao_id))


def _parts(ids: Iterable[str]) -> Iterator[list[str]]:
    wanted = sorted(ids)
    for start in range(0, len(wanted), _IDS_PER_QUERY):
        yield wanted[start : start + _IDS_PER_QUERY]
