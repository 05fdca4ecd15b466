"""The invented DAO's rows agree with each other."""

from collections import Counter
from datetime import UTC, datetime

from api.demo import harbour

ANCHOR = datetime(2026, 6, 1, 12, tzinfo=UTC)


def test_what_closed_proposals_tell_is_what_their_votes_sum_up_to() -> None:
    """Power by choice, voters, share and outcome: more than half of all power for; of open ones nothing is told."""
    powers: Counter[tuple[object, object]] = Counter()
    voters: Counter[object] = Counter()
    for vote in harbour.votes(ANCHOR):
        powers[vote["proposal_id"], vote["choice"]] += int(str(vote["vp"]))
        voters[vote["proposal_id"]] += 1
    told = list(harbour.proposals(ANCHOR))

    for row in told[:16]:
        ups, downs, neither = (powers[row["proposal_id"], choice] for choice in ("1", "2", "3"))
        assert (row["scores"], row["scores_total"]) == ([ups, downs, neither], ups + downs + neither)
        assert row["votes_count"] == voters[row["proposal_id"]]
        assert row["approval_share"] == f"{ups / (ups + downs):.6f}"
        assert row["outcome"] == ("pass" if 2 * ups > ups + downs + neither else "fail")
    assert [row.keys() & {"scores", "outcome", "votes_count", "approval_share"} for row in told[16:]] == [set(), set()]
