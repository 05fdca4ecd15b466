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
