"""The shapes of rows that dumps may have, told apart by the names of their columns."""

from collections.abc import Collection
from typing import Final

from governance.intake import daos, observations, posts, proposals, votes
from governance.intake.batches import Kind

# In this order: a shape is told by columns that no shape above it is sure to have.
_TOLD_BY: Final[tuple[tuple[Kind, frozenset[str], frozenset[str]], ...]] = (
    (Kind.VOTE, frozenset({"dao", "proposal_id", "voter"}), votes.KNOWN_FIELDS),
    (Kind.VOTE_PROGRESS, frozenset({"proposal_id", "snapshot_at"}), observations.PROGRESS_FIELDS),
    (Kind.POST, frozenset({"forum", "text"}), posts.POST_FIELDS),
    (Kind.FORUM_LINK, frozenset({"dao", "proposal_id", "forum", "topic_id"}), posts.LINK_FIELDS),
    (Kind.OBSERVATION, frozenset({"metric", "time", "value"}), observations.OBSERVATION_FIELDS),
    (Kind.PROPOSAL, frozenset({"dao", "proposal_id"}), proposals.KNOWN_FIELDS),
    (Kind.DAO, frozenset({"name"}), daos.KNOWN_FIELDS),
)


def kind_of(names: Collection[str]) -> Kind | None:
    """What rows with these columns are, None where no shape fits."""
    for kind, needed, _ in _TOLD_BY:
        if needed <= set(names):
            return kind
    return None


def understood(kind: Kind) -> frozenset[str]:
    """The columns of `kind`."""
    return next(known for each, _, known in _TOLD_BY if each is kind)


# The columns that hold figures, of whatever kind: a CSV does not tell a number from a text.
_AMOUNTS: Final = ("vp", "quorum", "scores_total", "approval_share", "votes_count", "total_vp", "votes", "value", "score")
_TIMES: Final = ("created", "start", "end", "snapshot_at", "time")
_NUMBERS: Final = ("topic_id", "post_id", "post_number", "reply_to", "reads", "topic_views", "topic_likes")
FIGURES: Final = frozenset([*_AMOUNTS, *_TIMES, *_NUMBERS])
