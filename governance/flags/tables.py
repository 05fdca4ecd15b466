"""Tables in a proposal's text, as Markdown writes them."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

_RULE: Final = frozenset("|:- \t")


@dataclass(frozen=True, slots=True)
class Table:
    """The cells of the first line, and those of each line below it; `title` is the line of text before them."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    title: str = ""


@lru_cache(maxsize=64)
def split(text: str) -> tuple[str, tuple[Table, ...]]:
    """The text without its tables, and the tables."""
    prose: list[str] = []
    found: list[Table] = []
    rows: list[tuple[str, ...]] = []
    for line in [*text.split("\n"), ""]:
        if line.count("|") >= 2 or (rows and "|" in line):
            if "--" not in line or not set(line) <= _RULE:
                rows.append(tuple(cell.strip() for cell in line.strip().strip("|").split("|")))
            continue
        if rows:
            title = next((each for each in reversed(prose[-3:]) if each.strip()), "")
            found.append(Table(rows[0], tuple(rows[1:]), title))
            rows = []
        prose.append(line)
    return "\n".join(prose), tuple(found)
