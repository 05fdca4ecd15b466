"""What a person wrote, as the words a reader sees: markup, links, quotes of others and symbols handled on purpose."""

import html
import re
import unicodedata

from nlp.look_alikes import undisguised

_CODE_BLOCK = re.compile(r"```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)", re.DOTALL)
_QUOTE_BLOCK = re.compile(r"\[quote[^\]]*\].*?(?:\[/quote\]|\Z)", re.DOTALL | re.IGNORECASE)
_QUOTED_LINE = re.compile(r"^[ \t]{0,3}>.*$", re.MULTILINE)
_IMAGE = re.compile(r"!\[([^\]\n]{0,300})\]\([^)\s]{0,2000}[^)\n]{0,300}\)")
_MARKDOWN_LINK = re.compile(r"\[([^\]\n]{1,300})\]\([^)\s]{0,2000}[^)\n]{0,300}\)")
_TAG = re.compile(r"<[/!]?[a-zA-Z][^<>\n]{0,500}>")
_LINK = re.compile(r"(?:https?://|www\.)\S{1,2000}", re.IGNORECASE)
_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{8,}\b")
_MENTION = re.compile(r"(?<![\w@])@\w{1,50}")
_MARKS = re.compile(r"(?m)^[ \t]{0,3}(?:#{1,6}[ \t]+|[-*+][ \t]+|\|)|[*_`|]{2,}|`")
_SPACE = re.compile(r"\s+")
# What Unicode lets a display leave out: soft hyphens, joiners, direction marks, fillers, variation selectors, tags.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)

# Combining marks that no letter takes up are piled on to hide words; the tokenizer drops those that letters do.
_PILED = re.compile(r"[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20f0]")
_MARK = re.compile(r"[\u0300-\u036f]")

_SYMBOLS = frozenset({"So", "Sk"})
# Names end in words that say how a symbol is drawn, not what it means.
_DRAWN = re.compile(r" (?:SIGN|SYMBOL|SELECTOR-\d+|MODIFIER)$|^(?:BLACK|WHITE|HEAVY) ")


def plain_text(text: str) -> str:
    """The author's own words on one line, links and addresses as one word each, emoji by their Unicode names.

    Code and quotes of others are not the author's voice and are left out, unless nothing else was written.
    Invisible and bidirectional control characters go; compatibility forms become what they look like (NFKC), and so do
    letters of other scripts, digits and spread letters that pose as English words (`undisguised`).
    """
    own = _QUOTED_LINE.sub(" ", _QUOTE_BLOCK.sub(" ", _CODE_BLOCK.sub(" ", text)))
    return _words(own) or _words(text)


def without_accents(text: str) -> str:
    """The text with letters in place of accented letters, as the tokenizer sees it."""
    return unicodedata.normalize("NFC", _MARK.sub("", unicodedata.normalize("NFD", text)))


def own_voice(text: str) -> str:
    """The text with code and quotes of others blanked out: as long as before, so that places in it are places in the text."""
    for not_own in (_CODE_BLOCK, _QUOTE_BLOCK, _QUOTED_LINE):
        text = not_own.sub(lambda found: "\n" * len(found[0]), text)
    return text


def _words(text: str) -> str:
    text = unicodedata.normalize("NFKC", _INVISIBLE.sub("", html.unescape(text)))
    if _PILED.search(text):
        text = without_accents(_PILED.sub("", text))
    text = _MARKDOWN_LINK.sub(r"\1", _IMAGE.sub(r"\1", text))
    text = _TAG.sub(" ", text)
    text = _MENTION.sub("@user", _ADDRESS.sub("0x", _LINK.sub("http", text)))
    text = undisguised(_MARKS.sub(" ", text))
    return _SPACE.sub(" ", "".join(_spoken(text))).strip()


def _spoken(text: str) -> list[str]:
    """Each character, or the name of the symbol it is; a run of one symbol is said once."""
    if text.isascii():
        return [text.translate(_CONTROLS)]
    spoken: list[str] = []
    previous = ""
    for character in text:
        category = unicodedata.category(character)
        if category in _SYMBOLS and ord(character) > 0x2000:
            if character != previous:
                name = _DRAWN.sub("", unicodedata.name(character, ""))
                spoken.append(f" {name.lower()} ")
            previous = character
        elif category == "Cf" or (category == "Mn" and 0xFE00 <= ord(character) <= 0xFE0F):
            continue
        elif category in ("Cc", "Cs", "Co", "Cn"):
            spoken.append(" ")
        else:
            spoken.append(character)
            previous = "" if character.strip() else previous
    return spoken


_CONTROLS = dict.fromkeys((*range(32), 127), " ")
