"""What tests of consent do again and again through the API."""

import json
from collections.abc import Callable
from typing import Any

import httpx
from sqlmodel import Session, select

from api.commands.execute import record_of
from api.runtime import Runtime
from governance.approvals import Support
from governance.records.decision_log import LogEntry
from tests.consent_world import Signed, document, signed, wallet
from tests.fakes import NOON

KeyMaker = Callable[..., str]


def body_of(word: Signed) -> dict[str, Any]:
    return {"message": word.message, "domain": word.domain, "signature": word.signature}


def post(api: httpx.Client, recommendation: str, number: int, support: Support = Support.FOR) -> httpx.Response:
    return api.post(
        f"/v1/recommendations/{recommendation}/approvals", json=body_of(signed(document(made_at=NOON), wallet(number), support))
    )


def effects(runtime: Runtime) -> list[dict[str, Any]]:
    path = record_of(runtime.settings)
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def kinds(runtime: Runtime) -> list[str]:
    with Session(runtime.engine) as session:
        return list(session.exec(select(LogEntry.kind).order_by("seq")))
