"""After an import: files posts and vote progress that named no DAO under the DAO and proposal that links name."""

from datetime import datetime

from sqlmodel import Session

from governance.actors import SYSTEM
from governance.intake.daos import DaoReceived
from governance.intake.posts import dao_of_post
from governance.records import attribution, ingested_daos
from governance.records.attribution import Evidence, FiledPost
from governance.workflow.register_dao import register_daos


def attribute(session: Session, *, now: datetime) -> int:
    """File what an import left open, and say how many posts and proposals' progress moved.

    A post goes to the DAO that `dao_of_post` names, and to a proposal where its topic is linked to just one, else where
    the post itself names one that is here. Progress goes to the proposal of that id in its own DAO, else to the only
    one of that id anywhere. It depends on what is stored, not on the order in which it came; run again, it moves nothing.
    """
    posts = attribution.posts_without_dao(session)
    named = attribution.proposals_by_external_id(session, {post.linked_proposal for post in posts if post.linked_proposal})
    linked = {external: found[0] for external, found in named.items() if len(found) == 1}
    evidence = attribution.evidence(session, posts, linked)
    moved = {}
    for post in posts:
        wanted = _place(post, evidence, linked)
        if wanted != (post.dao_id, post.proposal_id):
            moved[post.id] = wanted
    _register(session, {dao for dao, _ in moved.values()}, now)
    attribution.file_posts(session, moved)
    changed = {dao for dao, _ in moved.values()} | {post.dao_id for post in posts if post.id in moved}
    progress = _progress(session)
    ingested_daos.grow_data_version(session, changed | set(progress.values()))
    return len(moved) + len(progress)


def _place(post: FiledPost, evidence: Evidence, linked: dict[str, tuple[str, str]]) -> tuple[str, str | None]:
    topic = post.forum, post.topic_id
    dao = dao_of_post(topic=evidence.daos_of_topic.get(topic, ()), forum=evidence.daos_of_forum.get(post.forum, ()), host=post.forum)
    proposals = evidence.proposals_of_topic.get(topic, set())
    if len(proposals) == 1:
        return dao, next(iter(proposals))
    return dao, linked[post.linked_proposal][0] if post.linked_proposal in linked else None


def _register(session: Session, daos: set[str], now: datetime) -> None:
    """A link may name a DAO of which nothing else is here."""
    new = sorted(daos - ingested_daos.registered(session, daos))
    register_daos(session, [DaoReceived(dao, dao, None, "forum_links") for dao in new], actor=SYSTEM, now=now)


def _progress(session: Session) -> dict[str, str]:
    waiting = attribution.progress_without_proposal(session)
    found = attribution.proposals_by_external_id(session, waiting)
    placed: dict[str, str] = {}
    for external, candidates in found.items():
        own = [each for each in candidates if each[1] == waiting[external]]
        chosen = own or candidates
        if len(chosen) == 1:
            proposal, dao = chosen[0]
            attribution.file_progress(session, external, proposal_id=proposal, dao_id=dao)
            placed[external] = dao
    return placed
