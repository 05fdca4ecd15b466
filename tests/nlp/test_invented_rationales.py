"""The invented vote rationales that training adds to the licensed sets."""

from random import Random

from nlp.invented_rationales import invented_rationales
from nlp.tasks import LABELS


def test_the_same_dice_give_the_same_texts() -> None:
    """A resumed training run must learn from the rows the killed one would have seen."""
    assert invented_rationales(30, Random(4)) == invented_rationales(30, Random(4))
    assert invented_rationales(30, Random(4)) != invented_rationales(30, Random(5))


def test_every_slot_of_every_wording_is_filled() -> None:
    """A brace left open would teach the model that braces mean something."""
    made = invented_rationales(3_000, Random(1))

    assert not [row for row in made if "{" in row.text + row.target or "}" in row.text + row.target]
    assert all(row.text.strip() and row.target.strip() for row in made)


def test_texts_rarely_repeat() -> None:
    """A few texts over and over would be learnt by heart."""
    made = invented_rationales(3_000, Random(1))

    assert len({row.text for row in made}) > 2_700


def test_the_three_stances_come_in_equal_parts_and_say_so() -> None:
    """Abstentions are where stance is lost; they must not be rare here. Each says its own side where it names one."""
    made = invented_rationales(900, Random(2))
    of_stance = {name: [row.text for row in made if row.label == label] for label, name in enumerate(LABELS["stance"])}

    assert {len(texts) for texts in of_stance.values()} == {300}
    assert sum("abstain" in text.lower() for text in of_stance["neutral"]) > 100
    assert not [text for text in of_stance["for"] if "voting no." in text.lower() or "voted against" in text.lower()]
    assert not [text for text in of_stance["against"] if "voting yes." in text.lower() or "voted in favour" in text.lower()]
