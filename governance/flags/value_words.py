"""How a call's values are written: amounts in whole tokens, names of roles, bytes and lists cut to what a reader takes in."""

from decimal import Decimal, localcontext
from typing import Final

from governance.flags.functions import Token
from governance.flags.known_functions import roles

# "Without limit": an allowance of 2^256-1, or so close to it that nobody could spend it.
UNLIMITED: Final = 2**255
_LONGEST: Final = 200
# What texts write behind a number for so many noughts.
FACTORS: Final = {"k": 3, "thousand": 3, "m": 6, "mm": 6, "mn": 6, "mil": 6, "mio": 6, "million": 6, "b": 9, "bn": 9, "billion": 9}
# Names that Maker's contracts hold as text in 32 bytes.
_WRITTEN: Final = frozenset({"what", "ilk"})


def amount(value: int, token: Token | None, asset: str) -> str:
    """So much of a token; in base units where its decimals are not known."""
    if value >= UNLIMITED:
        return f"an unlimited amount of {token.symbol if token else asset}"
    if token is None:
        return f"{value} base units of {asset}"
    return f"{number(scaled(value, token.decimals))} {token.symbol}"


def scaled(value: int, decimals: int) -> Decimal:
    """`value` base units in whole tokens, exactly."""
    with localcontext(prec=120):
        return Decimal(value).scaleb(-decimals)


def number(value: Decimal) -> str:
    """With thousands apart and no noughts at the end."""
    whole, point, rest = f"{value:f}".partition(".")
    return f"{int(whole):,}{point}{rest}".rstrip("0").rstrip(".") if point else f"{int(whole):,}"


def text(value: object, *, name: str) -> str:
    """The value of the argument `name`."""
    if isinstance(value, bytes):
        return _bytes(value, name)
    if isinstance(value, tuple | list):
        return cut("[" + ", ".join(text(each, name=name) for each in value) + "]")
    if isinstance(value, bool):
        return "true" if value else "false"
    return cut(str(value))


def cut(words: str) -> str:
    """At most 200 characters, and how many there were."""
    return words if len(words) <= _LONGEST else f"{words[:_LONGEST]}… ({len(words)} characters)"


def _bytes(value: bytes, name: str) -> str:
    if name in {"role", "admin_role"}:
        return roles().get(value, f"0x{value.hex()}")
    written = value.rstrip(b"\0")
    if name in _WRITTEN and written.isascii() and written.decode("ascii").replace("-", "").isalnum():
        return written.decode("ascii")
    return cut(f"0x{value.hex()}")
