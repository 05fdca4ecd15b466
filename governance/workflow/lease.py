"""The executor's lease: who works on an execution now, and the fence that shuts out who worked on it before."""

from datetime import datetime

from sqlmodel import Session

from governance.errors import Conflict
from governance.executions import LEASE
from governance.records import executions
from governance.records.executions import Execution


def take_lease(session: Session, execution_id: str, *, holder: str, now: datetime) -> Execution:
    """Give `holder` the execution for `LEASE` and raise its fence; whoever held it before can write nothing any more.

    Raises:
        Conflict: another holder has it and its lease has not run out.
    """
    execution = executions.get_execution(session, execution_id)
    taken = execution.lease_until is not None and execution.lease_until > now
    if taken and execution.lease_holder != holder:
        raise Conflict("another executor works on it", holder=str(execution.lease_holder), rule="wait until the lease runs out")
    execution.fence += 1
    execution.lease_holder, execution.lease_until = holder, now + LEASE
    return executions.save(session, execution)


def held(session: Session, execution_id: str, *, holder: str, fence: int) -> Execution:
    """The execution, if `holder` still has it under `fence`. The fence decides, not the time: clocks jump.

    Raises:
        Conflict: someone took the lease since.
    """
    execution = executions.get_execution(session, execution_id)
    if execution.fence != fence or execution.lease_holder != holder:
        raise Conflict("the lease was taken over", fence=execution.fence, given=fence, rule="take a new lease")
    return execution
