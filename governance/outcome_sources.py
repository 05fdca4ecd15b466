"""What each source's results and ends can be trusted for, before any model learns from them."""

# Fixed when the vote opens. Elsewhere (DAOstack, DAOhaus, on-chain governors, Aragon) the recorded end is when the
# proposal really closed, which depends on the outcome: a model that sees it has seen the result.
_SCHEDULED_END = frozenset(
    {
        "alitaslimi_arbitrum",
        "decentraland_transparency",
        "deconstruct_x",
        "diamond_snapshot_est",
        "diamond_snapshot_new",
        "makerdao_polls_md",
        "snapshot",
        "tokenomics_ccby",
        "zoyiak",
    }
)
# A guess from heads where power decided; it is right on 75 % of fails only, and no official result.
HEADCOUNT_PROXY = "headcount_majority_proxy"


def end_is_scheduled(source: str) -> bool:
    """Whether a proposal's end in this source was fixed at its start, so that a forecast may know it.

    A source not listed is taken as not fixed: knowing less is safe, knowing the result is not.
    """
    return source in _SCHEDULED_END


# States in which what was decided has been carried out, and those in which it never will be, as the platforms write them.
_EXECUTED = frozenset({"executed", "enacted", "confirmed"})
_NEVER = frozenset(
    {"rejected", "failed", "failed_or_not_queued", "defeated", "expired", "cancelled", "canceled", "vetoed", "out_of_budget", "passed"}
)
# Sources whose state tells execution apart from passing; in DAOstack and DAOhaus a proposal that passes is carried out by
# the transaction that closes it, and on Snapshot nothing is.
_TELLS_EXECUTION = frozenset({"aave_v3_cache", "bhemen_onchain", "decentraland_transparency"})


def was_executed(source: str, state: str | None) -> bool | None:
    """Whether a closed proposal was carried out, by its source's state; None where the state does not say (or not yet)."""
    word = (state or "").strip().lower()
    if source not in _TELLS_EXECUTION and not source.startswith("governor:"):
        return None
    return True if word in _EXECUTED else False if word in _NEVER else None
