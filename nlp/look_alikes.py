"""Letters that only look like Latin ones, and words taken apart: what a person reads as plain English is read as that.

Ordinary text stays as it is. A word changes only where it mixes Latin with another script, or is written wholly in
look-alikes within a Latin text that has such words or makes it an English one; where digits and signs stand inside a
word that the vocabulary knows without them; or where at least four single letters are spread out. Look-alikes:
Unicode's confusables (package confusable-homoglyphs).
"""

import json
import re
import unicodedata
from functools import cache

from nlp.base_weights import base_folder

# Scripts whose letters are taken for Latin ones: from the phonetic letters up, without general punctuation and symbols.
_OTHER_LETTER = re.compile(r"[\u0250-\u1fff\u2c60-\u2dff\ua640-\uabff\U00010280-\U000118ff\U0001df00-\U0001dfff]")
_WORD = re.compile(r"[^\W\d_]+")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]")
# A letter on both sides, and at least one stand-in between.
_DIGITS_INSIDE = re.compile(r"(?<![\w$@#.:/-])[A-Za-z]+[013457@$][A-Za-z013457@$]*[A-Za-z](?![\w$@])")
# A one is an l or an i.
_STANDS_FOR = (str.maketrans("013457@$", "oleastas"), str.maketrans("013457@$", "oieastas"))
_SPREAD = re.compile(r"(?<![\w'])[A-Za-z](?:([ *_-])[A-Za-z])(?:\1[A-Za-z]){2,}(?![\w'])")
_SHORTEST = 4
# Shorter words are names more often than disguises (L3s, C4O), but for those that turn a sentence.
_SHORT_WORDS = frozenset({"not", "bad", "for", "but", "nor"})


def undisguised(text: str) -> str:
    """`text` (NFKC) with look-alikes, stand-ins and spread letters as the letters they are read as."""
    if _OTHER_LETTER.search(text):
        latin = len(_LATIN.findall(text)) * 2 > sum(map(str.isalpha, text))
        mixed = latin and any(_folded(word, trusted=False) != word for word in _WORD.findall(text))
        text = _WORD.sub(lambda found: _folded(found[0], trusted=mixed, in_latin_text=latin), text)
    text = _DIGITS_INSIDE.sub(lambda found: _spelt(found[0]), text)
    return _SPREAD.sub(lambda found: _joined(found[0], found[1]), text)


def _folded(word: str, *, trusted: bool, in_latin_text: bool = False) -> str:
    """The word in ASCII where all its letters of other scripts have a look-alike there, and it poses as a Latin word.

    A word wholly of look-alikes poses as one where others of the same Latin text do (`trusted`), or if it then is one.
    """
    mixes = any(letter.isascii() for letter in word)
    others = [letter for letter in word if _OTHER_LETTER.match(letter)] if mixes or in_latin_text else []
    table = _look_alikes() if others else {}
    if not others or not all(letter in table for letter in others):
        return word
    folded = "".join(table.get(letter, letter) for letter in word)
    return folded if mixes or trusted or folded.lower() in _vocabulary() else word


def _spelt(word: str) -> str:
    """The word behind digits and signs, where the vocabulary knows it and does not know what is written."""
    said, known = word.lower(), _vocabulary()
    return word if said in known else next((meant for meant in map(said.translate, _STANDS_FOR) if meant in known), word)


def _joined(letters: str, separator: str) -> str:
    joined = letters.replace(separator, "")
    return joined if joined.lower() in _vocabulary() else letters


@cache
def _look_alikes() -> dict[str, str]:
    """Letters of other scripts, each with the one ASCII letter it, or its capital, is taken for."""
    from confusable_homoglyphs.confusables import confusables_data  # noqa: PLC0415  # a megabyte, for hostile texts only

    table: dict[str, str] = {}
    for letter, alike in confusables_data.items():
        if len(letter) == 1 and letter.isalpha() and _OTHER_LETTER.match(letter):
            found = [_as_ascii(other["c"]) for other in alike]
            taken_for = next((ascii_letter for ascii_letter in found if ascii_letter), None)
            if taken_for is not None:
                # Unicode's table names the small l for what looks like a capital I.
                table[letter] = "I" if letter.isupper() and taken_for == "l" else taken_for
    # Not of Greek: the small letters of its capitals are units and variables more often than disguises.
    smaller = {
        letter.lower(): taken_for.lower() for letter, taken_for in table.items() if letter.isupper() and "\u0400" <= letter < "\u0530"
    }
    return {**smaller, **table}


def _as_ascii(letter: str) -> str | None:
    """An ASCII letter, or the one a small capital is of."""
    if len(letter) == 1 and letter.isascii() and letter.isalpha():
        return letter
    name = unicodedata.name(letter, "") if len(letter) == 1 else ""
    capital = name.removeprefix("LATIN LETTER SMALL CAPITAL ")
    return capital.lower() if capital != name and len(capital) == 1 else None


@cache
def _vocabulary() -> frozenset[str]:
    """Whole words of the pinned tokenizer, and the short ones that matter."""
    model = json.loads((base_folder() / "tokenizer.json").read_text(encoding="utf-8"))["model"]
    return _SHORT_WORDS | {word for word in model["vocab"] if word.isalpha() and word.isascii() and len(word) >= _SHORTEST}
