"""What stands for each DAO as the log goes on: electorate, parameters, guardrails, pause, nonces."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

from governance.verification.electorates import Electorate, read_electorate
from governance.verification.entries import BadEntry, Entry
from governance.verification.strict_json import write


@dataclass(slots=True)
class Rail:
    """A guardrail version that counts now."""

    version: int
    sha256: str
    body: dict[str, Any]


@dataclass(slots=True)
class Governed:
    """A parameter: its id, its value now, its guardrail."""

    id: str
    value: str
    rail: Rail | None = None


@dataclass(slots=True)
class Dao:
    """One DAO's standing things. `granted` holds digests that an executed change put in force and no entry has set yet."""

    electorate: Electorate | None = None
    parameters: dict[str, Governed] = field(default_factory=dict)
    paused: bool = False
    nonces: dict[str, str] = field(default_factory=dict)
    granted: set[str] = field(default_factory=set)

    def parameter_by_id(self, id_: str | None) -> Governed | None:
        """The parameter with our id."""
        return next((governed for governed in self.parameters.values() if governed.id == id_), None)


def sha256_of(value: object) -> str:
    """SHA-256 (hex) of the canonical form."""
    return hashlib.sha256(write(value)).hexdigest()


def set_delegates(dao: Dao, entry: Entry) -> None:
    """`delegates.set`: the first by whoever sets the DAO up, every later one by an executed consent."""
    data = entry.data
    _must_be_digest(data["electorate"], data["sha256"])
    _must_follow(data, dao.electorate.version if dao.electorate else 0, dao.granted)
    try:
        dao.electorate = read_electorate(data["version"], data["sha256"], data["electorate"])
    except (ValueError, KeyError, TypeError, ArithmeticError, AttributeError) as error:
        raise BadEntry("delegates.form", f"no electorate: {error}") from error


def register_parameter(dao: Dao, entry: Entry) -> None:
    """`parameter.registered`: the value at the start of its chain."""
    name, value = entry.data["name"], entry.data["value"]
    if name in dao.parameters or "parameter" not in entry.subject:
        raise BadEntry("parameter.once", f"the parameter {name!r} is registered already, or has no id")
    if not isinstance(value, str):
        raise BadEntry("parameter.value", "a value is decimal text")
    dao.parameters[name] = Governed(entry.subject["parameter"], value)


def set_guardrail(dao: Dao, entry: Entry) -> None:
    """`guardrail.set`: the first by whoever sets the DAO up, every later one by an executed consent."""
    data = entry.data
    governed = dao.parameter_by_id(entry.subject.get("parameter"))
    if governed is None:
        raise BadEntry("guardrail.parameter", "the guardrail is of a parameter that is not registered")
    _must_be_digest(data["guardrail"], data["sha256"])
    _must_follow(data, governed.rail.version if governed.rail else 0, dao.granted)
    governed.rail = Rail(data["version"], data["sha256"], data["guardrail"])


def pause(dao: Dao, entry: Entry) -> None:
    """`pause.set`, or `pause.cleared` by two different guardians."""
    if entry.kind == "pause.set":
        dao.paused = True
        return
    guardians = entry.data.get("guardians")
    names = {str(word.get("guardian")) for word in guardians if isinstance(word, dict)} if isinstance(guardians, list) else set()
    if not dao.paused:
        raise BadEntry("pause.cleared", "the DAO was not paused")
    if len(names) < 2:
        raise BadEntry("pause.guardians", "a pause is cleared by two different guardians")
    dao.paused = False


def _must_be_digest(body: object, sha256: object) -> None:
    if sha256_of(body) != sha256:
        raise BadEntry("digest", "the digest is not that of the body beside it")


def _must_follow(data: dict[str, Any], version: int, granted: set[str]) -> None:
    if data["version"] != version + 1 or data["version"] is True:
        raise BadEntry("version", f"the version after {version} is {version + 1}")
    if version == 0:
        return
    if data["by"] == "setup" or data["sha256"] not in granted:
        raise BadEntry("consent.required", "once set, this changes only by a consent that was executed")
    granted.discard(data["sha256"])
