"""Models: which the deployment knows, what they were measured at, and which is champion."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api.dependencies import ClockDep, ReadDep
from api.errors import problems
from api.pagination import Page, PageDep
from api.shipped_models import shipped_models
from governance.errors import NotFound
from governance.records import model_versions
from governance.records.evidence import ModelVersion

router = APIRouter(prefix="/models", tags=["models"])


class ModelOut(BaseModel):
    """A model by the digest of its weights. Champions serve; a candidate waits to be better by the stated margin."""

    sha256: str = Field(description="SHA-256 of its weights.")
    task: str = Field(examples=["text"])
    name: str
    alias: str | None = Field(description="`champion` or `candidate`; null for former ones.")
    shipped: bool = Field(description="Whether it came with Assent or was fitted in this deployment.")
    card: dict[str, Any] = Field(description="What it was trained on and measured at, beside its baselines, with licence and limits.")
    recorded_at: datetime | None = Field(description="When this deployment recorded it; null for a shipped one that it never replaced.")


@router.get("", operation_id="listModels", responses=problems())
def list_all(
    session: ReadDep,
    page: PageDep,
    clock: ClockDep,
    task: Annotated[str | None, Query(max_length=64, description="Only models of this task.")] = None,
) -> Page[ModelOut]:
    """All models, shipped and fitted here, by task and digest."""
    after = None if page.after is None else (str(page.after[0]), str(page.after[1]))
    known = {row.sha256: _out(row) for row in model_versions.list_models(session)}
    known = {model.sha256: model for model in _shipped(known)} | known
    rows = sorted((model for model in known.values() if task in {None, model.task}), key=lambda model: (model.task, model.sha256))
    rows = [model for model in rows if after is None or (model.task, model.sha256) > after]
    shown = rows[: page.limit]
    return Page(
        items=shown,
        next_cursor=page.next_cursor([(model.task, model.sha256) for model in rows]),
        as_of=clock(),
        indexed_to=max((model.recorded_at for model in shown if model.recorded_at is not None), default=None),
        complete=True,
    )


@router.get("/{sha256}", operation_id="getModel", responses=problems(NotFound))
def read(sha256: str, session: ReadDep) -> ModelOut:
    """One model with its card."""
    known = {row.sha256: _out(row) for row in model_versions.list_models(session)}
    known = {model.sha256: model for model in _shipped(known)} | known
    if sha256 not in known:
        raise NotFound("model", sha256)
    return known[sha256]


def _shipped(known: dict[str, ModelOut]) -> list[ModelOut]:
    """What ships with the code; each is champion of its task until the deployment promoted another."""
    replaced = {model.task for model in known.values() if model.alias == "champion"}
    return [
        ModelOut(
            sha256=model.sha256,
            task=model.task,
            name=model.name,
            alias=None if model.task in replaced else "champion",
            shipped=True,
            card=model.card,
            recorded_at=None,
        )
        for model in shipped_models()
    ]


def _out(row: ModelVersion) -> ModelOut:
    return ModelOut(
        sha256=row.sha256, task=row.task, name=row.name, alias=row.alias, shipped=False, card=row.body, recorded_at=row.recorded_at
    )
