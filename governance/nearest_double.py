"""A voting power as a model takes it in: the nearest double, which is near enough where no amount is decided."""

import math


def nearest_double(power: str | None) -> float | None:
    """The power of decimal text; None where none is told, or one that is no finite number from 0 on."""
    try:
        found = float(power) if power is not None else math.nan
    except ValueError:
        return None
    return found if math.isfinite(found) and found >= 0 else None
