"""What a person wrote, as the words a reader sees: markup, links, quotes of others and symbols handled on purpose."""

import html
import re
import unicodedata
from collections.abc import Callable, Iterator

from governance.combining_marks import normal_form
from nlp.look_alikes import undisguised

_CODE_BLOCK = re.compile(r"```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)", re.DOTALL)
# A `<` or `>`, as it stands or as forums escape it.
_LESS, _MORE = "(?:<|&(?:lt|#0{0,8}60|#x0{0,8}3c);?)", "(?:>|&(?:gt|#0{0,8}62|#x0{0,8}3e);?)"
# What quotes and code stand between: a slash where it closes, and the name.
_AROUND = re.compile(
    rf"\[(/?)(quote)[^\]]{{0,500}}+\]|{_LESS}(/?)(blockquote|aside|code|pre)(?![\w-])[^<>]{{0,500}}?{_MORE}", re.IGNORECASE
)
_QUOTED_LINE = re.compile(rf"^[ \t]{{0,3}}{_MORE}.*$", re.MULTILINE | re.IGNORECASE)
# Possessive: what one part of a pattern has taken is not tried again in shares, of which hostile text has millions.
# An address ends where the next link's begins, so that of thousands of links without an end each is read once.
_TARGET = r"\((?:[^)\]\s]{1,2000}+|\](?!\()){0,40}+[^)\n]{0,300}+\)"
_IMAGE = re.compile(rf"!\[([^\]\n]{{0,300}}+)\]{_TARGET}")
_MARKDOWN_LINK = re.compile(rf"\[([^\]\n]{{1,300}}+)\]{_TARGET}")
_TAG = re.compile(r"<[/!]?[a-zA-Z][^<>\n]{0,500}>")
_LINK = re.compile(r"(?:https?://|www\.)\S{1,2000}", re.IGNORECASE)
_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{8,}\b")
# Bech32 (Cardano, Bitcoin, Cosmos): who it is for, a 1, and data; its sure beginning is looked for first, as that is quick.
_BECH32_DATA = re.compile(r"1[02-9ac-hj-np-z]{20}")
_BECH32 = re.compile(r"\b[a-z][a-z_]{0,19}1(?=[a-z]*[0-9])[02-9ac-hj-np-z]{20,}+\b")
_MENTION = re.compile(r"(?<![\w@])@\w{1,50}")
_MARKS = re.compile(r"(?m)^[ \t]{0,3}(?:#{1,6}[ \t]+|[-*+][ \t]+|\|)|[*_`|]{2,}|`")
_SPACE = re.compile(r"\s+")
# Python refuses to read a number of thousands of digits; no character has such a one.
_NO_CHARACTER = re.compile(r"&#[0-9]{1000,};?")
# What Unicode lets a display leave out: soft hyphens, joiners, direction marks, fillers, variation selectors, tags.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)

# Combining marks that no letter takes up are piled on to hide words; the tokenizer drops those that letters do.
_PILED = re.compile(r"[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20f0]")
_MARK = re.compile(r"[\u0300-\u036f]")
# One character can stand for eighteen (U+FDFA), and the name of a symbol has up to 88: what is read may be twice as long as
# what was written, and this many characters.
_MOST_GROWN = 20_000

_SYMBOLS = frozenset({"So", "Sk"})
# Names end in words that say how a symbol is drawn, not what it means.
_DRAWN = re.compile(r" (?:SIGN|SYMBOL|SELECTOR-\d+|MODIFIER)$|^(?:(?:BLACK|WHITE|HEAVY) )+")


def plain_text(text: str) -> str:
    """The author's own words on one line, links and addresses as one word each, emoji by their Unicode names.

    Code and quotes of others are not the author's voice and are left out, unless nothing else was written.
    Invisible and bidirectional control characters go; compatibility forms become what they look like (NFKC), and so do
    letters of other scripts, digits and spread letters that pose as English words (`undisguised`).
    """
    return _words(_own(text, lambda _: " ")) or _words(text)


