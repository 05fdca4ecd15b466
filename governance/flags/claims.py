"""What a proposal's text claims of its own effects: addresses, names, "the same as", "no effect", what it mentions or denies.

Text is evidence, never authority; and only what a reader can see of it counts.
"""

import re
import unicodedata
from bisect import bisect_left
from enum import StrEnum
from functools import lru_cache
from operator import itemgetter
from typing import Final

from governance.combining_marks import normal_form

_ADDRESS: Final = re.compile(r"0x[0-9a-fA-F]{40}(?![0-9a-fA-F])")
_GIVING: Final = re.compile(
    r"\b(?:from|author|proposer|by|token|old|previous|former|formerly)\b[^\n.;]{0,24}?(0x[0-9a-fA-F]{40})(?![0-9a-fA-F])", re.IGNORECASE
)
# Who only wrote, proposes or looked at it, and who is warned of or turned down, is not thereby whom it would pay or appoint.
_ASIDE_REACH: Final = 60
_ASIDE: Final = re.compile(
    r"(?:\b(?:author|proposer|auditor)\s*:|(?:^|[.!?]\s+)(?:author|proposer)\s|\b(?:proposed|written|posted|audited|reviewed) by\s*:?|"
    r"\b(?:not|never|instead of|rather than|beware of|warn(?:s|ed|ing)? of|scammer|impersonator|fake)"
    r"(?:\s+(?:to|the|an?|account|address|scammer))*)[\s(\[]*$",
    re.IGNORECASE,
)
_SHORTENED: Final = re.compile(r"0x[0-9a-fA-F]{2,16}(?:…|\.{2,3})[0-9a-fA-F]{2,16}")
_NAME: Final = re.compile(r"\b(?:[a-z0-9][a-z0-9-]{0,62}\.){1,5}eth\b(?!\.\w)", re.IGNORECASE)
_SAME_AS: Final = re.compile(
    r"\b(?:same|identical|equal|unchanged|analogous)\b[^.\n]{0,80}?\b(?:as|to|from|with)\b[^.\n]{0,60}?"
    r"(?:proposal|prop|#|no\.?|bip|vote)\s*(?:[-#]\s*)?(\d{1,6})\b",
    re.IGNORECASE,
)
_NOTHING_RUNS: Final = re.compile(
    r"\b(?:no on-?chain (?:\w+ )?(?:change|action|execution|call|transaction|effect)s?(?! (?:was|were|has|have|had)\b)|"
    r"(?:signal(?:ling)?|temperature check|text)[- ]only|"
    r"purely (?:a )?signal\w*|(?:does not|will not|doesn't|won't) execute (?:anything|any)|nothing (?:is|will be) executed)",
    re.IGNORECASE,
)
_NOTHING_MOVES: Final = re.compile(
    r"\b(?:no (?:fund|treasury|token|asset|money)(?![^.\n]{0,25}\b(?:was|were|has|have|had|been)\b)[^.\n]{0,30}"
    r"(?:moved?|spent|transfer\w*|paid|leave|action)|"
    r"(?:does not|will not|doesn't|won't|do not) (?:move|transfer|spend|pay) (?:any |of |the )*(?:fund|token|treasury|money|asset)|"
    r"pays? (?:nobody|no one|nothing)\b)",
    re.IGNORECASE,
)
_NO_NEW_CODE: Final = re.compile(
    r"\b(?:no (?:code|contract)(?![^.\n]{0,25}\b(?:was|were|has|have|had|been)\b)[^.\n]{0,30}(?:change|upgrade|modif)\w*|"
    r"(?:does not|will not|doesn't|won't) (?:change|upgrade|modify) (?:any |the )?(?:code|contract))",
    re.IGNORECASE,
)
# Where one statement ends; a full stop inside a number ends none.
_CLAUSE: Final = re.compile(r"[.;!?](?=\s|$)|\n|,\s*(?:and|but|it|we|while|which|instead)\b|\b(?:but|however|instead)\b", re.IGNORECASE)
_NOT: Final = re.compile(
    r"(?:\b(?:not(?! only\b)|no(?! longer\b|\.|\s?\d| objection| concern| comment| doubt| discussion| response| one\b)|never|nor|"
    r"cannot|neither|without (?:any |a )?(?:chang|mov|affect|touch|transferr|impact|alter)\w*)\b|n[’']t\b)(?=[^.;!?\n]{0,60}$)",
    re.IGNORECASE,
)
_UNTOUCHED: Final = re.compile(
    r"^[^.;,\n]{0,25}\b(?:unchanged|untouched|unaffected|(?:is|are|will be|be|remains?|stays?) (?:not|as (?:it|they)|the same))",
    re.IGNORECASE,
)
# Words of English that any sentence has; a text of some length without them is in another language, and its silence means nothing.
_ENGLISH: Final = frozenset("the of to and for a in is we this be on with it by as from will that are an or".split())  # noqa: SIM905  # reads as prose
_FEW: Final = 8
_SPAN: Final = 100_000
_COMMENT: Final = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_REMARK: Final = re.compile(r"^[ \t]*\[[^\]\n]{1,40}\]:[ \t]*#[^\n]*$", re.MULTILINE)
# Possessive, so that a link that never ends is given up at once instead of being tried in every division; and an address ends
# where the next link's begins, so that of thousands that never end each is read once. Some paste a link as an address.
_LINK: Final = re.compile(r"\[([^\]\n]{1,400}+)\]\(\s*+((?:[^)\]\s]{1,2000}+|\](?!\((?!https?://))){1,40}+)[^)\n]{0,400}+\)")
_IMAGE: Final = re.compile(r"!\[[^\]\n]{0,400}+\]\((?:[^)\]\n]{1,2000}+|\](?!\()){0,40}+\)")
_UNSEEN: Final = re.compile(
    r"<(\w{1,20})\b[^<>]{0,300}(?:display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0|opacity\s*:\s*0|\bhidden\b)[^<>]{0,300}>",
    re.IGNORECASE,
)
_CLOSING: Final = re.compile(r"</(\w{1,20})\s*>")
# How far from its tag what is unseen may reach.
_UNSEEN_REACH: Final = 20_000
_URL: Final = re.compile(r"(?:https?://|www\.)[^\s<>()\[\]]+", re.IGNORECASE)
_TAG: Final = re.compile(r"</?[a-zA-Z][^<>]{0,500}>")


