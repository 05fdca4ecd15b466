"""An import through a running server tells and keeps the same as one that writes the store itself."""

import json
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from api.log_audit import audit_database
from api.runtime import Runtime
from api.sources.dumps import dump_files
from api.sources.importing import LocalStore, Store, import_files
from api.sources.remote_store import RemoteStore
from governance.actors import SYSTEM
from tests.fakes import FixedClock
from tests.ingest_rows import a_link, a_post, a_proposal, a_vote, an_observation


@pytest.fixture
def dumps(tmp_path: Path) -> list[tuple[Path, str]]:
    """Files of every kind, with rows that are refused and figures that are doubles."""
    folder = tmp_path / "dumps"
    folder.mkdir()
    rows: dict[str, list[dict[str, Any]]] = {
        "proposals": [a_proposal(), a_proposal(proposal_id="0x02", outcome="maybe")],
        "votes": [a_vote(voter=f"voter {number}") for number in range(2_100)] + [a_vote(voter=None)],
        "posts": [a_post(), a_post(post_id=71, text=None)],
        "links": [a_link()],
    }
    for name, given in rows.items():
        (folder / f"{name}.ndjson").write_text("".join(json.dumps(row) + "\n" for row in given) + "{\n")
    seen = [an_observation(), an_observation(metric="volume")]
    figures = {name: [row[name] for row in seen] for name in seen[0]} | {"value": pa.array([1.25, 3e7], type=pa.float64())}
    pq.write_table(pa.table(figures), folder / "observations.parquet")
    return [(path, path.name) for path in dump_files([folder])]


def take(dumps: list[tuple[Path, str]], store: Store) -> list[dict[str, object]]:
    return [each.body() for each in import_files(dumps, store, progress=lambda _label, _rows: None)]


def test_a_server_takes_what_the_command_itself_would_take(
    dumps: list[tuple[Path, str]], runtime: Runtime, api: httpx.Client, clock: FixedClock
) -> None:
    """Whether a server happens to run must not decide what an import finds or keeps."""
    remote = take(dumps, RemoteStore(api, clock()))
    local = take(dumps, LocalStore(runtime.writer, SYSTEM, clock()))

    counted = {str(each["file"]): each for each in remote}
    assert [counted["votes.ndjson"][name] for name in ("read", "inserted", "refused")] == [2_102, 2_100, 2]
    assert counted["observations.parquet"]["inserted"] == 2
    for each, again in zip(remote, local, strict=True):
        # What the server stored is, read by the command itself, all there: the same rows, refused for the same reasons.
        assert (again["read"], again["unchanged"], again["refused"]) == (each["read"], each["inserted"], each["refused"])
        assert again["reasons"] == each["reasons"]
    values = {row["metric"]: row["value"] for row in api.get("/v1/daos/tide.eth/observations").json()["items"]}
    assert values == {"price": "1.25", "volume": "30000000"}
    assert api.get("/v1/daos/tide.eth/posts").json()["items"][0]["proposal_id"] is not None
    assert audit_database(runtime.settings).findings == []
