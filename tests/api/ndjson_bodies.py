"""Generated NDJSON: real rows of every kind, rows with a field spoilt, values that are no rows, and lines that are no JSON."""

import json
from typing import Any

from hypothesis import strategies
from hypothesis.strategies import SearchStrategy

from tests.ingest_rows import a_link, a_post, a_proposal, a_vote, an_observation

_ROWS: list[dict[str, Any]] = [a_proposal(), a_vote(), a_post(), a_link(), an_observation()]
_TEXT = strategies.text(max_size=20)
_VALUES = strategies.recursive(
    strategies.none() | strategies.booleans() | strategies.integers() | strategies.floats(allow_nan=False, allow_infinity=False) | _TEXT,
    lambda inner: strategies.lists(inner, max_size=3) | strategies.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=5,
)


def ndjson_bodies() -> SearchStrategy[bytes]:
    """Bodies of up to five lines, good and bad mixed as in real dumps; with and without a last line end."""
    lines = strategies.lists(_good() | _spoilt() | _VALUES.map(_written) | strategies.binary(max_size=40), max_size=5)
    return strategies.builds(lambda found, end: b"\n".join(found) + end, lines, strategies.sampled_from([b"", b"\n"]))


def _good() -> SearchStrategy[bytes]:
    return strategies.sampled_from(_ROWS).map(_written)


def _spoilt() -> SearchStrategy[bytes]:
    def _of(row: dict[str, Any]) -> SearchStrategy[bytes]:
        changes = strategies.dictionaries(strategies.sampled_from(sorted(row)) | _TEXT, _VALUES, min_size=1, max_size=3)
        return changes.map(lambda changed: _written({**row, **changed}))

    return strategies.sampled_from(_ROWS).flatmap(_of)


def _written(value: object) -> bytes:
    return json.dumps(value).encode()
