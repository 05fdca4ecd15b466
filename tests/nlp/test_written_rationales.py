"""The written vote rationales that training adds to the licensed sets."""

import json
from collections import Counter, defaultdict
from pathlib import Path
from random import Random

import nlp.written_rationales as module
from nlp.written_rationales import MASK, written_rationales

FILE = Path(module.__file__).with_suffix(".jsonl")


def test_every_proposal_has_one_rationale_of_each_stance() -> None:
    """Only so can nobody tell the stance from the subject."""
    stances: dict[str, Counter[str]] = defaultdict(Counter)
    for line in FILE.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        stances[row["proposal"]][row["stance"]] += 1

    assert len(stances) > 50
    assert all(found == {"for": 1, "against": 1, "neutral": 1} for found in stances.values())


def test_rounds_go_through_the_whole_file() -> None:
    """A resumed run sees what the killed one would have seen, and no text twice before each was seen once."""
    size = len(FILE.read_text(encoding="utf-8").splitlines())
    halves = [written_rationales(size // 2, number, Random(1)) for number in range(2)]

    assert halves[0] == written_rationales(size // 2, 0, Random(1))
    assert len({row.label for row in halves[0]}) == 3
    assert Counter(row.label for half in halves for row in half) == {0: size // 3, 1: size // 3, 2: size // 3}


def test_a_decision_stands_as_written_or_masked_and_never_in_braces() -> None:
    """A brace left in a text would teach the model that braces mean something."""
    rows = [row for number in range(20) for row in written_rationales(60, number, Random(number))]

    masked = sum(MASK in row.text for row in rows)
    assert 0.1 * len(rows) < masked < 0.35 * len(rows)
    assert not [row for row in rows if "{{" in row.text or "}}" in row.text]
    assert 0.1 * len(rows) < sum(row.target == "proposal" for row in rows) < 0.3 * len(rows)


def test_stances_come_in_the_turns_asked_for() -> None:
    """Abstentions are a third of the file and rare in life."""
    rows = written_rationales(50, 3, Random(1), stances=("against", "for", "neutral", "against", "for"))

    assert Counter(row.label for row in rows) == {0: 20, 2: 20, 1: 10}
