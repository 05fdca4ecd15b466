"""What a vote's reason teaches: which label it bears, what is left out, and that nothing but the stance head ever changes."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import load

from governance.errors import InvalidInput
from governance.text_lessons import StanceLesson, lessons_digest
from nlp.model_store import find_weights, read_header, read_weights
from nlp.stance import LABELS
from nlp.temperature import softmax
from nlp.text_retraining import LONGEST_READ, MOST_PER_VOTER, Sheet, Step, fit, label_of, moved, parted, read_sheet, retrain_stance, usable

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
CHOICES = ("For", "Against", "Abstain")


def lesson(number: int = 0, *, choice: str = "1", choices: tuple[str, ...] = CHOICES, text: str = "", voter: str = "") -> StanceLesson:
    """A reason of its own, an hour after the one before."""
    said = text or f"Reason number {number} of mine"
    return StanceLesson(
        "tide.eth",
        f"p{number // 5}",
        voter or f"v{number}",
        said,
        "Lower the fee",
        choice,
        choices,
        "basic",
        BEGIN + timedelta(hours=number),
    )


@pytest.mark.parametrize(
    ("choice", "choices", "label"),
    [
        ("1", CHOICES, "for"),
        ("2", CHOICES, "against"),
        ("3", CHOICES, "neutral"),
        ("2", ("No, do nothing", "Yes, raise it"), "for"),
        ("1", ("No, do nothing", "Yes, raise it"), "against"),
        ("1", ("Ann", "Ben"), None),
        ("4", CHOICES, None),
        ("[1, 2]", CHOICES, None),
        ('{"1": 1, "2": 1}', CHOICES, None),
        ('{"2": 1}', CHOICES, "against"),
        ("3", (), "neutral"),
        ("nonsense", CHOICES, None),
    ],
)
def test_a_vote_is_a_label_only_where_its_words_are_plain(choice: str, choices: tuple[str, ...], label: str | None) -> None:
    """An election of persons, an approval of several options or an unreadable vote teaches nothing."""
    assert label_of(lesson(choice=choice, choices=choices)) == label


def test_repetitions_short_texts_and_loud_voters_are_left_out() -> None:
    """One voter cannot teach the model alone, and neither can a text that is sent a hundred times."""
    loud = [lesson(number, voter="loud") for number in range(50)]
    copies = [lesson(1, text="The very same words", voter=f"c{n}") for n in range(100)]
    found = [each for each, _ in usable([*loud, *copies, lesson(99, text="Yes!")])]
    assert sum(each.voter == "loud" for each in found) == MOST_PER_VOTER
    assert sum(each.voter.startswith("c") for each in found) == 1
    assert all(each.text != "Yes!" for each in found)
    assert max(each.said_at for each in found) == loud[-1].said_at


def test_what_is_held_out_is_later_and_about_other_proposals() -> None:
    """A proposal with reasons in the held-out time teaches nothing, from whenever they are."""
    early, late = parted(["a", "a", "b", "b", "c", "c", "c", "d", "c", "e"], 0.3)
    assert late.tolist() == [False] * 7 + [True] * 3
    assert early.tolist() == [True] * 4 + [False] * 6


def sheet(count: int, *, signal: float, temperature: float = 1.0) -> Sheet:
    """Vectors of which the first number tells the label, by as much as `signal`; the incumbent knows nothing."""
    dice = np.random.Generator(np.random.PCG64(3))
    labels = dice.integers(0, len(LABELS), count)
    vectors = dice.standard_normal((count, 384))
    vectors[:, 0] += signal * (labels - 1)
    return Sheet(
        vectors, np.zeros((count, len(LABELS))), np.full(count, temperature), labels, tuple(f"p{number // 5}" for number in range(count))
    )


@pytest.mark.parametrize("temperature", [0.7, 1.0, 2.0])
def test_a_step_is_taken_where_there_is_something_to_learn_and_hardly_any_where_not(temperature: float) -> None:
    """Held-out loss falls with a signal; with noise the head stays nearly where it is."""

    def gain(signal: float) -> float:
        rows = sheet(600, signal=signal, temperature=temperature)
        early, late = rows.where(np.arange(600) < 400), rows.where(np.arange(600) >= 400)
        said = softmax(fit(early).logits(late))[np.arange(200), late.labels]
        return float(np.log(3) + np.log(said).mean())

    assert gain(6.0) > 0.2
    assert gain(0.0) > -0.05


def test_a_step_is_taken_through_the_temperature() -> None:
    """The head's step is divided like its logits, and no step leaves the calibrated logits."""
    warm, hot = sheet(60, signal=6.0), sheet(60, signal=6.0, temperature=2.0)
    step = fit(sheet(600, signal=6.0))

    assert np.array_equal(Step(np.zeros((3, 385))).logits(hot), hot.calibrated)
    assert np.abs(step.logits(warm)).max() > 1
    assert step.logits(hot) == pytest.approx(step.logits(warm) / 2)


def test_only_the_stance_head_changes() -> None:
    """Every other tensor, and everything the file says of itself, is the incumbent's to the byte."""
    weights = read_weights(find_weights("text"))
    after = moved(weights, Step(np.full((3, 385), 0.01)))
    before, now = load(weights), load(after)
    changed = {name for name in before if before[name].tobytes() != now[name].tobytes()}
    assert changed == {"heads.stance.weight", "heads.stance.bias"}
    assert read_header(after) == read_header(weights)
    assert moved(weights, Step(np.full((3, 385), 0.01))) == after


def test_too_few_lessons_are_refused_by_number() -> None:
    """Forty reasons are no school."""
    with pytest.raises(InvalidInput) as refusal:
        retrain_stance(
            [lesson(number, choice="12"[number % 2]) for number in range(40)], read_weights(find_weights("text")), margin_micronats=0
        )
    assert refusal.value.details["value"] == 25


def test_lessons_have_one_name_in_any_order() -> None:
    """What a model was made of can be named and compared."""
    lessons = [lesson(number) for number in range(5)]
    assert lessons_digest(lessons) == lessons_digest(lessons[::-1]) != lessons_digest(lessons[1:])


def test_of_a_long_reason_the_beginning_is_learnt_from() -> None:
    """A vote costs nothing, and its reason may have 100,000 characters, which take twenty seconds to read."""
    asked: list[tuple[str, str]] = []

    def note(pairs: Sequence[tuple[str, str]]) -> NDArray[np.float64]:
        asked.extend(pairs)
        return np.zeros((len(pairs), 384))

    read_sheet(read_weights(find_weights("text")), [lesson(text="word " * 20_000), lesson(1, text="a short reason")], [0, 1], note)

    assert [len(text) for text, _ in asked] == [LONGEST_READ, len("a short reason")]


@pytest.mark.encoder
def test_what_is_learnt_from_is_read_toward_the_title() -> None:
    """As a reading is; a summary behind it changes nothing."""
    bare = lesson()
    summarised = replace(bare, target=f"{bare.target}\nThis is a disgrace, and we must stop it.")

    sheet = read_sheet(read_weights(find_weights("text")), [bare, summarised], [0, 0])

    assert sheet.logits[0] == pytest.approx(sheet.logits[1], abs=1e-4)