class Mention(StrEnum):
    """Whether a text says something, says that it is not so, or says nothing."""

    SAID = "said"
    DENIED = "denied"
    SILENT = "silent"


@lru_cache(maxsize=64)
def visible(text: str) -> str:
    """The text as a reader sees it: no comments, tags, marks, pictures or invisible characters; of links the label and the addresses.

    Of a link whose label is an address only the label counts.
    """
    shown = _REMARK.sub("", _COMMENT.sub(" ", text[:_SPAN].replace("\r", "")))
    shown = _IMAGE.sub(" ", without_unseen(shown))
    shown = _LINK.sub(lambda found: found[1] if _ADDRESS.search(found[1]) else f"{found[1]} {found[2]}", shown)
    shown = _URL.sub(lambda found: " ".join(_ADDRESS.findall(found[0])), shown)
    shown = normal_form("NFKC", _TAG.sub(" ", shown).replace("&nbsp;", " "))[:_SPAN]
    return "".join(letter for letter in shown if letter not in "*`\\" and unicodedata.category(letter) != "Cf")


def without_unseen(text: str) -> str:
    """The text without what stands between a tag that hides it and the next closing tag of that name, or the text's end."""
    closings: dict[str, list[tuple[int, int]]] = {}
    for closing in _CLOSING.finditer(text):
        closings.setdefault(closing[1].lower(), []).append(closing.span())
    seen, at = [], 0
    for tag in _UNSEEN.finditer(text):
        of_name = closings.get(tag[1].lower(), [])
        place = bisect_left(of_name, tag.end(), key=itemgetter(0))
        start, end = of_name[place] if place < len(of_name) else (len(text), len(text))
        if tag.start() >= at and start - tag.end() <= _UNSEEN_REACH:
            seen.append(text[at : tag.start()])
            at = end
    return " ".join([*seen, text[at:]])


def addresses(text: str) -> set[str]:
    """The Ethereum addresses in the text, in lower case."""
    return addresses_in(visible(text))


def addresses_in(shown: str) -> set[str]:
    """The addresses in words that are visible."""
    return {found.lower() for found in _ADDRESS.findall(shown)}


def meant(text: str) -> set[str]:
    """The addresses that the text names otherwise than as its author's, or as those of whom it warns."""
    shown = visible(text)
    return {
        found[0].lower()
        for found in _ADDRESS.finditer(shown)
        if not _ASIDE.search(shown, max(0, found.start() - _ASIDE_REACH), found.start())
    }


def givers(text: str) -> set[str]:
    """The addresses that the text names as where something comes from, or as what was before."""
    return {found.lower() for found in _GIVING.findall(visible(text))}


def names_somebody(text: str) -> bool:
    """Whether it names recipients in a way that is no address: an ENS name, or an address cut short."""
    return names_somebody_in(visible(text))


def names_somebody_in(shown: str) -> bool:
    """The same of words that are visible."""
    return _NAME.search(shown) is not None or _SHORTENED.search(shown) is not None


def same_as(text: str) -> list[str]:
    """The numbers of the earlier proposals that the text says it repeats."""
    return _SAME_AS.findall(visible(text))


def says_no_effect(text: str) -> bool:
    """Whether the text says that nothing at all is executed."""
    return _NOTHING_RUNS.search(visible(text)) is not None


def says_nothing_moves(text: str) -> bool:
    """Whether the text says that nothing is paid."""
    return says_no_effect(text) or _NOTHING_MOVES.search(visible(text)) is not None


def says_no_new_code(text: str) -> bool:
    """Whether the text says that no contract changes."""
    return says_no_effect(text) or _NO_NEW_CODE.search(visible(text)) is not None


@lru_cache(maxsize=2_048)
def mention(text: str, patterns: tuple[str, ...]) -> Mention:
    """Whether the text mentions one of `patterns` at the start of a word; "does not change the owner" mentions no owner."""
    shown, denied = visible(text), False
    if not patterns:
        return Mention.SILENT
    for found in re.finditer(rf"(?<![A-Za-z0-9])(?:{'|'.join(patterns)})", shown, re.IGNORECASE):
        before = shown[max(0, found.start() - 160) : found.start()]
        clause = _CLAUSE.split(before)[-1]
        if not _NOT.search(clause) and not _UNTOUCHED.search(shown[found.end() : found.end() + 60]):
            return Mention.SAID
        denied = True
    return Mention.DENIED if denied else Mention.SILENT


@lru_cache(maxsize=64)
def can_be_silent(text: str) -> bool:
    """Whether that something is not mentioned means anything: not in a text of some length that is no English."""
    found = re.findall(r"[^\W\d_]+", visible(text).lower())
    foreign = sum(1 for word in found if not word.isascii())
    if len(found) < _FEW:
        return not foreign
    return bool(set(found) & _ENGLISH) and foreign * 3 < len(found)
