"""One proposal page with everything on it, over imported data, 16 connections, beside a bare handler with the same bytes.

Usage: ASSENT_STATE_DIR=<a folder with imported data> python benchmarks/proposal_page.py
Must reach: p99 <= 100 ms; >= 10 % of the bare handler's requests/s (>= 30 % when unchanged since it was last asked).

First asked means it: no page is asked for twice, and what the memory of pages holds is of no use. The bare handler
answers with pages of the same run, one after another: single pages differ by a factor of fifty in size. Both are measured
in turns, so that whatever else the machine does meets both.
"""

import os
import sqlite3
import sys
import tempfile
from pathlib import Path

import httpx
from load import HEADER, Served, bare_command, free_port, get, measure, serve_command, served

_EVERYTHING = "tally,votes,readings,forecast,flags,posts,links,progress,revisions"
_ROUNDS, _SECONDS = 3, 4.0
_SAMPLE = 2_000


def main() -> int:
    """Measure and print."""
    state = os.environ.get("ASSENT_STATE_DIR")
    if not state or not (Path(state) / "assent.db").is_file():
        print("set ASSENT_STATE_DIR to a folder into which `assent import` has imported data")
        return 0
    paths = [f"/v1/proposals/{each}?include={_EVERYTHING}" for each in _proposals(Path(state) / "assent.db")]
    with (
        tempfile.NamedTemporaryFile() as bodies,
        served(serve_command(), free_port(), path="/healthz", ASSENT_RATE_LIMIT_READS="100000/second") as ours,
    ):
        asked = _keep_pages(ours, paths[:_SAMPLE], Path(bodies.name))
        with served(bare_command(Path(bodies.name)), free_port(), path="/bare") as bare:
            print(f"pages of {asked} bytes on average; rows are rounds, each beside the bare handler just before it")
            print(HEADER)
            _rounds(ours, bare, paths[_SAMPLE:])
    return 0


def _rounds(ours: Served, bare: Served, paths: list[str]) -> None:
    unasked, few = iter(paths), paths[:50]
    for _ in range(_ROUNDS):
        baseline = measure("bare handler", bare, lambda _: get("/bare"), seconds=_SECONDS)
        first = measure("page, first time asked", ours, lambda _: get(next(unasked)), seconds=_SECONDS)
        measure("warm-up", ours, lambda n: get(few[n % 50]), seconds=0.5)
        again = measure("page, unchanged since last asked", ours, lambda n: get(few[n % 50]), seconds=_SECONDS)
        tag = httpx.get(f"http://127.0.0.1:{ours.port}{few[0]}").headers["etag"]
        held = get(few[0], f"If-None-Match: {tag}")
        unchanged = measure("page, If-None-Match (304)", ours, lambda _, held=held: held, seconds=_SECONDS, expected=b"304")
        for measured in (baseline, first, again, unchanged):
            print(measured.row(baseline), flush=True)


def _keep_pages(ours: Served, paths: list[str], file: Path) -> int:
    """Write the pages' bodies, one a line, to `file`; their average size."""
    with httpx.Client(base_url=f"http://127.0.0.1:{ours.port}") as client:
        file.write_bytes(b"\n".join(client.get(path).raise_for_status().content for path in paths))
    return file.stat().st_size // len(paths)


def _proposals(database: Path) -> list[str]:
    """Proposals of every size, in an order that mixes DAOs."""
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        return [row[0] for row in connection.execute("SELECT id FROM proposal ORDER BY id")]


if __name__ == "__main__":
    sys.exit(main())
