"""Logs a refused attempt to approve or execute in a transaction of its own, then lets the refusal go on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from api.database import Writer
from governance.actors import Actor
from governance.errors import GovernanceError
from governance.workflow.refuse import record_refusal, worth_keeping


@contextmanager
def refusals_logged(writer: Writer, recommendation_id: str, *, attempt: str, actor: Actor, clock: Callable[[], datetime]) -> Iterator[None]:
    """Within it a refusal worth keeping is logged as `refusal.recorded` before it is answered.

    The refused transaction itself was undone, so the entry needs a second one. If that fails too, the failure is
    answered: an attempt that could not be logged is not passed over.
    """
    try:
        yield
    except GovernanceError as error:
        if worth_keeping(error):
            refusal = error  # the name `error` is gone when the writer's thread runs the function
            writer.run(lambda session: record_refusal(session, recommendation_id, refusal, attempt=attempt, actor=actor, now=clock()))
        raise
