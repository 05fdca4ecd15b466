"""Where the author's own sentences begin and end."""

import pytest

from nlp.arguments import sentences


def said(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


def test_sentences_end_at_full_stops_and_at_line_breaks() -> None:
    """Spaces round a break belong to neither side."""
    assert said("We should raise the fee. It pays for audits.  \n \n  The pool can bear it\t\n") == [
        "We should raise the fee.",
        "It pays for audits.",
        "The pool can bear it",
    ]


@pytest.mark.parametrize(
    "quote",
    [
        "> I hate this plan utterly.\n",
        "&gt; I hate this plan utterly.\n",
        "[quote=bob]I hate [quote]all of[/quote] this plan utterly.[/quote] ",
        "<blockquote>I hate <blockquote>all of it</blockquote> this plan utterly.</blockquote> ",
        '<aside class="quote">I hate this plan utterly.</aside> ',
        "<pre>I hate this plan utterly.</pre> ",
    ],
)
def test_quotes_and_code_hold_no_sentences_and_move_no_places(quote: str) -> None:
    """An argument is shown by its place in the text as it was written."""
    assert said(f"{quote}We support this plan wholly.") == ["We support this plan wholly."]


@pytest.mark.timeout(60)
@pytest.mark.parametrize("repeated", [" ", "\t", "\u3000", "\n", ".\t", ".)", "[quote", "[quote]", "&lt;aside ", "> "])
def test_hostile_repeats_are_taken_apart_without_a_stall(repeated: str) -> None:
    """What takes the square of its length would run for minutes here; the timeout is a guard, not a measure."""
    hostile = repeated * (200_000 // len(repeated))

    assert said(f"We support this plan wholly.\n{hostile}")[0] == "We support this plan wholly."
