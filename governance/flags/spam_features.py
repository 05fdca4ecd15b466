"""Facts of a proposal's text that tell whether it asks for a decision; each can be checked by a reader."""

import math
import re
from collections.abc import Sequence
from typing import Final

from governance.flags.hosts import is_trusted, links


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


_CJK: Final = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_WORD: Final = re.compile(r"[^\W\d_]+", re.UNICODE)
_VOWEL: Final = re.compile(r"[aeiouyäöüéèáàóòíìúùœæ]", re.IGNORECASE)
_MASHED: Final = re.compile(r"(.)\1\1|[bcdfghjklmnpqrstvwxz]{5}")
_TRIAL: Final = _any(
    r"\b(?:(?:test|sample|dry[- ]?run|foo|lorem|hello world|asdf\w*|qwer\w*)(?:ing|s|e|case|v?\d*)?)\b",
    r"测试|測試|テスト|테스트|\bprueba\b|\btrial\b",
    r"\bdoes (?:this|it|voting) work",
)
_PRICE: Final = _any(
    r"\b(?:to the moon|moon|ath|bull|bear|pump|price)\b",
    r"[0-9]+\s*(?:u|usdt|usd|刀|万|美金|美元|\$)|\$\s?[0-9]",
    r"涨|跌|牛市|熊市|突破|多少钱|价格|能到|会到|市值|抄底|梭哈",
)
_DROP: Final = _any(r"\b(?:airdrops?|giveaway|claim|free|rewards?|whitelist)\b", r"空投|发币|白嫖|撸|奖励")
_CHAT: Final = _any(
    r"^\s*(?:do|does|did|will|would|could|can|is|are|have|has|who|what|which|when|why|how)\b",
    r"^\s*(?:你|您|大家|有没有|会不会|要不要)|[吗么呢嘛]\s*[?？]?\s*$",
    r"\b(?:your?|favou?rite|like|happy|love|wagmi|gm|lfg)\b",
)
_COIN: Final = _any(
    r"\b(?:btc|bitcoin|eth|ethereum|bnb|doge|sol|matic|ens|people|metamask|opensea|usdt|nft|defi|gamefi|web3)\b",
)
_GOVERN: Final = _any(
    r"\b(?:proposal|propose[sd]?|governance|treasury|budget|fund(?:s|ing)?|grants?|allocat\w+|multi-?sig|council|committee)\b",
    r"\b(?:ratif\w+|elect\w*|nominat\w+|onboard\w*|whitelist\w*|parameters?|fees?|liquidity|pools?|emissions?|staking|vault|gauge)\b",
    r"\b(?:deploy\w*|upgrade|integration|partnership|compensation|payment|membership|implement\w*|framework|season|charter|poll)\b",
    r"\b(?:mip\w*|aip|bip|sip|sccp|dip|iip|request(?:ing)?|hire|buy ?back|burn|mint|temp check)\b",
)
_STRUCTURE: Final = _any(
    r"(?:^|\n)\s*(?:#{1,4}\s|\*\*|[-*]\s|\d[.)]\s)",
    r"\b(?:summary|abstract|motivation|background|rationale|specification|tl;?dr)\b",
)
_TAG: Final = re.compile(r"[\[(#]\s*[A-Za-z]{2,12}[- ]?\d{1,4}|\b[A-Z]{2,6}[- ]#?\d{1,4}\b|#\d+")


def features(title: str | None, body: str | None, choices: Sequence[str]) -> dict[str, float]:
    """Facts of the text by name, each between 0 and 1; the same text gives the same numbers.

    That a source tells no choices is no fact of the text: it would only tell sources apart.
    """
    head, rest = (title or "").strip(), (body or "").strip()
    whole = f"{head}\n{rest}"
    words = _WORD.findall(head)
    options = [choice.strip().lower() for choice in choices]
    found = links(whole)
    return {
        "title_is_short": float(len(head) < 8),
        "title_length": min(math.log1p(len(head)) / 5, 1.0),
        "no_body": float(not rest),
        "short_body": float(0 < len(rest) < 40),
        "body_length": min(math.log1p(len(rest)) / 9, 1.0),
        "body_is_title": float(bool(rest) and rest.lower() == head.lower()),
        "question": float(head.endswith(("?", "？"))),
        "question_without_body": float(head.endswith(("?", "？")) and len(rest) < 40),
        "cjk": float(_CJK.search(head) is not None),
        "cjk_without_body": float(_CJK.search(head) is not None and len(rest) < 40),
        "trial_in_title": float(_TRIAL.search(head) is not None),
        "trial_in_short_text": float(len(rest) < 100 and _TRIAL.search(whole) is not None),
        "price": float(_PRICE.search(head) is not None),
        "drop": float(_DROP.search(head) is not None),
        "chat": float(_CHAT.search(head) is not None),
        "coin_without_body": float(_COIN.search(head) is not None and len(rest) < 40),
        "governance_in_title": float(_GOVERN.search(head) is not None),
        "governance_in_body": min(len(_GOVERN.findall(rest[:4_000])) / 8, 1.0),
        "structure": float(_STRUCTURE.search(rest) is not None),
        "numbered": float(_TAG.search(head) is not None),
        "gibberish": _gibberish(words, head),
        "one_word_title": float(len(head.split()) <= 1 and len(head) > 0),
        "trusted_link": float(any(is_trusted(link.host) for link in found)),
        "other_link": float(any(not is_trusted(link.host) for link in found)),
        "options_alike": float(len(set(options)) < len(options)),
        "options_for_against": float(bool({"for", "against", "abstain", "approve", "reject"} & set(options))),
    }  # fmt: skip


def _gibberish(words: Sequence[str], head: str) -> float:
    """The share of Latin words of four letters or more without a vowel or with one letter thrice, or a title without words."""
    if not words:
        return float(bool(head))
    latin = [word for word in words if len(word) >= 4 and word.isascii()]
    odd = [word for word in latin if not _VOWEL.search(word) or _MASHED.search(word.lower())]
    return len(odd) / len(latin) if latin else float(all(len(set(word)) == 1 for word in words))
