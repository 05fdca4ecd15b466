"""Why a text seems to ask for no decision, in words: what sets it apart from ordinary proposals, the strongest first."""

import re
from collections import defaultdict
from typing import Final

import numpy as np

from governance.flags.spam_model import Reading
from governance.flags.spam_wording import LONGEST_RUN, buckets, plain, wording

_CJK: Final = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
# What brings less than this to the log-odds is no reason: odds go up by a third at 0.3.
_LEAST: Final = 0.3
# So much of a word is named: what is longer is no word.
_NAMED: Final = 24
# What to say where a fact is above, and where it is below, what it usually is. Facts with one meaning share their words.
_SAYS: Final = {
    "title_is_short": ("a very short title", "a title of some length"),
    "title_length": ("a title of some length", "a very short title"),
    "one_word_title": ("a title of one word, or without spaces", "a title of several words"),
    "title_lower_case": ("a title without capitals", "a title with capitals"),
    "title_capitals": ("words with capitals in the title", "few words with capitals in the title"),
    "title_digits": ("a title full of digits", "no number in the title"),
    "title_of_few_letters": ("few different letters in the title", "varied letters in the title"),
    "title_variety": ("varied letters in the title", "few different letters in the title"),
    "title_exclaims": ("an exclamation mark", "no exclamation mark"),
    "title_has_pictures": ("pictures in the title", "no pictures in the title"),
    "question": ("the title is a question", "the title is no question"),
    "cjk": ("written in Chinese, Japanese or Korean", "not in Chinese, Japanese or Korean"),
    "trial_in_title": ("words of a trial in the title", "no words of a trial in the title"),
    "price": ("talk of prices", "no talk of prices"),
    "guess": ("a guess at what will happen, or a taste", "no guess at what will happen"),
    "drop": ("talk of airdrops or rewards", "no talk of airdrops or rewards"),
    "chat": ("put like small talk", "not put like small talk"),
    "governance_in_title": ("words of governance in the title", "no words of governance in the title"),
    "title_asks": ("the title asks for something", "the title asks for nothing"),
    "title_acts": ("the title begins with an act", "the title names no act to be done"),
    "amount_in_title": ("an amount in the title", "no amount in the title"),
    "shared_in_title": ("the title speaks of the DAO or its members", "the title speaks of neither the DAO nor its members"),
    "numbered": ("a proposal's number", "no proposal's number"),
    "gibberish": ("letters that make no words", "letters that make words"),
    "no_body": ("no text below the title", "text below the title"),
    "short_body": ("hardly any text below the title", "text below the title"),
    "body_length": ("text below the title", "little text below the title"),
    "body_sentences": ("several sentences below the title", "few sentences below the title"),
    "body_is_title": ("the text only repeats the title", "the text does not just repeat the title"),
    "title_in_body": ("the text takes up the title's words", "the text does not take up the title's words"),
    "body_beyond_title": ("the text says more than the title", "the text says hardly more than the title"),
    "question_without_body": ("a question with no text to it", "not a bare question"),
    "cjk_without_body": ("a Chinese, Japanese or Korean title with no text to it", "not in Chinese, Japanese or Korean"),
    "coin_without_body": ("a coin's name with no text to it", "no bare name of a coin"),
    "trial_in_short_text": ("words of a trial in a short text", "no words of a trial"),
    "governance_in_body": ("words of governance in the text", "few words of governance in the text"),
    "body_asks": ("the text asks for something", "the text asks for nothing"),
    "amount_in_body": ("an amount in the text", "no amount in the text"),
    "shared_in_body": ("the text speaks of the DAO or its members", "the text hardly speaks of the DAO or its members"),
    "structure": ("headings or lists", "no headings or lists"),
    "trusted_link": ("a link to where governance is discussed", "no link to where governance is discussed"),
    "other_link": ("a link to elsewhere", "no link to elsewhere"),
    "options_alike": ("options that are the same", "options that differ"),
    "options_for_against": ("options of a formal vote", "not the options of a formal vote"),
    "options_try": ("words of a trial in the options", "no words of a trial in the options"),
    "options_of_two_letters": ("options of a letter or two", "options of more than two letters"),
    "options_are_numbers": ("options that are bare numbers", "options in words"),
    "options_length": ("options told at length", "options of few words"),
    "options_plain": ("nothing but yes and no to choose from", "more than yes and no to choose from"),
    "options_decide": ("options that decide something", "options that approve or reject nothing"),
    "options_many": ("many options", "few options"),
}  # fmt: skip


def reasons(reading: Reading, *, most: int = 3) -> list[str]:
    """What speaks most for spam, each told once; empty where nothing does.

    Words of the title are named only where its wording as a whole speaks for spam.
    """
    parts: dict[str, float] = defaultdict(float)
    for name, value in reading.facts.items():
        usual = reading.fit.usual[name]
        if value != usual:
            parts[_SAYS[name][value < usual]] += reading.fit.facts[name] * (value - usual)
    words = _words(reading)[:2]
    if words:
        named = " and ".join(f'"{word}"' for _, word in words)
        parts[f"the wording: {named}"] = sum(part for part, _ in words)
    return [says for says, part in sorted(parts.items(), key=lambda each: (-each[1], each[0]))[:most] if part >= _LEAST]


def _words(reading: Reading) -> list[tuple[float, str]]:
    """The title's words with what their runs of characters bring to the log-odds, the strongest first."""
    text = plain(reading.title)
    found, counted = wording(reading.title)
    brings = np.zeros(len(text))
    every = {length: buckets(text, length) for length in range(1, LONGEST_RUN + 1)}
    if float(reading.fit.wording[found] @ counted) <= 0:
        return []
    times = np.bincount(np.searchsorted(found, np.concatenate(list(every.values()))), minlength=len(found))
    each = reading.fit.wording[found] * counted / np.maximum(times, 1)
    for length, runs in every.items():
        part = each[np.searchsorted(found, runs)] / length
        for place in range(length):
            brings[place : place + len(runs)] += part
    words: dict[str, float] = defaultdict(float)
    for match in re.finditer(r"[^\W\d_]+", text):
        start, end = _told(match[0], brings[match.start() : match.end()])
        words[match[0][start:end]] += float(brings[match.start() + start : match.start() + end].sum())
    return sorted(((part, word) for word, part in words.items() if part >= _LEAST), reverse=True)


def _told(word: str, brings: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> tuple[int, int]:
    """The part of a word to name: all of it, or its strongest four characters where words are not set apart by spaces."""
    if not _CJK.search(word) or len(word) <= LONGEST_RUN:
        return 0, min(len(word), _NAMED)
    start = int(np.argmax(np.convolve(brings, np.ones(LONGEST_RUN), "valid")))
    return start, start + LONGEST_RUN
