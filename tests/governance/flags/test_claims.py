"""What a reader can see of a text, against the plain rule of what is unseen; and amounts, as far as they are looked for."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.flags.claimed_amounts import amounts
from governance.flags.claims import visible, without_unseen

# The rule as one pattern, which reads as far as it reaches from every tag anew.
_RULE = re.compile(
    r"<(\w{1,20})\b[^<>]{0,300}(?:display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0|opacity\s*:\s*0|\bhidden\b)[^<>]{0,300}>"
    r".{0,20000}?(?:</\1\s*>|\Z)",
    re.IGNORECASE | re.DOTALL,
)
_PIECES = [
    "<a hidden>",
    "<A HIDDEN>",
    "<b style='opacity: 0'>",
    "<a href>",
    "</a>",
    "</A >",
    "</b>",
    "</i>",
    "<",
    ">",
    "x\n",
    " ",
    "y" * 20_001,
]


@given(st.lists(st.sampled_from(_PIECES), max_size=12))
def test_what_a_tag_hides_is_not_seen(pieces: list[str]) -> None:
    """Up to the next closing tag of its name, or to the end, where either is near enough."""
    text = "".join(pieces)

    assert without_unseen(text) == _RULE.sub(" ", text)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("piece", ["<a hidden>", "<a hidden>x</b>", "<a hidden></b>"])
def test_tags_that_never_close_are_passed_once(piece: str) -> None:
    """Read anew from each of 400,000 to as far as it may reach, it would take minutes."""
    assert len(without_unseen(piece * 200_000)) <= 200_000 * len(piece)


def test_what_grows_is_seen_as_far_as_a_text_is_looked_at() -> None:
    """One letter can stand for eighteen."""
    assert len(visible("\ufdfa" * 200_000)) <= 100_000


@pytest.mark.parametrize("piece", ["a\u0301\u0316" * 20_000, "![a](" * 15_000, "[a](" * 20_000])
def test_words_behind_what_never_ends_are_seen(piece: str) -> None:
    """Hostile beginnings hide nothing that an honest reader would see."""
    assert visible(f"{piece} pay 5 COMP").endswith("pay 5 COMP")


@pytest.mark.parametrize(("numbers", "named"), [(7_000, True), (9_000, False)])
def test_so_many_numbers_are_looked_at_and_no_more(numbers: int, named: bool) -> None:
    """Those beyond are not taken for named, so that a payment of that amount is in doubt and never cleared by them."""
    assert any(each.token == "COMP" for each in amounts(f"{'1 x ' * numbers} 5 COMP")) is named
