"""`assent execute`: the only thing that executes. A process of its own, which alone holds the executor."""

import platform
import time
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from api.commands.connection import open_api
from api.commands.output import FAILED, CommandFailed, answer_of, report, say
from api.executors.dry_run import DryRunExecutor, NothingReachesAChain
from api.executors.work import Done, Refused, Worker
from api.settings import Settings
from api.state_folder import StateFolder
from governance.errors import ConfigurationError

# The executor's own record lies beside the database, never in it: it is the receiver, not ours to roll back.
RECORD = Path("dry_run") / "record.ndjson"
# How often --watch looks for work. An approved change waits an hour at least, so seconds do not matter.
_EVERY_S = 2.0


class HttpDesk:
    """The server's routes, as the worker's desk."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def due(self) -> list[Mapping[str, Any]]:
        """What can be worked on now."""
        items: list[Mapping[str, Any]] = _told(self._client.get("/v1/executions/due"))["items"]
        return items

    def schedule(self, recommendation_id: str) -> Mapping[str, Any]:
        """Start the delay of an approved change."""
        return _told(self._client.post(f"/v1/recommendations/{recommendation_id}/execution"))

    def expire(self, recommendation_id: str) -> Mapping[str, Any]:
        """End a recommendation whose time has passed."""
        return _told(self._client.post(f"/v1/recommendations/{recommendation_id}/expiry"))

    def step(self, execution_id: str, step: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Take one step of an execution."""
        return _told(self._client.post(f"/v1/executions/{execution_id}/steps", json={**body, "step": step}))


def _told(response: httpx.Response) -> dict[str, Any]:
    """The answer, or the server's refusal as the worker knows it."""
    if response.is_success:
        return answer_of(response)
    try:
        problem = response.json()
        raise Refused(str(problem["code"]), str(problem["detail"]))
    except (ValueError, KeyError, TypeError):
        raise CommandFailed(f"the server answered {response.status_code}") from None


def record_of(settings: Settings) -> Path:
    """Where the dry-run executor keeps its record."""
    return settings.state_dir / RECORD


def dry_run(settings: Settings) -> DryRunExecutor:
    """The dry-run executor of this deployment; says once that nothing reaches a chain."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NothingReachesAChain)
        executor = DryRunExecutor(record_of(settings))
    say(f"dry run: effects are recorded in {record_of(settings)}; nothing reaches a chain")
    return executor


def work_once(client: httpx.Client, settings: Settings) -> list[Done]:
    """Do everything that is due now, as this machine's executor."""
    return Worker(HttpDesk(client), dry_run(settings), holder=_holder()).work_once()


def register(app: typer.Typer) -> None:
    """Add `assent execute`."""
    app.command("execute")(_execute)


def _execute(
    watch: Annotated[bool, typer.Option("--watch", help="Keep looking for work until stopped.")] = False,
    once: Annotated[bool, typer.Option("--once", help="Do what is due and stop (the default).")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """Execute what was approved: schedule it, wait for its delay, check it again, apply it once.

    Works beside a running server or alone. After a crash, start it again: it goes on where it was.

    Example: assent execute --watch

    Exit codes: 0 done, 1 failed or refused, 64 wrong usage.
    """
    if watch and (once or as_json):
        raise typer.BadParameter("--watch goes on for ever: it goes with neither --once nor --json")
    settings = Settings()
    if watch:
        _watch(settings)
        return
    with open_api(settings) as client:
        done = work_once(client, settings)
    if as_json:
        report({"work": [item.body() for item in done]})
    else:
        for item in done:
            say(_line(item))
        if not done:
            say("nothing is due")
    if any(item.refused for item in done):
        raise typer.Exit(FAILED)


def _watch(settings: Settings) -> None:
    """Look for work every few seconds and say what is new about it."""
    executor = dry_run(settings)
    said: dict[str, str] = {}
    while True:
        for name, line in _look(settings, executor):
            if said.get(name) != line:
                said[name] = line
                say(line)
        time.sleep(_EVERY_S)


def _look(settings: Settings, executor: DryRunExecutor) -> list[tuple[str, str]]:
    """What became of each piece of work, or why there was none, as (what it is about, line)."""
    state = StateFolder(settings.state_dir)
    if settings.on_sqlite and state.try_lock():
        state.unlock()  # held on to, it would keep a server from starting
        return [("", "waiting for `assent serve` on this state folder (without --watch it works alone)")]
    try:
        with open_api(settings) as client:
            done = Worker(HttpDesk(client), executor, holder=_holder()).work_once()
    except (httpx.TransportError, ConfigurationError) as error:
        return [("", f"cannot reach the server, trying again: {error}")]
    return [(item.recommendation_id, _line(item)) for item in done]


def _holder() -> str:
    # The same holder after a crash takes its own lease back at once; the fence shuts the dead process out.
    return f"executor@{platform.node() or 'localhost'}"


def _line(done: Done) -> str:
    return f"{done.recommendation_id}: {done.state}" + (f", {done.note}" if done.note else "")
