"""What a rule is, and what it answers: fired, clear, or unknown where an input is missing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

from governance.canonical import fixed

if TYPE_CHECKING:
    from governance.flags.case import Case

# What an answer names of its inputs: text, or nothing where the input is missing. More than a reader takes in is cut.
_LONGEST = 400

Inputs = Mapping[str, object]


class Status(StrEnum):
    """What a rule says."""

    FIRED = "fired"
    CLEAR = "clear"
    UNKNOWN = "unknown"


class Severity(StrEnum):
    """How much a fired rule weighs; models may raise what is looked at first, never lower this."""

    NOTICE = "notice"
    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Answer:
    """One rule on one proposal: status, the value that was compared, a plain line, and the inputs by name.

    `missing` names what would be needed to know; it is never empty where the status is unknown.
    """

    status: Status
    line: str
    value: str | None = None
    severity: Severity | None = None
    inputs: Mapping[str, str | None] = field(default_factory=dict)
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule with its source, version and threshold in words; `clears_when` and `who_can_act` are what a fired one owes a reader."""

    id: str
    name: str
    version: int
    source: str
    threshold: str
    clears_when: str
    who_can_act: str
    judge: Callable[["Case"], Answer]


def rule(
    id_: str, name: str, *, version: int = 1, source: str, threshold: str, clears_when: str, who_can_act: str
) -> Callable[[Callable[["Case"], Answer]], Rule]:
    """Makes the function below it a rule."""

    def named(judge: Callable[["Case"], Answer]) -> Rule:
        return Rule(id_, name, version, source, threshold, clears_when, who_can_act, judge)

    return named


def fired(line: str, *, value: object = None, severity: Severity = Severity.WARNING, inputs: Inputs | None = None) -> Answer:
    """The pattern is there."""
    return Answer(Status.FIRED, line, shown(value), severity, _named(inputs))


def clear(line: str, *, value: object = None, inputs: Inputs | None = None) -> Answer:
    """Every input is known and the pattern is not there."""
    return Answer(Status.CLEAR, line, shown(value), None, _named(inputs))


def unknown(*missing: str, value: object = None, inputs: Inputs | None = None) -> Answer:
    """An input is missing, so that nobody can say; `missing` are plain words for what it is."""
    return Answer(Status.UNKNOWN, f"Not known: {'; '.join(missing)}.", shown(value), None, _named(inputs), missing)


def shown(value: object) -> str | None:
    """A value as text: six places for what is no whole number, None where there is none."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float | Decimal):
        return fixed(value) if isinstance(value, float) else f"{value.quantize(Decimal('0.000001')):f}" if value else "0.000000"
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(str(each) for each in value)[:_LONGEST]
    return str(value)[:_LONGEST]


def percent(share: Decimal | float) -> str:
    """A share as a reader writes it: 0.8133 is 81.3 %."""
    return f"{Decimal(share) * 100:.1f} %"


def _named(inputs: Inputs | None) -> dict[str, str | None]:
    return {name: shown(value) for name, value in (inputs or {}).items()}
