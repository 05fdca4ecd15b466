"""One attack of every kind through every route that reads texts, with the real models: no order in it is obeyed."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from api.runtime import Runtime
from api.settings import Settings
from governance.evidence import TextToRead
from nlp.reader import EncoderTextReader
from tests.api.conftest import settings_for
from tests.hostile_routes import READ, WRITTEN, assert_harmless, everything_but, push, reaching_out, readings_shown, requests
from tests.hostile_texts import Attack, attacks

PROPOSALS = 3
LOGGED = {
    "log.opened", "dao.registered", "proposals.ingested", "votes.ingested", "posts.ingested", "readings.recorded", "flags.recorded",
}  # fmt: skip


@pytest.fixture
def settings(sqlite_url: str, tmp_path: Path) -> Settings:
    """What is asked here knows no database."""
    return settings_for(sqlite_url, tmp_path / "state")


def _of_each_kind() -> Iterator[Attack]:
    """The last of every kind, and a few more of markup, which differs most."""
    found = attacks()
    yield from {attack.kind: attack for attack in found}.values()
    yield from [attack for attack in found if attack.kind == "markup"][::50]


@pytest.mark.encoder
def test_no_route_that_reads_texts_obeys_them(api: httpx.Client, runtime: Runtime) -> None:
    """Stored, read, judged, argued, compared, shown and learnt from: rows and readings are written, nothing else happens."""
    api.post("/v1/daos", json={"name": "tide.eth"})
    found = list(_of_each_kind())
    # Which precision is faster here is measured elsewhere, for seconds.
    runtime.models._reader = EncoderTextReader(precision="float32")  # type: ignore[assignment]
    runtime.models.reader().read([TextToRead("The models load once, and may look for files then.")])
    runtime.models.embedder().embed(["as above"])
    serving = runtime.models.reader().digest("stance")
    before = everything_but(WRITTEN | READ, runtime)

    statuses: dict[str, set[int]] = {}
    with reaching_out() as reached:
        ids = push(api, found, PROPOSALS, reasons=3)
        for name, method, path, body in requests(ids):
            answer = api.request(method, path, json=body)
            assert_harmless(answer)
            statuses.setdefault(name, set()).add(answer.status_code)
        for _, method, path, _ in readings_shown(api, ids[0], most=4):
            assert_harmless(api.request(method, path))

    assert len({attack.kind for attack in found}) >= 30
    assert statuses.pop("retraining") == {409}  # a thousand are enough to learn from: benchmarks/hostile_text.py
    assert all(codes <= {200, 201} for codes in statuses.values()), statuses
    assert everything_but(WRITTEN | READ, runtime) == before
    assert reached == []
    assert runtime.models.reader().digest("stance") == serving
    kinds = {entry["kind"] for entry in api.get("/v1/log/entries", params={"limit": 200}).json()["items"]}
    assert kinds <= LOGGED, kinds - LOGGED
