"""One proposal page with everything on it, over imported data, 16 connections, beside a bare handler with the same bytes.

Usage: ASSENT_STATE_DIR=<a folder with imported data> python benchmarks/proposal_page.py
Must reach: p99 <= 100 ms; >= 10 % of the bare handler's requests/s (>= 30 % when unchanged since it was last asked).
"""

import os
import sqlite3
import sys
import tempfile
from pathlib import Path

import httpx
from load import HEADER, bare_command, free_port, get, measure, serve_command, served

_EVERYTHING = "tally,votes,readings,forecast,flags,posts,links,progress,revisions"
_PAGES = 20_000


def main() -> int:
    """Measure and print."""
    state = os.environ.get("ASSENT_STATE_DIR")
    if not state or not (Path(state) / "assent.db").is_file():
        print("set ASSENT_STATE_DIR to a folder into which `assent import` has imported data")
        return 0
    ids = _proposals(Path(state) / "assent.db")
    port = free_port()
    with served(serve_command(), port, path="/healthz", ASSENT_RATE_LIMIT_READS="100000/second"):
        paths = [f"/v1/proposals/{each}?include={_EVERYTHING}" for each in ids]
        typical = httpx.get(f"http://127.0.0.1:{port}{paths[0]}").content
        first = measure("page, first time asked (every one another)", port, lambda n: get(paths[n % len(paths)]))
        few = paths[:50]
        measure("warm-up", port, lambda n: get(few[n % 50]), seconds=1)
        again = measure("page, unchanged since last asked", port, lambda n: get(few[n % 50]))
        tag = httpx.get(f"http://127.0.0.1:{port}{few[0]}").headers["etag"]
        unchanged = measure("page, If-None-Match (304)", port, lambda _: get(few[0], f"If-None-Match: {tag}"), expected=b"304")
    with tempfile.NamedTemporaryFile() as body:
        body.write(typical)
        body.flush()
        bare_port = free_port()
        with served(bare_command(Path(body.name)), bare_port, path="/bare"):
            bare = measure(f"bare handler, {len(typical)} bytes", bare_port, lambda _: get("/bare"))
    print(HEADER)
    for measured in (bare, first, again, unchanged):
        print(measured.row(bare))
    return 0


def _proposals(database: Path) -> list[str]:
    """Proposals of every size, in an order that mixes DAOs."""
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        return [row[0] for row in connection.execute(f"SELECT id FROM proposal ORDER BY id LIMIT {_PAGES}")]


if __name__ == "__main__":
    sys.exit(main())
