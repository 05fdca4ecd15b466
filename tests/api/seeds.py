"""A deployment with something of everything in it, so that generated requests reach the rules behind the ids."""

from datetime import datetime, timedelta
from typing import Any

import httpx
from sqlmodel import Session

from api.runtime import Runtime
from governance import identity
from governance.actors import SYSTEM
from governance.canonical import digest, timestamp
from governance.intake.daos import receive
from governance.records.evidence import Flag, Forecast, Reading
from governance.records.posts import Post
from governance.records.proposals import ForumLink, Proposal
from governance.records.votes import Vote
from governance.workflow.register_dao import register_dao
from tests.consent_world import electorate_body, signed, wallet
from tests.token_economy import DAO, economy, guardrail_body, objective_body, parameter_body, store

PROPOSAL = identity.proposal_id(DAO, "p-1")
APR = parameter_body()["name"]


def seed_deployment(runtime: Runtime) -> dict[str, str]:
    """Write one DAO with one proposal and its votes, posts, readings and forecast; path parameters that name them."""
    runtime.writer.run(lambda session: _write(session, runtime))
    return {"dao_id": DAO, "proposal_id": PROPOSAL, "seq": "0", "path": "0/000", "key_id": "key_admin"}


def seed_decision(runtime: Runtime, api: httpx.Client) -> dict[str, str]:
    """Set the seeded DAO up through the API as far as a scheduled change; path parameters that name what came of it."""
    base = f"/v1/daos/{DAO}"
    _give(api, "PUT", f"{base}/delegates", electorate_body("10", "20", "30"))
    _give(api, "POST", f"{base}/parameters", {**parameter_body(), "place": {"kind": "manual_record"}})
    _give(api, "PUT", f"{base}/parameters/{APR}/guardrail", guardrail_body())
    runtime.writer.run(lambda session: store(session, economy(now=runtime.clock()), now=runtime.clock()))
    _give(api, "PUT", f"{base}/objectives", objective_body(name=APR, target="0.395000"))  # it is there already: an abstention
    abstention = _give(api, "POST", f"{base}/recommendations", {"parameter": APR})["abstention"]
    _give(api, "PUT", f"{base}/objectives", objective_body(name=APR))
    made = _give(api, "POST", f"{base}/recommendations", {"parameter": APR})["recommendation"]
    for number in (1, 2):
        word = signed(made["document"], wallet(number))
        consent = {"message": word.message, "domain": word.domain, "signature": word.signature}
        _give(api, "POST", f"/v1/recommendations/{made['id']}/approvals", consent)
    execution = _give(api, "POST", f"/v1/recommendations/{made['id']}/execution", None)
    model = api.get("/v1/models").json()["items"][0]["sha256"]
    return {
        "name": APR,
        "abstention_id": abstention["id"],
        "recommendation_id": made["id"],
        "execution_id": execution["id"],
        "sha256": model,
    }


def _give(api: httpx.Client, method: str, path: str, body: object) -> dict[str, Any]:
    answer = api.request(method, path, json=body)
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json()
    return found


def _write(session: Session, runtime: Runtime) -> None:
    now = runtime.clock()
    register_dao(session, receive({"name": DAO, "about": None, "source": "test"}), actor=SYSTEM, now=now)
    starts = now - timedelta(days=2)
    when: dict[str, Any] = {"known_at": starts, "recorded_at": now}
    session.add(
        Proposal(
            id=PROPOSAL,
            dao_id=DAO,
            source="test",
            external_id="p-1",
            title="Raise the reward rate",
            body="By one percent.",
            choices=["Yes", "No"],
            created_at=starts,
            starts_at=starts,
            ends_at=now + timedelta(days=1),
            end_fixed=True,
            quorum="100",
            content_sha256="0" * 64,
            result_known_at=now + timedelta(days=1),
            **when,
        )
    )
    session.flush()
    for number in range(7):
        cast = starts + timedelta(hours=number)
        session.add(
            Vote(
                id=number.to_bytes(16, "big"),
                dao_id=DAO,
                proposal_id=PROPOSAL,
                source="test",
                voter=f"0x{number % 6:040x}",
                choice=str(1 + number % 2),
                power=None if number == 3 else f"{number * 10}.5",
                power_kind="float64",
                cast_at=cast,
                content=b"\0" * 8,
                known_at=cast,
                recorded_at=now,
            )
        )
    post = identity.post_id(DAO, "forum.test", "1")
    session.add(
        Post(
            id=post,
            dao_id=DAO,
            source="test",
            forum="forum.test",
            external_id="1",
            topic_id=1,
            proposal_id=PROPOSAL,
            text="Good.",
            content_sha256="1" * 64,
            **when,
        )
    )
    session.add(ForumLink(proposal_id=PROPOSAL, forum="forum.test", topic_id=1, dao_id=DAO, source="test", **when))
    session.add(
        Reading(
            id="read_1",
            dao_id=DAO,
            subject_kind="post",
            subject_id=post,
            proposal_id=PROPOSAL,
            task="stance",
            label="for",
            scores=["0.1", "0.2", "0.7"],
            windows=1,
            model_sha256="2" * 64,
            text_sha256="3" * 64,
            **when,
        )
    )
    body = _forecast_body(starts)
    session.add(
        Forecast(
            id="fct_1",
            dao_id=DAO,
            proposal_id=PROPOSAL,
            as_of=starts,
            body=body,
            sha256=digest(body),
            model_sha256="5" * 64,
            recorded_at=now,
        )
    )
    session.add(
        Flag(
            id="flag_1",
            dao_id=DAO,
            proposal_id=PROPOSAL,
            rule="whale",
            rule_version=1,
            status="fired",
            body={"value": "0.6"},
            as_of=starts,
            recorded_at=now,
        )
    )


def _forecast_body(as_of: datetime) -> dict[str, object]:
    """As `governance.workflow.forecast` writes them."""
    return {
        "v": 1,
        "proposal": PROPOSAL,
        "as_of": timestamp(as_of),
        "passes": "0.800000",
        "base_rate": "0.500000",
        "lift": "0.300000",
        "history_size": 212,
        "approval_share": "0.750000",
        "approval_interval": ["0.600000", "0.900000"],
        "turnout": "96.000000",
        "turnout_interval": ["40.000000", "180.000000"],
        "level": "0.900000",
        "served": "model",
        "reason": None,
        "model_sha256": "5" * 64,
        "votes_seen": 0,
        "votes_known": True,
        "features": {"author_history": "0.500000"},
    }
