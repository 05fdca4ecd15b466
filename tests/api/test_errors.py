"""Every refusal has a status, a place in the document, and an honest example."""

import importlib
import pkgutil

import pytest

import api
from api.errors import STATUS, problem, problems, status_of
from governance import errors
from governance.errors import GovernanceError


def _kinds(kind: type[GovernanceError]) -> set[type[GovernanceError]]:
    return {kind}.union(*(_kinds(child) for child in kind.__subclasses__()))


def test_every_refusal_of_the_house_has_a_status() -> None:
    """An error without a status would be a server error to the client."""
    for module in pkgutil.walk_packages(api.__path__, "api."):
        importlib.import_module(module.name)
    ours = {kind for kind in _kinds(GovernanceError) - {GovernanceError} if not kind.__module__.startswith("tests")}

    assert {kind.__name__ for kind in ours if not any(ancestor in STATUS for ancestor in kind.__mro__)} == set()
    assert len({kind.code for kind in STATUS}) == len(STATUS)


@pytest.mark.parametrize("kind", STATUS, ids=lambda kind: kind.__name__)
def test_every_refusal_is_documented_with_an_example_of_its_own(kind: type[GovernanceError]) -> None:
    """Clients are written from examples."""
    answer = problems(kind)[STATUS[kind]]["content"]["application/problem+json"]["examples"][kind.code]["value"]

    assert answer["code"] == kind.code
    assert answer["status"] == STATUS[kind]
    assert answer["type"] == f"urn:assent:problem:{kind.code}"


def test_a_problem_tells_the_values_that_decided_and_keeps_its_own_members() -> None:
    """Details can be anything; they never overwrite what RFC 9457 says."""
    told = problem(errors.Conflict("no", status=200, limit=5, type="x"), instance="req_1")

    assert told["status"] == 409
    assert told["type"] == "urn:assent:problem:conflict"
    assert told["limit"] == 5
    assert status_of(errors.GuardrailBreached("floor", 1, 0)) == 409
