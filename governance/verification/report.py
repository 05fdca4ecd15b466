"""What the audit found: each finding names the entry and the rule."""

from dataclasses import dataclass, field
from enum import IntEnum


class Verdict(IntEnum):
    """The audit's answer; the number is the exit code of `assent log verify`."""

    SOUND = 0
    TAMPERED = 2
    INCOMPLETE = 3
    POLICY_NOT_MET = 4


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong. `seq` is the entry's number and `file` the exported file, where there is one."""

    rule: str
    message: str
    verdict: Verdict
    seq: int | None = None
    file: str | None = None


@dataclass(slots=True)
class Replayed:
    """Where the log says everything stands: what the database's own rows must agree with."""

    recommendations: dict[str, tuple[str, int]] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    electorates: dict[str, tuple[int, str]] = field(default_factory=dict)
    guardrails: dict[str, tuple[int, str]] = field(default_factory=dict)
    paused: dict[str, bool] = field(default_factory=dict)
    nonces: dict[str, str] = field(default_factory=dict)
    consents: dict[str, str] = field(default_factory=dict)
    documents: dict[str, str] = field(default_factory=dict)
    approvals: dict[str, str] = field(default_factory=dict)


# A log that is wrong from one entry on is wrong thousands of times; the count goes on, the list does not.
_MAX_LISTED = 1_000


@dataclass(slots=True)
class Report:
    """The findings, in the order of the steps that made them, and what was covered."""

    findings: list[Finding] = field(default_factory=list)
    found: dict[Verdict, int] = field(default_factory=dict)
    origin: str | None = None
    size: int = 0
    root: str | None = None
    entries: int = 0
    files: int = 0
    consents: int = 0
    recommendations: int = 0
    replayed_recommendations: int = 0
    replay_seconds: float = 0.0
    rows: int = 0
    uncovered_rows: int = 0
    state: Replayed = field(default_factory=Replayed)

    def add(self, rule: str, message: str, verdict: Verdict = Verdict.TAMPERED, *, seq: int | None = None, file: str | None = None) -> None:
        """Keep one finding."""
        self.found[verdict] = self.found.get(verdict, 0) + 1
        if len(self.findings) < _MAX_LISTED:
            self.findings.append(Finding(rule, message[:500], verdict, seq, file))

    @property
    def verdict(self) -> Verdict:
        """The gravest verdict of all findings: tampered, then incomplete, then policy not met."""
        return min((verdict for verdict in self.found), default=Verdict.SOUND)
