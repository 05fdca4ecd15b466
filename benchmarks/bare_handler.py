"""What the benchmarks compare with: one FastAPI handler that returns bytes it was given. Run by `benchmarks/load.py`.

The same server, loop and parser as ours, one route, no middleware: the least that an answer of these bytes costs.
"""

import itertools
import os
import sys
from pathlib import Path

import uvicorn
from fastapi import FastAPI, Response

BODIES = itertools.cycle(Path(sys.argv[1]).read_bytes().splitlines() if len(sys.argv) > 1 else [b"{}"])
app = FastAPI()


@app.get("/bare")
async def bare() -> Response:
    """The next body, as it is."""
    return Response(next(BODIES), media_type="application/json")


if __name__ == "__main__" and "ASSENT_PORT" in os.environ:
    uvicorn.run(app, port=int(os.environ["ASSENT_PORT"]), loop="uvloop", http="httptools", access_log=False, log_level="warning")
