"""The rationales and posts written for this project that training adds to the licensed sets."""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path
from random import Random

import numpy as np
import pytest

import nlp.written_texts as module
from governance.evidence import TextToRead
from nlp.reader import EncoderTextReader
from nlp.tasks import LABELS
from nlp.text_metrics import figures
from nlp.written_texts import MASK, POSTS, RATIONALES, written_posts, written_rationales


def texts_of(name: str, folder: Path = Path(module.__file__).parent) -> list[Mapping[str, str]]:
    """The lines of one file."""
    return [json.loads(line) for line in (folder / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]


def test_every_proposal_has_rationales_of_all_stances() -> None:
    """Only so can nobody tell the stance from the subject."""
    stances: dict[str, Counter[str]] = defaultdict(Counter)
    for row in texts_of(RATIONALES):
        stances[row["proposal"]][row["stance"]] += 1

    assert len(stances) > 300
    assert all(set(found) == set(LABELS["stance"]) for found in stances.values())


def test_every_mood_has_as_many_posts_and_no_text_is_there_twice() -> None:
    """A label that is rarer, or a text with two labels, would be learnt as a habit."""
    posts, rationales = texts_of(POSTS), texts_of(RATIONALES)

    counts = Counter(row["sentiment"] for row in posts)
    assert set(counts) == set(LABELS["sentiment"])
    assert max(counts.values()) < 1.1 * min(counts.values())
    assert len({row["text"] for row in posts + rationales}) == len(posts) + len(rationales)


def test_rounds_go_through_the_whole_file() -> None:
    """A resumed run sees what the killed one would have seen, and no post of a mood twice before each was seen once."""
    size = len(texts_of(POSTS))
    fewest = min(Counter(row["sentiment"] for row in texts_of(POSTS)).values())
    rounds = [written_posts(60, number) for number in range(-(-size // 60))]

    assert rounds[1] == written_posts(60, 1)
    assert {Counter(row.label for row in shown)[0] for shown in rounds} == {20}
    shown = [row.text for number in range(fewest // 20) for row in rounds[number]]
    assert len(set(shown)) == len(shown)


def test_a_decision_stands_as_written_or_masked_and_never_in_braces() -> None:
    """A brace left in a text would teach the model that braces mean something."""
    rows = [row for number in range(30) for row in written_rationales(60, number, Random(number))]

    masked = sum(MASK in row.text for row in rows)
    assert 0.1 * len(rows) < masked < 0.35 * len(rows)
    assert not [row for row in rows if "{{" in row.text or "}}" in row.text]
    assert 0.1 * len(rows) < sum(row.target == "proposal" for row in rows) < 0.3 * len(rows)


def test_stances_come_in_the_turns_asked_for() -> None:
    """Abstentions are many in the file and rare in life."""
    rows = written_rationales(50, 3, Random(1), stances=("against", "for", "neutral", "against", "for"))

    assert Counter(row.label for row in rows) == {0: 20, 2: 20, 1: 10}


@pytest.mark.parametrize(
    ("name", "task", "label", "target"), [(RATIONALES, "stance", "stance", "proposal"), (POSTS, "sentiment", "sentiment", "about")]
)
def test_shipped_weights_read_texts_held_out_of_training(
    text_reader: EncoderTextReader, name: str, task: str, label: str, target: str
) -> None:
    """The same manner about other proposals and firms: read well above chance, or what was learnt was learnt by heart."""
    held_out = texts_of(f"held_out_{name}", Path(__file__).parent)
    known = {row["text"] for row in texts_of(name)} | {row[target] for row in texts_of(name) if row[target]}
    assert not [row for row in held_out if row["text"] in known or row[target] in known]
    texts = [TextToRead(row["text"].replace("{{", "").replace("}}", ""), row[target]) for row in held_out]
    scores = np.array(text_reader.probabilities(texts, task))
    truth = np.array([LABELS[task].index(row[label]) for row in held_out])

    found = figures(truth, scores, LABELS[task])
    assert found.macro_f1 > 0.55
    assert min(found.recall.values()) > 0.4
    off_target = sum(reading.label == "off_target" for of_text in text_reader.read(texts) for reading in of_text)
    assert off_target < 0.12 * len(texts)
