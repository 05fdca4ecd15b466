"""Plain counts of what was said: after a change of model each text is still one."""

from datetime import timedelta

import httpx
from sqlmodel import Session, select

from api.runtime import Runtime
from governance.records.evidence import Reading
from tests.api.seeds import PROPOSAL, seed_deployment
from tests.fakes import FixedClock


def _read_again(session: Session, runtime: Runtime) -> None:
    """The seeded reading once more: by another model, which says the opposite."""
    first = session.exec(select(Reading)).one()
    again = {"id": "read_0", "label": "against", "model_sha256": "9" * 64, "recorded_at": runtime.clock()}
    session.add(Reading(**{**first.model_dump(), **again}))


def test_a_text_read_by_two_models_is_one_in_the_plain_counts(runtime: Runtime, anonymous: httpx.Client, clock: FixedClock) -> None:
    """Its last reading counts, only that model is named, and the page beside it says the same."""
    seed_deployment(runtime)
    first = clock.now
    clock.now += timedelta(hours=1)
    runtime.writer.run(lambda session: _read_again(session, runtime))

    found = anonymous.get(f"/v1/proposals/{PROPOSAL}/stance").json()
    page = anonymous.get(f"/v1/proposals/{PROPOSAL}", params={"include": "readings"}).json()
    earlier = anonymous.get(f"/v1/proposals/{PROPOSAL}/stance", params={"as_of": first.isoformat()}).json()

    assert found["plain_counts"]["total"] == page["readings"]["counts"]["stance"] == {"against": 1}
    assert [day["counts"] for day in found["plain_counts"]["days"]] == [{"against": 1}]
    assert found["models"] == ["9" * 64]
    assert (earlier["plain_counts"]["total"], earlier["models"]) == ({"for": 1}, ["2" * 64])
