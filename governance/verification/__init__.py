"""The audit, from exported files alone: a second implementation that shares no code with what wrote them.

Only the standard library, `cryptography` and `eth_account` are imported here (a test proves it). Read `audit.py` first:
its numbered steps are the whole of it.
"""

from typing import TYPE_CHECKING

from governance.verification.report import Finding, Report, Verdict

if TYPE_CHECKING:
    from governance.verification.audit import verify_export

__all__ = ["Finding", "Report", "Verdict", "verify_export"]


def __getattr__(name: str) -> object:
    """Load the audit when it is first asked for: with its wallets it takes half a second, and a server starts without."""
    if name != "verify_export":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from governance.verification.audit import verify_export  # noqa: PLC0415

    return verify_export
