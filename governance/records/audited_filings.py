"""Finds posts filed where nothing that came in puts them."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from sqlmodel import Session, col, select

from governance.identity import dao_id, proposal_id
from governance.records import attribution
from governance.records.posts import Post


def misfiled_posts(session: Session) -> Iterator[str]:
    """The ids of posts under a DAO or proposal that neither their own words nor any link names.

    A post that names no DAO moves as links come in (`workflow.attribute`); between two imports, or within one, it may
    still stand where an earlier link put it. So every place that something names is allowed, and no other.
    """
    posts = attribution.posts_without_dao(session)
    named = attribution.proposals_by_external_id(session, {post.linked_proposal for post in posts if post.linked_proposal})
    links = attribution.evidence(session, posts, {})
    daos: dict[attribution.Topic, set[str]] = defaultdict(set, links.daos_of_topic)
    proposals: dict[attribution.Topic, set[str]] = defaultdict(set, links.proposals_of_topic)
    for post in posts:
        for proposal, dao in named.get(post.linked_proposal or "", ()):
            daos[post.forum, post.topic_id].add(dao)
            proposals[post.forum, post.topic_id].add(proposal)
    for post in posts:
        topic = post.forum, post.topic_id
        named_dao = post.dao_id in {dao_id(post.forum)} | daos[topic] | links.daos_of_forum[post.forum]
        if not named_dao or (post.proposal_id is not None and post.proposal_id not in proposals[topic]):
            yield post.id
    yield from _named_elsewhere(session)


def _named_elsewhere(session: Session) -> Iterator[str]:
    """Of the posts whose source named their DAO: those under a proposal other than the one they name in it."""
    columns: list[Any] = [col(Post.id), col(Post.dao_id), col(Post.proposal_id), col(Post.linked_proposal), col(Post.revision)]
    query = (
        select(*columns).where(~col(Post.dao_inferred)).where(col(Post.proposal_id).is_not(None) | col(Post.linked_proposal).is_not(None))
    )
    for id_, dao, proposal, linked, revision in session.execute(query):
        wanted = None if linked is None else proposal_id(dao, linked)
        if revision == 1 and proposal != wanted:
            yield id_
