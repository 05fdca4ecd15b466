"""Facts of a proposal's text that tell whether it asks for a decision; each can be checked by a reader."""

import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from governance.flags.hosts import is_trusted, links


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


# A body is read this far: what asks for a decision says so early, and the time stays bounded.
_READ: Final = 4_000
_SHORT_BODY: Final = 40

_CJK: Final = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_WORD: Final = re.compile(r"[^\W\d_]+", re.UNICODE)
_VOWEL: Final = re.compile(r"[aeiouyäöüéèáàóòíìúùœæ]", re.IGNORECASE)
_MASHED: Final = re.compile(r"(.)\1\1|[bcdfghjklmnpqrstvwxz]{5}")
_SENTENCE: Final = re.compile(r"[.!?。！？\n]")
_TRIAL: Final = _any(
    r"\b(?:(?:test|sample|dry[- ]?run|foo|lorem|hello world|asdf\w*|qwer\w*)(?:ing|s|e|case|v?\d*)?)\b",
    r"\b(?:demo|dummy|placeholder|some (?:stuff|text)|hello|trial)\b",
    r"\b(?:(?:first|my) (?:proposal|vote))\b",
    r"\b(?:prueba|probando|essai|teste|uji|thử|deneme|prova)\b|проверка|тест|测试|測試|试试|テスト|테스트",
    r"\bdoes (?:this|it|voting) work",
)
_PRICE: Final = _any(
    r"\b(?:to the moon|moon|ath|bull|bear|pump|price)\b",
    r"[0-9]\s*(?:u|usdt|usd|刀|万|美金|美元|\$)|\$\s?[0-9]",
    r"涨|跌|牛市|熊市|突破|多少钱|价格|能到|会到|市值|抄底|梭哈",
)
_GUESS: Final = _any(
    r"\b(?:predict\w*|by (?:the )?end of|this year|will|would|how (?:much|many|likely))\b",
    r"预测|年底|今年|什么时候|多少|会不会|能不能|认为|觉得|喜欢|哪个",
)
_DROP: Final = _any(r"\b(?:airdrops?|giveaway|claim|free|rewards?|whitelist)\b", r"空投|发币|白嫖|撸|奖励")
_CHAT: Final = _any(
    r"^\s*(?:do|does|did|will|would|could|can|is|are|have|has|who|what|which|when|why|how)\b",
    r"^\s*(?:你|您|大家|有没有|会不会|要不要)|[吗么呢嘛]\s*(?:[?？]\s*)?$",
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
_ASKS: Final = _any(
    r"\b(?:should (?:we|the|our)|(?:we|i) (?:propose|suggest|request|would like)|this proposal|proposes?|vot(?:e|ing) (?:for|to|on|yes))\b",
    r"\b(?:in favou?r of|requesting|asks?|approve)\b|建议|提案|是否应|希望(?:支持|团队)|제안",
)
_ACTS: Final = re.compile(
    r"^\W*(?:\w+(?: #?\d*|#\d*)?\W+)?(?:add|remove|increase|decrease|reduce|change|update|create|launch|deploy|mint|burn|transfer|send|buy"
    r"|sell|swap|stake|whitelist|list|set|establish|introduce|implement|integrate|enable|disable|pause|move|migrate|adopt|approve|ratify|elect"
    r"|appoint|fund|hire|allocate|distribute|extend|onboard|support|ban|switch|lower|raise|open|close|membership|proposal|requesting"
    r"|purchase|renew|upgrade|replace|grant)\b",
    re.IGNORECASE,
)
_AMOUNT: Final = _any(
    r"\d[,.]*\s*(?:[km]\s*)?(?:w?eth|w?x?dai|usd[ct]?|bnb|matic|tokens?|%)(?![a-z])",
    r"\$\s?\d[\d,.]{3,}",
)
_SHARED: Final = _any(r"\b(?:we|our|us|community|dao|holders?|members?|team|project|protocol)\b", r"社区|团队|项目")
_STRUCTURE: Final = _any(
    r"(?:^|\n)[^\S\n]*(?:#{1,4}\s|\*\*|[-*]\s|\d[.)]\s)",
    r"\b(?:summary|abstract|motivation|background|rationale|specification|tl;?dr)\b",
)
_TAG: Final = re.compile(r"[\[(#]\s*[A-Za-z]{2,12}[- ]?\d{1,4}|\b[A-Z]{2,6}[- ]#?\d{1,4}\b|#\d+")
_DECIDING: Final = _any(r"approve|reject|support|against|agree|accept|同意|反对|支持")
_PLAIN: Final = frozenset({"yes", "no", "y", "n", "yea", "nay", "是", "否", "会", "不会", "for", "against"})


def features(title: str | None, body: str | None, choices: Sequence[str]) -> dict[str, float]:
    """Facts of the text by name, each between 0 and 1; the same text gives the same numbers.

    A body that no source tells (None) is not an empty one: the facts of the body are then left out. That a source tells no choices
    is no fact of the text: it would only tell sources apart.
    """
    head, options = (title or "").strip(), [choice.strip().lower() for choice in choices if choice.strip()]
    facts = {**_of_title(head), **_of_choices(options)}
    return facts if body is None else {**facts, **_of_body(head, body.strip())}


def _of_title(head: str) -> dict[str, float]:
    low, words = head.lower(), head.split()
    asks = head.endswith(("?", "？"))
    cjk = _CJK.search(head) is not None
    return {
        "title_is_short": float(len(head) < 8),
        "title_length": min(math.log1p(len(head)) / 5, 1.0),
        "one_word_title": float(len(words) == 1),
        "title_lower_case": float(not cjk and any(letter.isalpha() for letter in head) and head == low),
        "title_capitals": sum(word[0].isupper() for word in words) / max(len(words), 1),
        "title_digits": sum(letter.isdigit() for letter in head) / max(len(head), 1),
        "title_of_few_letters": float(len(set(low)) <= 5),
        "title_variety": min(_entropy(low) / 6, 1.0),
        "title_exclaims": float("!" in head or "！" in head),
        "title_has_pictures": float(any(ord(letter) > 0x1F000 for letter in head)),
        "question": float(asks),
        "cjk": float(cjk),
        "trial_in_title": float(_TRIAL.search(head) is not None),
        "price": float(_PRICE.search(head) is not None),
        "guess": float(_GUESS.search(head) is not None),
        "drop": float(_DROP.search(head) is not None),
        "chat": float(_CHAT.search(head) is not None),
        "governance_in_title": float(_GOVERN.search(head) is not None),
        "title_asks": float(_ASKS.search(head) is not None),
        "title_acts": float(_ACTS.search(head) is not None),
        "amount_in_title": float(_AMOUNT.search(head) is not None),
        "shared_in_title": float(_SHARED.search(head) is not None),
        "numbered": float(_TAG.search(head) is not None),
        "gibberish": _gibberish(_WORD.findall(head), head),
    }


def _of_body(head: str, told: str) -> dict[str, float]:
    rest, bare = told[:_READ], len(told) < _SHORT_BODY
    above, below = set(_WORD.findall(head.lower())), set(_WORD.findall(rest.lower()))
    found = links(rest)
    trial = len(rest) < 100 and _TRIAL.search(f"{head}\n{rest}") is not None
    return {
        "no_body": float(not rest),
        "short_body": float(bare and bool(rest)),
        "body_length": min(math.log1p(len(told)) / 9, 1.0),
        "body_sentences": min(len(_SENTENCE.findall(rest)) / 20, 1.0),
        "body_is_title": float(bool(rest) and rest.lower() == head.lower()),
        "title_in_body": len(above & below) / len(above) if above else 0.0,
        "body_beyond_title": min(math.log1p(len(below - above)) / 6, 1.0),
        "question_without_body": float(bare and head.endswith(("?", "？"))),
        "cjk_without_body": float(bare and _CJK.search(head) is not None),
        "coin_without_body": float(bare and _COIN.search(head) is not None),
        "trial_in_short_text": float(trial),
        "governance_in_body": min(len(_GOVERN.findall(rest)) / 8, 1.0),
        "body_asks": float(_ASKS.search(rest) is not None),
        "amount_in_body": float(_AMOUNT.search(rest) is not None),
        "shared_in_body": min(len(_SHARED.findall(rest)) / 6, 1.0),
        "structure": float(_STRUCTURE.search(rest) is not None),
        "trusted_link": float(any(is_trusted(link.host) for link in found)),
        "other_link": float(any(not is_trusted(link.host) for link in found)),
    }


def _of_choices(options: Sequence[str]) -> dict[str, float]:
    return {
        "options_alike": float(len(set(options)) < len(options)),
        "options_for_against": float(bool({"for", "against", "abstain", "approve", "reject"} & set(options))),
        "options_try": float(any(_TRIAL.search(option) for option in options)),
        "options_of_two_letters": float(bool(options) and all(len(option) <= 2 for option in options)),
        "options_are_numbers": float(bool(options) and all(option.isdigit() for option in options)),
        "options_length": min(sum(map(len, options)) / max(len(options), 1) / 40, 1.0),
        "options_plain": float(bool(options) and set(options) <= _PLAIN),
        "options_decide": float(any(_DECIDING.search(option) or _GOVERN.search(option) for option in options)),
        "options_many": min(len(options) / 6, 1.0),
    }


def _entropy(text: str) -> float:
    """How varied the letters are, in bits a letter: mashed keys and repeats have little."""
    return -sum(n / len(text) * math.log2(n / len(text)) for n in Counter(text).values())


def _gibberish(words: Sequence[str], head: str) -> float:
    """The share of Latin words of four letters or more without a vowel or with one letter thrice, or a title without words."""
    if not words:
        return float(bool(head))
    latin = [word for word in words if len(word) >= 4 and word.isascii()]
    odd = [word for word in latin if not _VOWEL.search(word) or _MASHED.search(word.lower())]
    return len(odd) / len(latin) if latin else float(all(len(set(word)) == 1 for word in words))
