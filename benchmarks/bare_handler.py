"""What the benchmarks compare with: one FastAPI handler that returns the bytes of a file. Run by `benchmarks/load.py`."""

import os
import sys
from pathlib import Path

import uvicorn
from fastapi import FastAPI, Response

BODY = Path(sys.argv[1]).read_bytes() if len(sys.argv) > 1 else b"{}"
app = FastAPI()


@app.get("/bare")
async def bare() -> Response:
    """The bytes, as they are."""
    return Response(BODY, media_type="application/json")


if __name__ == "__main__" and "ASSENT_PORT" in os.environ:
    uvicorn.run(app, port=int(os.environ["ASSENT_PORT"]), loop="uvloop", http="httptools", access_log=False, log_level="warning")
