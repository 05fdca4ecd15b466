"""What of a post counts as its author's words."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp.plain_text import plain_text


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("see https://example.org/a?b=c now", "see http now"),
        ("paid 0x52908400098527886E0F7030069857D2E4169EE7 twice", "paid 0x twice"),
        ("thanks @alice_1, agreed", "thanks @user, agreed"),
        ("## Title\n- [the plan](https://example.org/p) is **good**", "Title the plan is good"),
        ("fees &amp; yields\u00a0rise", "fees & yields rise"),
        ("to the moon \U0001f680\U0001f680\U0001f680", "to the moon rocket"),
        ("so <b>bold</b>", "so bold"),
        ("a < b and b > c", "a < b and b > c"),
        ("1,000 tokens at 5%", "1,000 tokens at 5%"),
    ],
)
def test_markup_links_addresses_and_emoji_become_words(written: str, read: str) -> None:
    """Links and addresses say that they are there, not where they point; emoji say what they show."""
    assert plain_text(written) == read


@pytest.mark.parametrize("quote", ["> I hate this plan\n", "[quote=bob]I hate this plan[/quote]", "```\nhate()\n```\n"])
def test_quotes_and_code_are_not_the_authors_voice(quote: str) -> None:
    """Who quotes an opponent to answer him must not be read as the opponent."""
    assert plain_text(f"{quote}I support it") == "I support it"


def test_a_post_of_nothing_but_a_quote_is_still_read() -> None:
    """Dropping the only words there are would make a text empty that is not."""
    assert plain_text("> we vote against") == "> we vote against"


def test_invisible_and_look_alike_characters_change_nothing() -> None:
    """Zero-width, bidirectional and full-width forms are how readers are fooled."""
    assert plain_text("su\u200bpp\u202eort \uff26\uff2f\uff32") == "support FOR"


@settings(deadline=None)
@given(st.text())
def test_any_text_gives_one_line_without_controls(text: str) -> None:
    """Whatever comes in, the tokenizer sees printable words and single spaces."""
    read = plain_text(text)

    assert read == " ".join(read.split())
    assert not any(ord(character) < 0x20 for character in read)


def test_a_hundred_thousand_characters_of_openings_are_read_in_linear_time() -> None:
    """Unclosed markup must not make the patterns backtrack: 50 times the text takes the suite seconds, not hours."""
    for opening in ("[", "<a", "![", "`", "```", "[quote", "@", "http", "*", "> "):
        assert len(plain_text(opening * (100_000 // len(opening)))) <= 400_000
