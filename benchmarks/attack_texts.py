"""Texts that somebody who wants to be heard more than others might post: generated from parts, none of them anybody's words."""

import random
from collections.abc import Iterator

_OPENINGS = (
    "Honestly,",
    "As a long-time member,",
    "I have read it twice:",
    "Let us be clear:",
    "Many of us feel that",
    "Speaking for myself,",
    "After thinking about this for a week,",
    "Sorry to say it, but",
    "I talked to other holders and",
    "Wake up:",
    "To everyone here:",
    "Once more,",
)
_THINGS = (
    "this proposal",
    "the treasury plan",
    "this budget",
    "the new fee model",
    "the grants round",
    "this partnership",
    "the staking change",
    "the team's request",
    "this upgrade",
    "the marketing plan",
    "the new council",
    "the buyback",
)
_BAD = (
    "is a waste of everybody's money",
    "will ruin the token",
    "is a scam by insiders",
    "makes me lose all trust in this DAO",
    "is the worst idea we have seen",
    "hurts small holders and rewards whales",
    "is badly written and badly priced",
    "will drain the treasury within a year",
    "should be rejected at once",
    "is dishonest from the first line to the last",
)
_GOOD = (
    "is the best thing that happened to us",
    "will make the token thrive",
    "is honest and well prepared",
    "deserves everybody's support",
    "will pay for itself within a year",
    "is great news for small holders",
    "should pass at once",
    "makes me proud of this DAO",
    "is fair, clear and well priced",
    "shows how strong this community is",
)
_CLOSINGS = (
    "Vote now!",
    "I am voting accordingly.",
    "Tell your friends.",
    "Nobody I know disagrees.",
    "Enough is enough.",
    "That is all.",
    "Think about it.",
    "The numbers are there for all to see.",
    "We all know it.",
    "No more delays.",
    "Remember this day.",
    "See you at the vote.",
)
_SYNONYMS = {
    "waste": "squandering",
    "ruin": "wreck",
    "worst": "poorest",
    "honest": "sincere",
    "great": "splendid",
    "best": "finest",
    "support": "backing",
    "rejected": "turned down",
    "members": "people",
    "money": "funds",
    "thrive": "flourish",
    "holders": "owners",
    "clear": "plain",
    "now": "today",
    "think": "reflect",
    "feel": "believe",
    "idea": "notion",
    "plan": "scheme",
    "disagrees": "objects",
    "strong": "healthy",
}


def attack_texts(count: int, *, seed: int, good: bool = False) -> list[str]:
    """`count` different texts against what is discussed, or for it."""
    dice = random.Random(seed)
    found: dict[str, None] = {}
    while len(found) < count:
        parts = [dice.choice(_OPENINGS), dice.choice(_THINGS), dice.choice(_GOOD if good else _BAD) + "."]
        if dice.random() < 0.7:
            second = dice.choice(_THINGS)
            parts += [second[0].upper() + second[1:], dice.choice(_GOOD if good else _BAD) + "."]
        parts.append(dice.choice(_CLOSINGS))
        found[" ".join(parts)] = None
    return list(found)


def paraphrases(text: str, count: int, *, seed: int) -> Iterator[str]:
    """`count` rewordings of a text: synonyms, sentences in another order, an opening or a closing more or less."""
    dice = random.Random(seed)
    for _ in range(count):
        words = [_SYNONYMS.get(word, word) if dice.random() < 0.6 else word for word in text.split()]
        sentences = [part.strip() for part in " ".join(words).replace("!", ".").split(".") if part.strip()]
        dice.shuffle(sentences)
        if dice.random() < 0.5:
            sentences.append(dice.choice(_CLOSINGS).rstrip(".!"))
        yield f"{dice.choice(_OPENINGS) + ' ' if dice.random() < 0.5 else ''}{'. '.join(sentences)}."
