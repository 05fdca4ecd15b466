"""Speed and memory of the offline audit, and of appending, on ingest and consent entries.

    python -m benchmarks.log_verification [--entries 20000]

Must reach 2,000 entries/s with memory flat: the peak at the full size is compared with the peak at a tenth of it.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from sqlmodel import Session

from api.log_export import export_log
from api.log_keys import KeyRing
from api.log_signer import LogSigner
from governance.approvals import Support
from governance.decision_log import EntryKind
from governance.records.engine import migrate, open_engine, writing
from governance.workflow.open_log import open_log
from tests.fakes import NOON
from tests.log_stories import KEY, ORIGIN, LogBook

_AUDIT = """
import sys, time
from pathlib import Path
from governance.verification import verify_export
started = time.perf_counter()
report = verify_export(Path(sys.argv[1]))
seconds = time.perf_counter() - started
assert report.verdict == 0, report.findings[:3]
# getrusage would tell the peak of the process that started this one, which it inherits.
peak = int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]) / 1024
print(report.entries, report.consents, seconds, time.process_time(), peak)
"""


def build(folder: Path, entries: int) -> tuple[Path, float, float]:
    """(an export of `entries` entries, half of them consents where they can be; appends/s; appends/s of processor time)."""
    engine = open_engine(f"sqlite:///{folder / 'log.db'}")
    migrate(engine)
    signer = LogSigner(folder / "state", KeyRing([KEY]), ORIGIN, engine)
    signer.check_at_start()
    with Session(writing(engine)) as session:
        open_log(session, origin=ORIGIN, vkey=KEY.verifier.text(), now=NOON)
        book = LogBook(session)
        book.set_up()
        for _ in range(entries // 12):
            document = book.make()
            for support in (Support.FOR, Support.ABSTAIN):
                for voter in range(3):
                    book.consent(document, voter, support)
            book.move(document, EntryKind.RECOMMENDATION_CANCELLED, reason="the next one")
            book.now -= timedelta(seconds=8)
        started, used = time.perf_counter(), time.process_time()
        book.ingest(entries // 2)
        appended, busy = time.perf_counter() - started, time.process_time() - used
        session.commit()
    signer.sign_new()
    with Session(engine) as session:
        export_log(session, folder / "export", note=signer.last_note())
    engine.dispose()
    return folder / "export", (entries // 2) / appended, (entries // 2) / busy


def audit(export: Path) -> tuple[int, int, float, float, float]:
    """(entries, consents, seconds, processor seconds, peak MiB) of an audit in a process of its own."""
    done = subprocess.run([sys.executable, "-c", _AUDIT, str(export)], capture_output=True, text=True, check=True)
    entries, consents, seconds, busy, peak = done.stdout.split()
    return int(entries), int(consents), float(seconds), float(busy), float(peak)


def main() -> int:
    """Run, print the table; 1 when memory grew by more than a tenth or the speed is too low."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=20_000)
    given = parser.parse_args()
    print(f"{'entries':>8} {'consents':>9} {'entries/s':>10} {'per cpu-s':>10} {'peak MiB':>9} {'appends/s':>10} {'per cpu-s':>10}")
    rates, peaks = [], []
    for size in (given.entries // 10, given.entries):
        with tempfile.TemporaryDirectory() as name:
            export, appended, appended_busy = build(Path(name), size)
            entries, consents, seconds, busy, peak = audit(export)
        rates.append(entries / busy)
        peaks.append(peak)
        row = (
            f"{entries:8} {consents:9} {entries / seconds:10.0f} {entries / busy:10.0f} {peak:9.1f} {appended:10.0f} {appended_busy:10.0f}"
        )
        print(row)
    return 0 if rates[-1] >= 2_000 and peaks[-1] <= peaks[0] * 1.1 else 1


if __name__ == "__main__":
    sys.exit(main())
