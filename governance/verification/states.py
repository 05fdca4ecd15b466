"""The state machine of a recommendation, as a table of its own: the only steps there are."""

from types import MappingProxyType

_BEFORE_SIGNED = frozenset({"DRAFT", "PROPOSED", "VOTING", "APPROVED", "TIMELOCKED", "READY", "BLOCKED"})
ACCEPTED = frozenset({"APPROVED", "TIMELOCKED", "READY", "BLOCKED"})
FINAL = frozenset({"EXECUTED", "REJECTED", "CANCELLED", "EXPIRED", "SUPERSEDED", "FAILED"})

# Kind of entry -> (states it may start from, the state it leads to).
STEPS = MappingProxyType(
    {
        "recommendation.proposed": (frozenset({"DRAFT"}), "PROPOSED"),
        "voting.opened": (frozenset({"PROPOSED"}), "VOTING"),
        "consent.recorded": (frozenset({"VOTING"}), "VOTING"),
        "approval.recorded": (frozenset({"VOTING"}), "APPROVED"),
        "approval.rejected": (frozenset({"VOTING"}), "REJECTED"),
        "approval.recounted": (ACCEPTED, "VOTING"),
        "execution.scheduled": (frozenset({"APPROVED"}), "TIMELOCKED"),
        "execution.ready": (frozenset({"TIMELOCKED", "BLOCKED"}), "READY"),
        "execution.blocked": (frozenset({"TIMELOCKED", "READY"}), "BLOCKED"),
        "execution.signed": (frozenset({"READY"}), "SIGNED"),
        "execution.sent": (frozenset({"SIGNED", "MINED"}), "SENT"),
        "execution.mined": (frozenset({"SENT"}), "MINED"),
        "execution.executed": (frozenset({"MINED"}), "EXECUTED"),
        "execution.failed": (frozenset({"SENT"}), "FAILED"),
        "recommendation.cancelled": (_BEFORE_SIGNED, "CANCELLED"),
        "recommendation.expired": (_BEFORE_SIGNED, "EXPIRED"),
        "recommendation.superseded": (_BEFORE_SIGNED, "SUPERSEDED"),
    }
)
