"""Who clearly objects, of those with voting power: each account by itself, so that nobody else's praise, silence or number weighs in."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from governance.mood.pooling import Statement, voice
from governance.mood.speech import Speech, statements
from governance.mood.standing import Known, standing_alone

# An account objects if what it said, text by text, comes to this or less, of -1 to 1.
CLEARLY_AGAINST: Final = -0.2


@dataclass(frozen=True, slots=True)
class Objection:
    """One account that clearly objects: what it said comes to `value`, and its voice weighs `weight` of a full one."""

    account: str
    value: float
    weight: float


def objections(said: Sequence[Speech], known: Mapping[str, Known], *, begins: datetime, electorate_power: Decimal) -> list[Objection]:
    """The evidenced accounts that clearly object, the weightiest first.

    Whether an account is among them, and with which weight, follows from its own texts and its own record, and from the
    registered delegates' power: another's text can add another objection and never take one away or make it lighter.
    """
    alone = {account: standing_alone(each, begins=begins, electorate_power=electorate_power) for account, each in known.items()}
    heard = {account: standing for account, standing in alone.items() if standing.evidenced}
    by_account: defaultdict[str, list[Statement]] = defaultdict(list)
    for statement in statements([each for each in said if each.account in heard], heard):
        by_account[statement.account].append(statement)
    values = {account: voice(texts)[0] for account, texts in by_account.items()}
    found = [Objection(account, value, heard[account].weight) for account, value in values.items() if value <= CLEARLY_AGAINST]
    return sorted(found, key=lambda each: (-each.weight, each.account))
