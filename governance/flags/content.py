"""Rules on the text itself: lures and look-alikes, and words that are meant for a model. Text is data: it can only be flagged."""

import base64
import binascii
import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Final

from governance.flags.case import Case
from governance.flags.hosts import Link, is_trusted, links, looks_like
from governance.flags.verdicts import Answer, Severity, clear, fired, rule, unknown

# A lure and a link belong together where so few characters stand between them.
_NEAR: Final = 120
SPAN_EFFECT: Final = Decimal("0.05")
_LURE: Final = re.compile(
    r"\b(?:claim(?:ing|s)?\s+(?:your|now|here|free|the|it|rewards?|tokens?|airdrops?)|airdrops?|give-?aways?|free\s+(?:mint|tokens?|nfts?)|"
    r"connect\s+(?:your\s+)?wallet|bonus(?:es)?|double\s+your|verify\s+your\s+wallet|whitelist\s+spots?|rewarded\s+quests?|eligible\s+(?:to|for)\s+claim)\b",
    re.IGNORECASE,
)
# Controls of writing direction and Unicode tags have no place in a proposal; invisible spaces have none inside a word or link.
_DIRECTION: Final = re.compile("[\u202a-\u202e\u2066-\u2069\U000e0001-\U000e007f]")
_INVISIBLE: Final = re.compile("(?<=[A-Za-z0-9.])[\u200b-\u200f\u2060-\u2064\ufeff\u00ad\u034f\u061c]+(?=[A-Za-z0-9.])")
_HIDDEN_FROM: Final = {"direction": _DIRECTION, "invisible": _INVISIBLE}
# No two repeats that can take the same characters stand side by side, and none that is taken up again from many places runs on without
# a bound: a body may have 200,000 characters, all of them blank lines.
_TO_MODEL: Final = tuple(
    re.compile(pattern, re.IGNORECASE | re.MULTILINE)
    for pattern in (
        (
            r"\b(?:ignore|disregard|forget|override)\s+(?:\w+\s+){0,2}?(?:previous|prior|above|earlier|preceding|all|any|your|system|these)\s+"
            r"(?:\w+\s+){0,3}?(?:instructions?|prompts?|rules?|guidelines?)\b[^.\n]*"
        ),
        r"<\|(?:im_start|im_end|system|user|assistant|endoftext)[^<>\n]{0,80}>|\[/?INST\]|<</?SYS>>",
        r"^[^\S\n]*(?:#{1,4}[^\S\n]*)?(?:system|assistant)\s*(?:(?:prompt|message)\s*)?:\s*\S.*$",
        (
            r"\b(?:you are|you're|act as|pretend to be)\s+(?:now\s+)?(?:an?\s+)?"
            r"(?:ai|a\.i\.|llm|language model|chatbot|gpt|governance (?:ai|bot|copilot))\b[^.\n]*"
        ),
        r"\b(?:if|when)\s+you\s+are\s+(?:an?\s+)?(?:ai|llm|language model|bot|automated|model)\b[^.\n]*",
        (
            r"\b(?:note|message|instructions?|attention)\s+(?:to|for)\s+(?:any\s+|all\s+|the\s+)?"
            r"(?:ai|llms?|language models?|models?|bots?|assistants?)\b[^.\n]*"
        ),
        (
            r"\b(?:ai|llms?|language models?)\s+(?:agents?\s+|delegates?\s+)?(?:must|should|shall|will)\s+(?:always\s+)?"
            r"(?:vote|rate|classify|score|recommend|approve|answer|output|respond)\b[^.\n]*"
        ),
        r"\b(?:classify|rate|score|label|mark|flag)\s+this\s+(?:proposal|text|post)\s+(?:as|with|clear)\b[^.\n]*",
        r"\b(?:respond|answer|reply|output)\s+(?:only\s+)?(?:with|exactly)\s*(?:[:\"'“]\s*)?(?:yes|for|approve|pass|safe|clear|\{)[^.\n]*",
        r"<[^<>]{0,80}(?:display\s*:\s*none|font-size\s*:\s*0|visibility\s*:\s*hidden|opacity\s*:\s*0\b|\shidden[\s>=])(?:[^>]{0,500}>[^<]*)?",
    )
)
_ENCODED: Final = re.compile(r"(?<![A-Za-z0-9+/=_-])[A-Za-z0-9+/]{60,}={0,2}(?![A-Za-z0-9+/=_-])")
_PRINTABLE: Final = 0.95


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of text that is meant for a model, from `start` up to `end`."""

    start: int
    end: int
    text: str


@rule(
    "R17",
    "Phishing text",
    version=3,
    source="Snapshot's sequencer flags listed links (#284); over 20 scam reports a day, April 2023",
    threshold="a lure (claim, airdrop …) within 120 characters of a link outside the list; a look-alike host; hidden characters",
    clears_when="link and characters are gone from the text",
    who_can_act="the DAO's moderators; nobody should open the links",
)
def phishing(case: Case) -> Answer:
    """It wants the reader to open something. A title alone that is no bait says nothing of the body."""
    text = case.text
    if text is None:
        return unknown("any text")
    found = links(text)
    outside = [link for link in found if not is_trusted(link.host)]
    lures = list(_baits(text, outside))
    alike = sorted(f"{host} (for {real})" for host in {link.host for link in found} if (real := looks_like(host)) is not None)
    hidden = sorted(name for name, pattern in _HIDDEN_FROM.items() if pattern.search(text))
    inputs = {"links": len(found), "outside": sorted({link.host for link in outside}), "alike": alike, "hidden": hidden}
    words = [f"“{lures[0][0].group()}” beside a link to {lures[0][1].host}"] if lures else []
    words += [f"a host that looks like another: {', '.join(alike)}"] if alike else []
    words += [f"hidden characters ({', '.join(hidden)})"] if hidden else []
    if words:
        return fired(f"The text may be bait: {'; '.join(words)}.", value=len(lures) + len(alike) + len(hidden), inputs=inputs)
    if case.body is None:
        return unknown("the body", inputs=inputs)
    return clear("No lure beside a strange link, no look-alike, nothing hidden.", value=0, inputs=inputs)


def _baits(text: str, outside: Sequence[Link]) -> Iterator[tuple[re.Match[str], Link]]:
    """Each lure with each link near it; links stand in order, so that only the near ones are looked at."""
    ends = [link.end for link in outside]
    for lure in _LURE.finditer(text):
        for place in range(bisect_left(ends, lure.start() - _NEAR), len(outside)):
            if outside[place].start - lure.end() > _NEAR:
                break
            yield lure, outside[place]


@rule(
    "R18",
    "Words for a model",
    version=3,
    source="V. Buterin, 2025-09-13: people will put a jailbreak in as many places as they can",
    threshold="any text addressed to a model, role marker, hidden HTML or encoded text; critical where scores differ by > 0.05 without it",
    clears_when="the span is gone from the text; until then scores are read without it",
    who_can_act="the DAO's moderators; delegates should read the span themselves",
)
def words_for_a_model(case: Case) -> Answer:
    """It speaks to the machine. The spans are quoted; what they ask for is never done. A silent title says nothing of the body."""
    if case.text is None:
        return unknown("any text")
    found = _spans(case.text)
    inputs = {"spans": [each.text[:120] for each in found], "effect": case.span_effect}
    if not found and case.body is None:
        return unknown("the body", inputs=inputs)
    if not found:
        return clear("Nothing in the text speaks to a model.", value=0, inputs=inputs)
    grave = Severity.CRITICAL if case.span_effect is not None and case.span_effect > SPAN_EFFECT else Severity.WARNING
    effect = "its effect on scores was not measured" if case.span_effect is None else f"scores differ by {case.span_effect:.2f} without it"
    return fired(f"The text speaks to a model: “{found[0].text[:120]}” ({effect}).", value=len(found), severity=grave, inputs=inputs)


def spans(text: str) -> list[Span]:
    """The pieces that are meant for a model, in order, none inside another."""
    return list(_spans(text))


@lru_cache(maxsize=16)
def _spans(text: str) -> tuple[Span, ...]:
    """The same, kept for those who ask of one text again: the rule, and whoever reads scores without the pieces."""
    found = [(match.start(), match.end()) for pattern in _TO_MODEL for match in pattern.finditer(text)]
    found += [(match.start(), match.end()) for match in _ENCODED.finditer(text) if _hides_text(match.group())]
    kept: list[Span] = []
    for start, end in sorted(found, key=lambda each: (each[0], -each[1])):
        if not kept or start >= kept[-1].end:
            kept.append(Span(start, end, text[start:end].strip()))
    return tuple(kept)


def without_spans(text: str) -> str:
    """The text without what is meant for a model: what scores are read from when a span was found."""
    rest, place = [], 0
    for each in _spans(text):
        rest.append(text[place : each.start])
        place = each.end
    return "".join([*rest, text[place:]])


def _hides_text(encoded: str) -> bool:
    """Whether Base64 holds words; hex digits, hashes and pictures do not."""
    try:
        plain = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except binascii.Error:
        return False
    printable = sum(32 <= byte < 127 or byte in {9, 10, 13} for byte in plain)
    return bool(plain) and printable / len(plain) >= _PRINTABLE and b" " in plain
