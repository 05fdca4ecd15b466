"""The guide's example bodies are the ones that are tested to give a raise."""

import json
import re
from pathlib import Path

import pytest

from governance import recommendations
from governance.tokenomics.policies import PI_DEFAULTS
from tests.token_economy import guardrail_body, objective_body, parameter_body

GUIDE = (Path(__file__).parents[2] / "docs" / "recommendations.md").read_text(encoding="utf-8")
EXPECTED = {
    "parameter": {**parameter_body(), "place": {"kind": "manual_record"}},
    "guardrail": guardrail_body(),
    "objective": objective_body(),
}


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_the_examples_of_the_guide_are_the_tested_bodies(name: str) -> None:
    """Who copies them gets the recommendation that the guide promises."""
    found = re.search(rf"```json {name}\n(.*?)```", GUIDE, re.DOTALL)

    assert found is not None
    assert json.loads(found[1]) == EXPECTED[name]


def test_the_guide_lists_every_reason_to_abstain() -> None:
    """In the order in which the rules check them, as far as the module says it."""
    told = re.findall(r"^\| `(\w+)` \|", GUIDE, re.MULTILINE)
    listed = re.findall(r"\w+", (recommendations.__doc__ or "").split("abstention:")[1].split("Text never")[0])

    assert sorted(told) == sorted(listed)


def test_the_constants_told_are_the_constants_used() -> None:
    """A number in prose that drifts from the code is worse than none."""
    for value in PI_DEFAULTS.values():
        assert value in GUIDE
