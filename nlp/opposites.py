"""Claims turned into their opposites, by rule: who is for the one is against the other."""

import re

# Tried in this order, the first that is found turns the claim once. A claim that already denies loses its "not".
_TURNS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(rf"\b{said}\b", re.IGNORECASE), turned)
    for said, turned in (
        ("should not", "should"),
        ("shouldn't", "should"),
        ("must not", "must"),
        ("cannot", "can"),
        ("can not", "can"),
        ("do not", "do"),
        ("does not", "does"),
        ("is not", "is"),
        ("are not", "are"),
        ("will not", "will"),
        ("should", "should not"),
        ("must", "must not"),
        ("ought to", "ought not to"),
        ("needs to", "does not need to"),
        ("need to", "do not need to"),
        ("will", "will not"),
        ("can", "cannot"),
        ("is", "is not"),
        ("are", "are not"),
        ("has", "does not have"),
        ("have", "do not have"),
        ("raise", "lower"),
        ("increase", "reduce"),
        ("legalization", "prohibition"),
    )
)


def opposed(claim: str) -> str | None:
    """The claim that says the opposite, or None where no rule fits."""
    for said, turned in _TURNS:
        if said.search(claim):
            return said.sub(lambda found, turned=turned: turned.capitalize() if found[0][0].isupper() else turned, claim, count=1)  # type: ignore[misc]
    return None
