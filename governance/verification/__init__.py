"""The audit, from exported files alone: a second implementation that shares no code with what wrote them.

Only the standard library, `cryptography` and `eth_account` are imported here (a test proves it). Read `audit.py` first:
its numbered steps are the whole of it.
"""

from governance.verification.audit import verify_export
from governance.verification.report import Finding, Report, Verdict

__all__ = ["Finding", "Report", "Verdict", "verify_export"]
