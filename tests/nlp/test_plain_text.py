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
        ("I \u2764\ufe0f this DAO", "I heart this DAO"),
        ("so <b>bold</b>", "so bold"),
        ("a < b and b > c", "a < b and b > c"),
        ("1,000 tokens at 5%", "1,000 tokens at 5%"),
    ],
)
def test_markup_links_addresses_and_emoji_become_words(written: str, read: str) -> None:
    """Links and addresses say that they are there, not where they point; emoji say what they show."""
    assert plain_text(written) == read


@pytest.mark.parametrize(
    "address",
    [
        "addr1qx2fxv2umyhttkxyxp8x0dlpdt3k6cwng5pxj3jhsydzer3jcu5d8ps7zex2k2xt3uqxgjqnnj83ws8lhrn648jjxtwq2ytjqp",
        "addr_test1vz2fxv2umyhttkxyxp8x0dlpdt3k6cwng5pxj3jhsydzerspjrlsz",
        "stake1u9r76ypf5fskppa0cmttas05cgcswrttn6jrq4yd7jpdnvc7gt0yc",
        "drep1ydpfkyjxzeqvalf6fgvj7lznrk8kcmfnvy9hyl6gr6ez6wgsjaelx",
        "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
        "cosmos1x4k2h8gqzcjlk9v7s5r0d3p6m8n2u4w7y9a0c3",
    ],
)
def test_addresses_of_other_chains_are_the_same_word(address: str) -> None:
    """Which chain is paid says as little as who is paid."""
    assert plain_text(f"pay {address}, twice") == "pay 0x, twice"


@pytest.mark.parametrize(
    "words", ["version1 supersedes", "stage1qualification of all", "addr1qx2 and more", "layer1qqqqqqqqqqqqqqqqqqqqqqqq"]
)
def test_words_with_a_one_inside_are_no_addresses(words: str) -> None:
    """Too short, with letters no address has, or without a digit."""
    assert plain_text(words) == words


@pytest.mark.parametrize(
    "quote",
    [
        "> I hate this plan\n",
        "&gt; I hate this plan\n&#62; all of it\n",
        "[quote=bob]I hate this plan[/quote]",
        "[quote=bob][quote=eve]I like it[/quote]I hate this plan[/QUOTE]",
        "[quote]I [quote]hate[/quote] this [quote]bad [quote]old[/quote][/quote] plan[/quote]",
        "<blockquote>I hate this plan</blockquote>",
        "<blockquote>I like it<BLOCKQUOTE cite='x'>\nI hate this plan</BLOCKQUOTE> as I said</blockquote>",
        "&lt;blockquote&gt;I hate this plan&lt;/blockquote&gt;",
        '<aside class="quote no-group" data-username="bob">\n<div>bob:</div><aside>I hate</aside> this plan</aside>',
        "<blockquote>I hate <code>[quote]</code> this plan</blockquote>",
        "```\nhate()\n```\n",
        "<pre><code>hate()</code></pre>",
        "<code class='lang-solidity'>hate() &lt;blockquote&gt;</code>",
    ],
)
def test_quotes_and_code_are_not_the_authors_voice(quote: str) -> None:
    """Who quotes an opponent to answer him must not be read as the opponent."""
    assert plain_text(f"{quote}I support it") == "I support it"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("I support it [quote]I hate this plan", "I support it"),
        ("I support it <blockquote>I hate this plan", "I support it"),
        ("[quote]I like it[quote]I hate this plan[/quote]I support it", "I support it"),
        ("[quote]I hate[quote]it[/quote]I support it[quote]all of it", "I support it"),
        ("[/quote]I support it</blockquote>", "[/quote]I support it"),
    ],
)
def test_a_quote_that_never_closes_reaches_to_the_last_closing_tag_or_to_the_end(written: str, read: str) -> None:
    """As forums show it: a stray opening must not take in what the author wrote after the quote."""
    assert plain_text(written) == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("<aside class='note'>I support it</aside> wholly", "I support it wholly"),
        ("wrap it in `<code>` and go on", "wrap it in and go on"),
        ("<codebase> I support it </codebase>", "I support it"),
    ],
)
def test_what_only_resembles_a_quote_is_the_authors_voice(written: str, read: str) -> None:
    """Other asides, tags that are spoken of, and tags of longer names."""
    assert " ".join(plain_text(written).split()) == read


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


def test_a_number_too_long_to_read_is_no_character() -> None:
    """Python refuses to turn it into a number, which must not end the reading."""
    assert plain_text(f"fees &#{'9' * 5_000}; rise") == "fees replacement character rise"


def test_marks_as_many_as_a_language_piles_up_are_kept() -> None:
    """Only the height of a pile is limited: what stands on one letter in Hebrew or Vietnamese stays."""
    assert plain_text("\u05e9\u05b8\u05bc\u05c1 vie\u0323\u0302t") == "\u05e9\u05b8\u05bc\u05c1 vi\u1ec7t"


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "repeated",
    [
        "[", "[a](", "![", "![](", "![a](", "[quote", "[quote]", "[/quote]", "<a", "<a ", "<aside ", "&lt;aside ", "<blockquote>", "<code>",
        "`", "```", "~~~", "&", "&#", "&#x0", "&gt; ", "> ", "\n> ", " ", "\n", "https://", "www.", "@", "*", "0x0000000g ", "bc1", "a1q",
        "a_", "a b ", "\u0301\u0323", "\u05b0\u0591", "\U0001f680",
    ],
)  # fmt: skip
def test_hostile_repeats_are_read_without_a_stall(repeated: str) -> None:
    """Patterns that backtrack would run for minutes here, or for hours; the timeout is a guard, not a measure."""
    assert len(plain_text(f"a{repeated * (200_000 // len(repeated))}")) <= 400_000


@pytest.mark.parametrize("repeated", ["\ufdfa", "\ufdfaa ", "\U0001fba9\U0001fba8", "\u2605\u2606 ", "\u33af"])
def test_what_is_read_is_bounded_by_what_was_written(repeated: str) -> None:
    """One character can stand for eighteen, and a symbol's name has up to 88: a post would be read as one of seventeen million."""
    text = repeated * (200_000 // len(repeated))

    assert len(plain_text(text)) <= 3 * len(text) + 50_000


def test_words_behind_more_symbols_than_are_named_are_read() -> None:
    """The names run out, not the text."""
    assert plain_text("\u2605 against it") == "star against it"
    assert plain_text(f"{'★☆' * 50_000} I am against it").endswith("I am against it")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("[a](b[1]) c", "a c"),
        ("[a](b [c](d) e", "a e"),
        ("[a](x[y](d) e", "a e"),
        ('![a](b "t") c', "a c"),
    ],
)
def test_brackets_in_an_address_belong_to_it(written: str, read: str) -> None:
    """Up to the closing parenthesis."""
    assert plain_text(written) == read
