"""Which rows training may see, and how they are dealt."""

from collections import Counter
from dataclasses import replace

import pytest

from nlp.dataset import TRAINABLE, LabelledText
from nlp.invented_rationales import DATASET as INVENTED
from nlp.sampling import RoundSampler, SamplingConfig, validation_rows
from nlp.written_texts import ARGUMENTS, POSTS

NEUTRAL = 1


def rows_of(dataset: str, labels: str, split: str = "train") -> list[LabelledText]:
    """One row per letter of `labels`: n(egative or against), o (neutral), p(ositive or for)."""
    task = TRAINABLE[dataset].task if dataset in TRAINABLE else "stance"
    return [
        LabelledText(dataset, f"{dataset} text {number}", f"claim number{number % 3}", task, "nop".index(letter), split)
        for number, letter in enumerate(labels)
    ]


@pytest.mark.parametrize("forbidden", ["fin_phrasebank_50", "afterrain_crypto", "dao_arbitrum_delegates"])
def test_sets_without_a_licence_for_it_are_never_trained_on(forbidden: str) -> None:
    """The shipped weights are free to use; one non-commercial row would end that."""
    with pytest.raises(ValueError, match=forbidden):
        RoundSampler([], SamplingConfig({forbidden: 10}), seed=1)


def test_only_training_rows_are_dealt() -> None:
    """A test row seen in training would make every figure worthless."""
    rows = rows_of("argkp21", "npnp") + rows_of("argkp21", "npnpnp", "test") + rows_of("argkp21", "npnp", "val")
    sampler = RoundSampler(rows, SamplingConfig({"argkp21": 8}, off_target_rows=4, invented_rows=0), seed=1)

    dealt = {row.split for number in range(5) for row in sampler.deal(number)}

    assert dealt == {"train"}


def test_a_round_is_the_same_whenever_it_is_dealt() -> None:
    """A resumed run must learn from the rows the killed one would have seen."""
    rows = rows_of("argkp21", "nnnppp" * 5) + rows_of("sst5_as3", "nop" * 10)
    config = SamplingConfig({"argkp21": 6, "sst5_as3": 6}, off_target_rows=3, invented_rows=0)

    first = RoundSampler(rows, config, seed=1)
    first.deal(0)

    assert first.deal(3) == RoundSampler(rows, config, seed=1).deal(3)
    assert first.deal(3) != first.deal(4)


def test_rounds_go_through_all_rows_before_any_comes_a_second_time() -> None:
    """Otherwise chance would show some rows often and others never."""
    rows = rows_of("argkp21", "n" * 12 + "p" * 12)
    sampler = RoundSampler(rows, SamplingConfig({"argkp21": 8}, off_target_rows=0, invented_rows=0), seed=1)

    seen = Counter(row.text for number in range(3) for row in sampler.deal(number))

    assert len(seen) == 24
    assert set(seen.values()) == {1}


def test_rare_labels_are_dealt_more_often_than_they_occur() -> None:
    """Neutral is where stance is lost, and neutral is rare."""
    rows = rows_of("semeval16_stance", "o" * 10 + "p" * 90)
    even = RoundSampler(rows, SamplingConfig({"semeval16_stance": 40}, evenness=1.0, off_target_rows=0, invented_rows=0), seed=1)
    plain = RoundSampler(rows, SamplingConfig({"semeval16_stance": 40}, evenness=0.0, off_target_rows=0, invented_rows=0), seed=1)

    assert Counter(row.label for row in even.deal(0))[NEUTRAL] == 20
    assert Counter(row.label for row in plain.deal(0))[NEUTRAL] == 4


def test_a_text_beside_a_target_it_does_not_speak_of_is_neutral() -> None:
    """Without such rows a reader takes sides on proposals the text never mentions."""
    rows = rows_of("argkp21", "npnpnp")
    sampler = RoundSampler(rows, SamplingConfig({"argkp21": 0}, off_target_rows=20, invented_rows=0), seed=1)
    own = {row.text: row.target for row in rows}

    dealt = sampler.deal(0)

    assert len(dealt) == 20
    assert all(row.label == NEUTRAL and row.target != own[row.text] for row in dealt)


def test_written_posts_and_arguments_come_with_every_round() -> None:
    """They stand beside the licensed rows, and of posts as many lose what they are about."""
    config = SamplingConfig({"argkp21": 2}, written_arguments=12, written_posts=30, target_dropped=1.0, target_added=0.0)
    dealt = RoundSampler(rows_of("argkp21", "np"), config, seed=1).deal(2)

    assert Counter(row.dataset for row in dealt) == {"argkp21": 2, ARGUMENTS: 12, POSTS: 30}
    assert {row.task for row in dealt if row.dataset == ARGUMENTS} == {"stance"}
    assert {row.target for row in dealt if row.dataset == POSTS} == {""}


def test_validation_rows_come_from_the_validation_split() -> None:
    """Temperatures fitted on test rows would flatter calibration."""
    rows = rows_of("argkp21", "npnp") + rows_of("argkp21", "npnpnp", "val")

    chosen = validation_rows(rows, ["argkp21"], per_set=4, seed=1)

    assert len(chosen) == 4
    assert {row.split for row in chosen} == {"val"}


def test_invented_rationales_come_with_every_round() -> None:
    """No licensed set holds the manner of delegates; a round without these would not teach it."""
    config = SamplingConfig({"argkp21": 2}, off_target_rows=0, invented_rows=9)

    dealt = [row for row in RoundSampler(rows_of("argkp21", "npnp"), config, seed=1).deal(0) if row.dataset == INVENTED]

    assert Counter(row.label for row in dealt) == {0: 3, 1: 3, 2: 3}
    assert {row.split for row in dealt} == {"train"}


def test_turned_claims_turn_their_labels() -> None:
    """Who is for a claim is against its opposite, and who is neutral stays neutral."""
    rows = [replace(row, target="Zoos should close") for row in rows_of("semeval16_stance", "nop" * 10)]
    config = SamplingConfig({"semeval16_stance": 30}, evenness=0.0, turned=0.5)

    dealt = RoundSampler(rows, config, seed=1).deal(0)

    label_of = {row.text: row.label for row in rows}
    turned = [row for row in dealt if row.target == "Zoos should not close"]
    assert 5 < len(turned) < 25
    assert all(row.label == 2 - label_of[row.text] for row in turned)
    assert all(row.label == label_of[row.text] for row in dealt if row.target == "Zoos should close")


def test_evenness_can_be_said_for_one_set() -> None:
    """Sets whose figure counts rare labels as much as common ones need more of them than others."""
    rows = rows_of("sst5_as3", "noooppppp" * 10) + rows_of("sentfin", "noooppppp" * 10)
    config = SamplingConfig({"sst5_as3": 30, "sentfin": 30}, evenness=0.0, evenness_of={"sst5_as3": 1.0}, disturbed=0.0)

    dealt = RoundSampler(rows, config, seed=1).deal(0)

    rare = {name: sum(row.dataset == name and row.label == 0 for row in dealt) for name in ("sst5_as3", "sentfin")}
    assert rare["sst5_as3"] == 10 > rare["sentfin"]


def test_disturbed_rows_are_the_share_asked_for() -> None:
    """Training on nothing but disturbed texts would lose the plain ones."""
    rows = rows_of("argkp21", "np" * 100)

    dealt = RoundSampler(rows, SamplingConfig({"argkp21": 200}, disturbed=0.2), seed=1).deal(0)

    plain = {row.text for row in rows}
    assert 15 < sum(row.text not in plain for row in dealt) < 65
