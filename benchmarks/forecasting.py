"""How long forecasts take: features of all proposals at four moments, 1,000 open proposals again, one at a time through the API.

    python benchmarks/forecasting.py [FOLDER] [--embeddings FILE.npz] [--part features|again|api|all]

FOLDER (default: `governance` in ASSENT_DATA_DIR) holds the dumps; the text vectors are kept in FILE between runs, and the
time they take is told apart. Must reach: features at publication, 24 h, 72 h and half of a fixed window in 5 minutes and 2 GB,
growing with the rows (half of them beside the whole); 1,000 open proposals again in 5 s; p99 of one forecast through the API at
most 150 ms at 8 connections. Each part runs in a process of its own.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
from load import HEADER, free_port, get, measure, serve_command, served

from nlp.features import FeatureMaker
from nlp.outcome import ShippedOutcomeForecaster
from nlp.outcome_dataset import histories, read_dump, replay
from nlp.outcome_record import Records
from nlp.outcome_text import CachedEmbedder, MiniLmEmbedder
from nlp.outcome_training import embedded
from nlp.outcome_weights import load_outcome_weights
from nlp.text_vectors import VectorFile, recipe

MOMENTS = ("open", "24h", "72h", "50%")
TARGETS = {"features s": 300.0, "features MB": 2_000.0, "1,000 again s": 5.0, "api p99 ms": 150.0}
_AGAIN = 1_000
_DAO = "snapshot.dcl.eth"


def features(folder: Path, embeddings: Path, part: float) -> dict[str, float]:
    """Seconds and peak memory of making the features of the earlier `part` of all proposals, rows in the order of their close."""
    started = time.perf_counter()
    cases = read_dump(folder).cases
    cases = cases[: int(len(cases) * part)]
    read = time.perf_counter()
    vectors = embedded(cases, None, embeddings)
    ready = time.perf_counter()
    maker = FeatureMaker(load_outcome_weights()[0].recipe, Records(vectors))
    asked = sum(maker.see(one.question) is not None for one in replay(cases, histories(cases), MOMENTS))
    done = time.perf_counter()
    return {
        "proposals": len(cases),
        "questions": asked,
        "reading s": round(read - started, 1),
        "embeddings s": round(ready - read, 1),
        "features s": round(done - ready, 1),
        "features cpu s": round(time.process_time(), 1),
        "features MB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def again(folder: Path, embeddings: Path) -> dict[str, float]:
    """Seconds for the first forecast of the latest 1,000 proposals, each at its publication, and for forecasting them again a day later."""
    cases = read_dump(folder).cases
    vectors = embedded(cases, None, embeddings)
    latest = sorted(cases, key=lambda case: case.opened_at)[-_AGAIN:]
    first, later = ([one.question for one in replay(latest, histories(cases), (moment,), past=cases)] for moment in ("open", "24h"))
    forecaster = ShippedOutcomeForecaster(embedder=vectors)
    times = []
    for questions in (first, later, first):
        started = time.perf_counter()
        forecaster.forecast_many(questions)
        times.append(time.perf_counter() - started)
    return {"open": len(first), "first s": round(times[0], 2), "a day later s": round(times[1], 2), "1,000 again s": round(times[2], 2)}


def api(folder: Path, embeddings: Path) -> dict[str, float]:
    """Latencies of `GET /v1/proposals/{id}/forecast` over Decentraland's imported proposals, at 8 connections."""
    with tempfile.TemporaryDirectory(prefix="assent-forecasting-") as state:
        environment = {"ASSENT_STATE_DIR": state, "ASSENT_RATE_LIMIT_READS": "100000/second", "HF_HUB_OFFLINE": "1"}
        _import(folder, Path(state), environment)
        _keep_vectors(folder, embeddings, Path(state))
        with served(serve_command(), free_port(), path="/healthz", **environment) as server:
            paths = _asked(Path(state))
            measure("warm-up", server, lambda n: get(paths[n % len(paths)]), connections=1, seconds=20.0)
            found = measure("one forecast, 8 connections", server, lambda n: get(paths[n % len(paths)]), connections=8, seconds=20.0)
            print(HEADER)
            print(found.row())
    return {
        "api per s": round(found.per_second, 1),
        "api p50 ms": round(found.p50_ms, 1),
        "api p99 ms": round(found.p99_ms, 1),
        "failed": found.failed,
    }


def _import(folder: Path, state: Path, environment: dict[str, str]) -> None:
    for name in ("proposals", "votes", "decentraland_vote_progress"):
        table = pq.read_table(folder / f"{name}.parquet")
        if "dao" in table.schema.names:
            table = table.filter(pc.equal(table["dao"], _DAO))
        file = state / f"{name}.parquet"
        pq.write_table(table, file)
        command = [sys.executable, "-m", "api.commands.main", "import", str(file)]
        subprocess.run(command, env={**os.environ, **environment}, check=True, stdout=subprocess.DEVNULL)


def _keep_vectors(folder: Path, embeddings: Path, state: Path) -> None:
    kept = CachedEmbedder(MiniLmEmbedder())
    kept.load(embeddings)
    VectorFile(state / "text-vectors", recipe()).append(kept.known)
    del folder


def _asked(state: Path) -> list[str]:
    import sqlite3  # noqa: PLC0415 - only this part reads a database

    with sqlite3.connect(f"file:{state / 'assent.db'}?mode=ro", uri=True) as database:
        query = "SELECT id FROM proposal WHERE outcome IS NOT NULL ORDER BY known_at DESC LIMIT 200"
        return [f"/v1/proposals/{row[0]}/forecast" for row in database.execute(query)]


def main() -> int:
    """Run the parts asked for and print what was measured beside the targets."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=Path(os.environ.get("ASSENT_DATA_DIR", ".")) / "governance")
    parser.add_argument("--embeddings", type=Path, default=Path(tempfile.gettempdir()) / "assent-outcome-vectors.npz")
    parser.add_argument("--part", choices=["features", "again", "api", "all"], default="all")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if not (given.folder / "proposals.parquet").is_file():
        print("set ASSENT_DATA_DIR, or name a folder with proposals.parquet")
        return 0
    if given.one:
        name, _, part = given.one.partition(":")
        found = (
            features(given.folder, given.embeddings, float(part))
            if name == "features"
            else {"again": again, "api": api}[name](given.folder, given.embeddings)
        )
        print(json.dumps(found))
        return 0
    parts = {"features": ["features:0.5", "features:1.0"], "again": ["again"], "api": ["api"]}
    for one in [each for name, steps in parts.items() if given.part in (name, "all") for each in steps]:
        command = [sys.executable, __file__, str(given.folder), "--embeddings", str(given.embeddings), "--one", one]
        done = subprocess.run(
            command, check=True, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
        )
        found = json.loads(done.stdout.splitlines()[-1])
        told = {name: f"{value} (<= {TARGETS[name]:g})" if name in TARGETS else value for name, value in found.items()}
        print(one, told, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
