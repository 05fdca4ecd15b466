"""The guide names every rule with its threshold and source, as the code has them."""

from pathlib import Path

from governance.flags.known_functions import FUNCTIONS
from governance.flags.registry import RULES

GUIDE = Path(__file__).parents[3] / "docs" / "flags.md"


def test_the_guide_lists_every_rule_as_it_is() -> None:
    """A threshold that differs from the code is worse than none."""
    rows = [line for line in GUIDE.read_text(encoding="utf-8").splitlines() if line.startswith(("| R", "| S")) and line.count("|") == 4]

    assert rows == [f"| {rule.id} {rule.name} | {rule.threshold} | {rule.source} |" for rule in RULES]


def test_the_guide_counts_the_functions() -> None:
    """A reader who finds a call unread looks there first."""
    assert f"against {len(FUNCTIONS)} public functions" in GUIDE.read_text(encoding="utf-8")
