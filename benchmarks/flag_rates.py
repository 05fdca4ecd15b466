"""How often each flag rule fires on imported history, and how often it cannot know.

    python benchmarks/flag_rates.py [FOLDER] [--database URL] [--proposals N] [--per-dao N] [--dao DAO …] [--show RULE]

FOLDER (default: `governance` in ASSENT_DATA_DIR) is imported into a fresh SQLite database, which takes some minutes; `--database`
reads one that was imported before. At most `--per-dao` proposals of a DAO are drawn, `--proposals` in all, always the same ones. Each
is judged as known when its vote closed (where no end is told: a week after it was known); quorum (R14) a day before the close.

History holds no list of attacks, so every alarm counts as a false one: "false alarms" is the share of answers that fired among those
that could be given, with a 95 % Wilson interval, and its mean over DAOs with five or more such answers.
"""

import argparse
import math
import os
import random
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, select
from sqlmodel import Session

from api.database import Writer
from api.sources.dumps import dump_files
from api.sources.importing import LocalStore, import_files
from governance.actors import SYSTEM
from governance.errors import NotFound
from governance.flags.registry import RULES, assess
from governance.flags.verdicts import Status
from governance.records.engine import migrate, open_engine
from governance.records.flags import case_of
from governance.records.proposals import Proposal

_DAY = timedelta(days=1)
_LEAST_OF_A_DAO = 5


@contextmanager
def _imported(folder: Path) -> Iterator[Engine]:
    with tempfile.TemporaryDirectory(prefix="assent-bench-") as place:
        url = f"sqlite:///{place}/bench.db"
        engine = open_engine(url)
        migrate(engine)
        writer = Writer(engine)
        try:
            store = LocalStore(writer, SYSTEM, datetime.now().astimezone())
            for report in import_files([(path, path.name) for path in dump_files([folder])], store, progress=lambda *_: None):
                print(f"{report.file}: {report.read} rows", file=sys.stderr)
            yield engine
        finally:
            writer.close()
            engine.dispose()


def _drawn(session: Session, *, count: int, per_dao: int, only: Sequence[str] = ()) -> list[tuple[str, str, datetime]]:
    """(DAO, proposal, the moment to judge at), drawn once and for all."""
    table = Proposal.__table__  # type: ignore[attr-defined]
    columns = (table.c.dao_id, table.c.id, table.c.known_at, table.c.ends_at, table.c.recorded_at)
    by_dao = defaultdict(list)
    for dao, id_, known_at, ends_at, recorded_at in session.execute(select(*columns).order_by(table.c.id)):
        if known_at < recorded_at and (
            not only or dao in only
        ):  # undated rows are known from the import on: their history cannot be replayed
            told = ends_at is not None and known_at < ends_at <= recorded_at
            by_dao[dao].append((dao, id_, ends_at if told else known_at + 7 * _DAY))
    dice = random.Random(20261121)
    some = [each for dao in sorted(by_dao) for each in dice.sample(by_dao[dao], min(per_dao, len(by_dao[dao])))]
    return dice.sample(some, min(count, len(some)))


def _wilson(hits: int, n: int) -> tuple[float, float]:
    if n == 0:
        return math.nan, math.nan
    z, p = 1.96, hits / n
    middle, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)


def _print(answers: dict[str, list[tuple[str, Status]]]) -> None:
    print("| rule | n | fired | clear | unknown | share unknown | false alarms | mean over DAOs (n) |\n|---|---|---|---|---|---|---|---|")
    for rule in RULES:
        given = answers[rule.id]
        count = Counter(status for _, status in given)
        could = count[Status.FIRED] + count[Status.CLEAR]
        low, high = _wilson(count[Status.FIRED], could)
        by_dao: dict[str, list[bool]] = defaultdict(list)
        for dao, status in given:
            if status is not Status.UNKNOWN:
                by_dao[dao].append(status is Status.FIRED)
        shares = [sum(hits) / len(hits) for hits in by_dao.values() if len(hits) >= _LEAST_OF_A_DAO]
        macro = f"{sum(shares) / len(shares):.1%} ({len(shares)})" if shares else "–"
        rate = f"{count[Status.FIRED] / could:.1%} [{low:.1%}, {high:.1%}]" if could else "–"
        print(
            f"| {rule.id} {rule.name} | {len(given)} | {count[Status.FIRED]} | {count[Status.CLEAR]} | {count[Status.UNKNOWN]} "
            f"| {count[Status.UNKNOWN] / max(len(given), 1):.1%} | {rate} | {macro} |"
        )


def _measure(engine: Engine, asked: argparse.Namespace) -> None:
    answers: dict[str, list[tuple[str, Status]]] = defaultdict(list)
    with Session(engine) as session:
        drawn = _drawn(session, count=asked.proposals, per_dao=asked.per_dao, only=asked.dao)
        for dao, proposal, moment in drawn:
            try:
                at_close = assess(case_of(session, dao, proposal, as_of=moment))
                day_before = assess(case_of(session, dao, proposal, as_of=moment - _DAY), [r for r in RULES if r.id == "R14"])
            except NotFound:  # it was known for less than a day
                day_before = ()
            for flag in [*(flag for flag in at_close if flag.rule.id != "R14"), *day_before]:
                answers[flag.rule.id].append((dao, flag.answer.status))
                if flag.rule.id == asked.show and flag.answer.status is Status.FIRED:
                    print(f"{dao} {proposal}: {flag.answer.line}", file=sys.stderr)
    print(f"{len(drawn)} proposals of {len({dao for dao, _, _ in drawn})} DAOs\n")
    _print(answers)


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=Path(os.environ.get("ASSENT_DATA_DIR", "data")) / "governance")
    parser.add_argument("--database", help="an imported database, read only")
    parser.add_argument("--proposals", type=int, default=4_000)
    parser.add_argument("--per-dao", type=int, default=60)
    parser.add_argument("--dao", action="append", default=[], help="only proposals of this DAO; may be given more than once")
    parser.add_argument("--show", help="print the lines of this rule where it fired")
    asked = parser.parse_args()
    if asked.database:
        _measure(open_engine(asked.database), asked)
        return
    with _imported(asked.folder) as engine:
        _measure(engine, asked)


if __name__ == "__main__":
    main()