def plain_target(target: str) -> str:
    """A title, and on a second line all that follows its own: of a proposal, its summary. Without words, either is left out."""
    title, _, summary = target.partition("\n")
    return "\n".join(part for part in (plain_text(title), plain_text(summary)) if part)


def without_accents(text: str) -> str:
    """The text with letters in place of accented letters, as the tokenizer sees it."""
    return unicodedata.normalize("NFC", _MARK.sub("", normal_form("NFD", text)))


def own_voice(text: str) -> str:
    """The text with code and quotes of others blanked out: as long as before, so that places in it are places in the text."""
    return _own(text, lambda length: "\n" * length)


def _own(text: str, blank: Callable[[int], str]) -> str:
    """The text with `blank` of its length in place of each fenced block of code, each quote or code between tags and each quoted line."""
    text = _CODE_BLOCK.sub(lambda found: blank(len(found[0])), text)
    kept, at = [], 0
    for start, end in _between_tags(text):
        kept += [text[at:start], blank(end - start)]
        at = end
    text = "".join([*kept, text[at:]])
    return _QUOTED_LINE.sub(lambda found: blank(len(found[0])), text) if ">" in text or "&" in text else text


def _between_tags(text: str) -> Iterator[tuple[int, int]]:
    """Where quotes and code between tags start and end, tags and all that is nested in them included.

    What never closes reaches to the last closing tag of its name after it and, where there is none, to the end of the text.
    """
    if not ("[" in text or "<" in text or "&" in text):
        return
    # A tag in back-ticks is spoken of, not used.
    tags = [tag for tag in _AROUND.finditer(text) if text[tag.start() - 1 : tag.start()] != "`" or text[tag.end() : tag.end() + 1] != "`"]
    number = 0
    while number < len(tags):
        first = tags[number]
        if not _closes(first) and (_name(first) != "aside" or "quote" in first[0].lower()):
            last = _last_of(tags, number)
            yield first.start(), len(text) if last is None else tags[last].end()
            number = len(tags) if last is None else last
        number += 1


def _last_of(tags: list[re.Match[str]], first: int) -> int | None:
    """The number of the tag that closes the one numbered `first`; only tags of the same name count, so that code may hold any others."""
    depth, last = 0, None
    for number in range(first, len(tags)):
        if _name(tags[number]) == _name(tags[first]):
            depth += -1 if _closes(tags[number]) else 1
            last = number if _closes(tags[number]) else last
            if not depth:
                break
    return last


def _name(tag: re.Match[str]) -> str:
    return (tag[2] or tag[4]).lower()


def _closes(tag: re.Match[str]) -> bool:
    return bool(tag[1] or tag[3])


def _words(text: str) -> str:
    room = len(text) + _MOST_GROWN
    text = _INVISIBLE.sub("", html.unescape(_NO_CHARACTER.sub("\ufffd", text)))
    text = normal_form("NFKC", text)[: len(text) + room]
    if _PILED.search(text):
        text = without_accents(_PILED.sub("", text))
    text = _MARKDOWN_LINK.sub(r"\1", _IMAGE.sub(r"\1", text))
    text = _TAG.sub(" ", text)
    text = _ADDRESS.sub("0x", _LINK.sub("http", text))
    if _BECH32_DATA.search(text):
        text = _BECH32.sub("0x", text)
    text = undisguised(_MARKS.sub(" ", _MENTION.sub("@user", text)))
    return _SPACE.sub(" ", "".join(_spoken(text, room))).strip()


def _spoken(text: str, room: int) -> list[str]:
    """Each character, or the name of the symbol it is; a run of one symbol is said once, and none where names have filled `room`."""
    if text.isascii():
        return [text.translate(_CONTROLS)]
    spoken: list[str] = []
    previous = ""
    for character in text:
        category = unicodedata.category(character)
        if category in _SYMBOLS and ord(character) > 0x2000:
            if character != previous:
                name = _DRAWN.sub("", unicodedata.name(character, "")).lower() if room > 0 else ""
                spoken.append(f" {name} ")
                room -= len(name)
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
