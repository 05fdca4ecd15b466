"""Whether what the calls set, and whom they give control, is what the text names: numbers in their units, new owners, codes and roles."""

import re
from decimal import Decimal
from typing import Final

from governance.flags import claimed_values, claims
from governance.flags.calldata import Decoded, addresses_given, entry_of
from governance.flags.claimed_amounts import amounts, same
from governance.flags.claims import Mention
from governance.flags.comparison import NOTHING, Comparison, Held, agreed, contradicted, together, unsure
from governance.flags.functions import Effect, Function, Scale, Setting
from governance.flags.known_functions import TOKENS, roles

# Functions that give, or take away, by their names; and the words by which a text says so.
_GIVES: Final = re.compile(r"_?(?:grant|add|enable|increase|allow|appoint)")
_TAKES: Final = re.compile(r"_?(?:revoke|remove|disable|decrease|unpause|unfreeze|deny)")
_TAKEN: Final = re.compile(
    r"\b(?:revo[ck]|remov|disabl|decreas|reduc|strip|withdraw|unpaus|unfreez|resum|reactivat|restart|lift|dismiss|retir|replac|drop|deny|"
    r"without|off-?board|step(?:s|ped)? down|delist|lower|deprecat|end(?:s|ing)?\b)",
    re.IGNORECASE,
)
_GIVEN: Final = re.compile(
    r"\b(?:grant|add|enabl|increas|appoint|allow|approv|giv|assign|set|name|mak|list|onboard|rais|authori[sz]|replac|elect|install|activat|"
    r"whitelist|new\b|becom|creat|deploy)",
    re.IGNORECASE,
)
_NOUGHT: Final = "0x" + "0" * 40
# Types of lists and tuples: what stands in them is not compared number by number.
_COMPOSITE: Final = re.compile(r"[\[(]")


def settings(held: Held) -> Comparison:
    """Every call that sets, appoints or does something else than pay."""
    return together([_one(held, call, entry) for call in held.calls if (entry := entry_of(call)) is not None])


def _one(held: Held, call: Decoded, entry: Function) -> Comparison:
    pays_only = call.effect is Effect.TRANSFER and bool(entry.pays)
    if call.effect is Effect.BATCH and call.value and not held.known(call.target):
        return unsure(f"whether {call.target} passes on the coin that is sent to it")
    if call.effect is Effect.BATCH or call.allowances or pays_only:
        return NOTHING
    if entry.opaque and not entry.mentions:
        return unsure(f"what the code at {call.target} does")
    given = {each.name: each.value for each in call.arguments}
    mention = claims.mention(held.text, tuple(_filled(each, given) for each in entry.mentions))
    if mention is not Mention.SAID:
        if call.effect is Effect.OTHER:
            return unsure(f"whether the text means that it would {call.words}")
        return held.silence(call.words, mention)
    found = [_value(held, each, given) for each in entry.sets]
    found += [_direction(held, call, entry), _id(held, call, given)]
    found += [_whom(held, call, name, given[name]) for name in entry.whom]
    found += [_role(held, call, given["role"])] if "role" in given else []
    found += [_asset(held, call)] if entry.sets else []
    found += [_moved(held, call, amount, token) for amount, token in call.moved]
    if entry.opaque:
        found.append(unsure(f"what the code that it would run at {call.target} does"))
    if not entry.sets and _has_numbers(entry):
        found.append(unsure(f"the numbers in the text for: {call.words}"))
    if any(each is not NOTHING for each in found):
        return together(found)
    strangers = sorted(each for each in addresses_given(call) if not held.known(each) and each not in {*TOKENS, _NOUGHT})
    if strangers:
        return unsure(f"whether {strangers[0]} is what the text means")
    return agreed("control" if call.effect is Effect.CONTROL else "what is set")


def _direction(held: Held, call: Decoded, entry: Function) -> Comparison:
    """A text that only takes away names no call that gives, and the other way round; one that does both may mean either."""
    taken, given = (pattern.search(claims.visible(held.text)) is not None for pattern in (_TAKEN, _GIVEN))
    gives, takes = _GIVES.match(entry.name) is not None, _TAKES.match(entry.name) is not None
    wrong = (gives and taken and not given) or (takes and not taken)
    return unsure(f"whether the text means to {call.words}, or the contrary") if wrong else NOTHING


def _id(held: Held, call: Decoded, given: dict[str, str]) -> Comparison:
    """Which one of its kind, by its number."""
    number = given.get("id", "")
    if not number.isdigit() or re.search(rf"(?<!\d){number}(?!\d)", claims.visible(held.text)):
        return NOTHING
    return unsure(f"whether the text means no. {number} in: {call.words}")


