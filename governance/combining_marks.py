"""Unicode's normal forms of texts that may pile any number of combining marks on one letter."""

import re
import unicodedata
from typing import Final, Literal

# Putting combining marks into their order takes the square of their number: 30 in a row are enough for any language
# (Unicode's stream-safe format). No mark is a word character.
MOST_MARKS: Final = 30
_LONG_PILE: Final = re.compile(rf"[^\w\s]{{{MOST_MARKS + 1},}}+")


def normal_form(form: Literal["NFC", "NFD", "NFKC", "NFKD"], text: str) -> str:
    """`text` in that form, without the marks of a pile that stand behind its first `MOST_MARKS`."""
    return text if text.isascii() else unicodedata.normalize(form, _LONG_PILE.sub(lambda found: _lower_piles(found[0]), text))


def _lower_piles(signs: str) -> str:
    kept, marks = [], 0
    for sign in signs:
        marks = marks + 1 if unicodedata.combining(sign) else 0
        if marks <= MOST_MARKS:
            kept.append(sign)
    return "".join(kept)
