"""What routes ask for: a session to read, the writer, the clock, who is asking, and the models.

What only looks something up is a coroutine: a plain function would cost a trip to another thread per request.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from typing import Annotated, cast

from anyio import CapacityLimiter, to_thread
from fastapi import Depends, Request
from sqlmodel import Session

from api.authentication import acting_as, current_actor
from api.database import Writer
from api.log_signer import LogSigner
from api.models import Models
from api.settings import Settings
from governance.actors import Actor, Role
from governance.evidence import OutcomeForecaster, TextReader


async def read_session(request: Request) -> AsyncIterator[Session]:
    """One session per request, for reading; nothing done in it is kept."""
    session = Session(request.app.state.engine, expire_on_commit=False)
    try:
        yield session
    finally:
        # Closing asks the database, so it has a thread; one of its own, since all others may be waiting for this connection.
        await to_thread.run_sync(session.close, limiter=CapacityLimiter(1))


async def _writer(request: Request) -> Writer:
    return cast("Writer", request.app.state.writer)


async def _clock(request: Request) -> Callable[[], datetime]:
    return cast("Callable[[], datetime]", request.app.state.clock)


async def _settings(request: Request) -> Settings:
    return cast("Settings", request.app.state.settings)


async def _signer(request: Request) -> LogSigner:
    return cast("LogSigner", request.app.state.signer)


async def _reader(request: Request) -> TextReader:
    return cast("TextReader", request.app.state.models.reader())


async def _forecaster(request: Request) -> OutcomeForecaster:
    return cast("OutcomeForecaster", request.app.state.models.forecaster())


async def _models(request: Request) -> Models:
    return cast("Models", request.app.state.models)


ReadDep = Annotated[Session, Depends(read_session, scope="function")]
WriterDep = Annotated[Writer, Depends(_writer)]
ClockDep = Annotated[Callable[[], datetime], Depends(_clock)]
SettingsDep = Annotated[Settings, Depends(_settings)]
SignerDep = Annotated[LogSigner, Depends(_signer)]
ReaderDep = Annotated[TextReader, Depends(_reader)]
ForecasterDep = Annotated[OutcomeForecaster, Depends(_forecaster)]
ModelsDep = Annotated[Models, Depends(_models)]
ActorDep = Annotated[Actor, Depends(current_actor)]


def require(role: Role) -> Callable[..., Awaitable[Actor]]:
    """A dependency that gives the actor if it holds `role` for the DAO the path names, and refuses otherwise.

    Use as `actor: Annotated[Actor, Depends(require(Role.INGESTER))]`. The path names its DAO by `dao_id`, or by a
    `proposal_id`, `recommendation_id` or `execution_id` of it; a key bound to one DAO is refused on paths of others
    and on paths that name none.
    """
    return acting_as(role)