def _value(held: Held, setting: Setting, given: dict[str, str]) -> Comparison:
    """The number that the call sets against the one that the text leads to."""
    label = _label(setting, given)
    raw = given[setting.argument]
    said = claimed_values.named(held.text, tuple(_filled(each, given) for each in setting.nouns))
    if not raw.isdigit() or not (said.new or said.beside):
        return unsure(f"which {label} the text means")
    if claimed_values.any_means(int(raw), setting.scale, said.new, surely=True):
        return agreed(label)
    if claimed_values.any_means(int(raw), setting.scale, said.new):
        return unsure(f"in which unit the {label} of {raw} is meant")
    if not said.new or claimed_values.any_means(int(raw), setting.scale, said.beside) or setting.scale is Scale.UNTOLD:
        return unsure(f"whether the {label} of {raw} is what the text means")
    shown = ", ".join(str(each) for each in said.new[:3])
    return contradicted(f"the text sets the {label} to {shown}, the calls to {raw}")


def _whom(held: Held, call: Decoded, name: str, value: str) -> Comparison:
    """Who or what receives control, or is trusted from then on."""
    named = claims.addresses_in(value)
    if not named or "…" in value:
        return unsure(f"the {_plain(name)} in: {call.words}")
    strangers = sorted(each for each in named if not held.known(each))
    if not strangers:
        return agreed(f"the {_plain(name)}")
    # A token that is handed over is received like a payment: whoever else is paid explains nothing.
    paid = frozenset() if call.effect is Effect.TRANSFER else held.receiving
    if strangers[0] not in {_NOUGHT, *held.addresses} and held.somebody_else(paid | (held.appointed - named)):
        return contradicted(f"it would {call.words}, but the text does not name {strangers[0]}")
    return unsure(f"whether {strangers[0]} is the {_plain(name)} that the text means")


def _asset(held: Held, call: Decoded) -> Comparison:
    """A known token whose numbers the call sets, by its symbol or address."""
    about = {token.symbol for each in call.arguments if each.name == "asset" and (token := TOKENS.get(each.value.lower())) is not None}
    unnamed = sorted(each for each in about if claims.mention(held.text, (re.escape(each),)) is not Mention.SAID)
    return unsure(f"whether the text means {unnamed[0]}") if unnamed else NOTHING


def _moved(held: Held, call: Decoded, amount: Decimal, token: str | None) -> Comparison:
    """What is put somewhere, taken out or burnt: as much as the text names, in a token whose decimals are told."""
    own = {each.amount for each in amounts(held.text, held.symbols) if token is not None and each.token == same(token)}
    return agreed(f"amounts of {token}") if amount in own else unsure(f"whether the text means the amount in: {call.words}")


def _role(held: Held, call: Decoded, role: str) -> Comparison:
    """The role by its name: a pauser is no minter."""
    every = [each for each in roles().values() if claims.mention(held.text, (_role_pattern(each),)) is Mention.SAID]
    if role in every:
        return agreed("the role")
    if every and role in roles().values():
        return contradicted(f"the text names {every[0]}, but it would {call.words}")
    return unsure(f"whether {role} is the role that the text means")


def _role_pattern(role: str) -> str:
    """MINTER_ROLE, minter role, minters …: the words before "role"."""
    words = role.removesuffix("_ROLE").split("_")
    joined = r"[\s_-]*".join(words)
    return joined if len(words) > 1 else rf"{joined}s?(?:[\s_-]*role)?(?![A-Za-z])"


def _has_numbers(entry: Function) -> bool:
    """Whether it sets numbers, or switches something, that no setting describes."""
    told = {*entry.amounts, *(entry.pays or ()), "id", "role_id", "admin_id", "guardian_id", "kind", "category"}
    return any(
        name not in told and name not in entry.whom and (kind.startswith(("uint", "int", "bool")) or _COMPOSITE.search(kind) is not None)
        for name, kind in zip(entry.names, entry.types, strict=True)
    )


def _filled(pattern: str, given: dict[str, str]) -> str:
    """A pattern that names an argument in braces stands for what the argument says; other braces are the pattern's own."""
    found = re.fullmatch(r"\{(\w+)\}", pattern)
    return pattern if found is None or found[1] not in given else re.escape(given[found[1]])


def _label(setting: Setting, given: dict[str, str]) -> str:
    return setting.label.format_map(given) if "{" in setting.label else setting.label


def _plain(name: str) -> str:
    return {"ward": "administrator", "new": "new signer", "init": "code", "to": "recipient"}.get(name, name)
