"""Who may consent, and when their consent is enough."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.approvals import Support
from governance.counting import count, most_cautious, refuse_stronger
from governance.electorates import MAX_DELEGATES, electorate, exact_sum, plain
from governance.errors import AlreadyRecorded, InvalidInput
from tests.consent_world import electorate_body, wallet

POWERS = st.lists(st.integers(1, 10**30), min_size=1, max_size=6)
WORDS = st.lists(st.sampled_from([None, *Support]), min_size=6, max_size=6)


def spoiled(field: str, value: Any) -> dict[str, Any]:
    body = electorate_body("10", "20", "30", rule="power", approve="40")
    part, _, name = field.partition(".")
    if part == "threshold":
        body["threshold"][name] = value
    elif part == "first":
        body["delegates"][0][name] = value
    else:
        body[part] = value
    return body


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("delegates", []),
        ("delegates", None),
        ("delegates", ["0x00"]),
        ("delegates", [{"address": wallet(i).address, "power": "1"} for i in range(MAX_DELEGATES + 1)]),
        ("first.address", "0x" + "0" * 40),
        ("first.address", wallet(1).address.lower()),
        ("first.address", wallet(2).address),
        ("first.address", None),
        ("first.name", "someone"),
        ("first.power", "0"),
        ("first.power", "0.0"),
        ("first.power", "1.50"),
        ("first.power", "-1"),
        ("first.power", "1e3"),
        ("first.power", "NaN"),
        ("first.power", "１２"),
        ("first.power", "01"),
        ("first.power", "9" * 79),
        ("first.power", 10),
        ("threshold.approve", "0"),
        ("threshold.approve", "60.000000000000000001"),
        ("threshold.approve", "61"),
        ("threshold.approve", None),
        ("threshold.block", None),
        ("threshold.block", "0"),
        ("threshold.block", "latest"),
        ("threshold.rule", "quadratic"),
        ("threshold.quorum", "1"),
        ("threshold", None),
        ("name", "x"),
    ],
)
def test_an_electorate_that_breaks_a_rule_is_refused_by_field(field: str, value: Any) -> None:
    """A threshold of zero, or one nobody can reach, would approve everything or nothing for ever."""
    with pytest.raises(InvalidInput) as refused:
        electorate(spoiled(field, value))

    assert refused.value.details["rule"]


def test_heads_are_whole_and_within_the_number_of_delegates() -> None:
    """One more head than delegates is unreachable; exactly all of them is not."""
    assert electorate(electorate_body("1", "1", approve="2")).threshold.approve == "2"
    for approve in ("3", "1.5", "0"):
        with pytest.raises(InvalidInput, match="approve"):
            electorate(electorate_body("1", "1", approve=approve))


def test_the_order_of_delegates_does_not_change_the_digest() -> None:
    """The digest is what a change of delegates starts from; the same set must have the same one."""
    body = electorate_body("10", "20", "30")

    assert electorate({**body, "delegates": body["delegates"][::-1]}).sha256() == electorate(body).sha256()
    assert electorate(electorate_body("10", "20", "31")).sha256() != electorate(body).sha256()


@given(powers=POWERS, words=WORDS, data=st.data())
def test_a_threshold_by_power_is_met_exactly_at_the_limit(powers: list[int], words: list[Support | None], data: st.DataObject) -> None:
    """Integer arithmetic over every set of words: met at the threshold, not one unit below, out of reach by one unit."""
    approve = data.draw(st.integers(1, sum(powers)))
    rules = electorate(electorate_body(*map(str, powers), rule="power", approve=str(approve)))
    said: dict[str, Support] = {wallet(i + 1).address: word for i, word in enumerate(words[: len(powers)]) if word is not None}
    tally = count(rules, said)

    def total(*wanted: Support | None) -> int:
        return sum(power for i, power in enumerate(powers) if words[i] in wanted)

    assert (tally.for_, tally.against, tally.abstain) == tuple(str(total(word)) for word in (Support.FOR, Support.AGAINST, Support.ABSTAIN))
    assert tally.met is (total(Support.FOR) >= approve)
    assert tally.out_of_reach is (total(Support.FOR, None) < approve)
    assert not (tally.met and tally.out_of_reach)


@pytest.mark.parametrize(("powers", "met"), [(("0.1", "0.2"), True), (("0.1", "0.199999999999999999"), False)])
def test_fractions_of_power_are_added_exactly(powers: tuple[str, str], met: bool) -> None:
    """In floats 0.1 + 0.2 is more than 0.3, and 78 digits lose their last ones."""
    rules = electorate(electorate_body(*powers, "1", rule="power", approve="0.3"))

    assert count(rules, {wallet(1).address: Support.FOR, wallet(2).address: Support.FOR}).met is met
    assert plain(exact_sum([Decimal("9" * 78), Decimal("0.000000000000000001")])) == "9" * 78 + ".000000000000000001"


def test_a_stranger_weighs_nothing() -> None:
    """A delegate who was removed is a stranger to the new electorate."""
    rules = electorate(electorate_body("1", "1", approve="1"))

    assert count(rules, {wallet(7).address: Support.FOR}).for_ == "0"
    assert not count(rules, {wallet(7).address: Support.FOR}).met


@given(words=st.permutations(list(Support)))
def test_what_counts_does_not_depend_on_the_order_of_arrival(words: list[Support]) -> None:
    """Whoever carries a delegate's signatures chooses their order; the count must not follow it."""
    standing: Support | None = None
    for word in words:
        try:
            refuse_stronger("0x", before=standing, after=word)
        except AlreadyRecorded:
            continue
        assert most_cautious(standing, word) is word
        standing = word

    assert standing is Support.AGAINST


@pytest.mark.parametrize("word", list(Support))
def test_the_same_word_twice_is_refused(word: Support) -> None:
    """Another signature over the same word adds nothing and would only blur who said what when."""
    with pytest.raises(AlreadyRecorded):
        refuse_stronger("0x", before=word, after=word)
