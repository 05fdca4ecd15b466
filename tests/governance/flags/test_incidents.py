"""Known incidents, rebuilt from their public figures, fire; their ordinary neighbours do not."""

import pytest

from governance.flags.case import Case
from governance.flags.registry import assess
from governance.flags.verdicts import Severity, Status
from tests.flag_cases import judged
from tests.flag_incidents import INCIDENTS, capo, compound_289, moonwell


def _fired(case: Case) -> set[str]:
    return {flag.rule.id for flag in assess(case) if flag.answer.status is Status.FIRED}


@pytest.mark.parametrize("name", INCIDENTS)
def test_a_known_incident_fires(name: str) -> None:
    """These have happened; a rule that misses the case it was made from is no rule."""
    incident, _, expected = INCIDENTS[name]

    assert expected <= _fired(incident())


@pytest.mark.parametrize("name", INCIDENTS)
def test_its_ordinary_neighbour_does_not(name: str) -> None:
    """An alarm that also rings for ordinary business is switched off by its readers."""
    _, neighbour, expected = INCIDENTS[name]

    assert _fired(neighbour()) & expected == set()


def test_the_figures_are_those_of_the_reports() -> None:
    """Compound's cluster had 81 % of a quorum, Moonwell's price was 99.95 % off: what a reader checks first."""
    gathered, price = judged("R02", compound_289()), judged("R21", moonwell())

    assert (gathered.value, gathered.severity) == ("0.813332", Severity.CRITICAL)
    assert (price.value, price.severity) == ("0.999491", Severity.CRITICAL)
    assert judged("R21", capo()).status is Status.CLEAR  # -2.85 % is within 5 %: the skew is what R20 is for
    assert "clipped from 1.2282 to 1.1919" in judged("R20", capo()).line
    assert "4.6 %" not in judged("R06", compound_289()).line
    assert judged("R06", compound_289()).value == "0.415833"
