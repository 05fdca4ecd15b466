"""Draws how often what was stated came true, from the figures of an evaluation: one small square per slice and moment.

assent models evaluate outcome --data DIR --json > figures.json     (or text)
python benchmarks/reliability.py figures.json docs/models/outcome-reliability.svg
"""

import json
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

_SIDE, _GAP, _TOP = 150, 60, 26
_ACROSS = 4
# Fewer answers draw noise.
_FEWEST = 100
Row = Mapping[str, object]


def drawn(rows: Sequence[Row]) -> str:
    """An SVG: stated probability across, found frequency up, the area of a dot by how many answers it stands for."""
    every: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        every[f"{str(row['slice']).removeprefix('pooled/')}, {row['at']}"].append(row)
    groups = {name: found for name, found in every.items() if sum(_number(row["n"]) for row in found) >= _FEWEST}
    wide = _ACROSS * (_SIDE + _GAP) + _GAP
    high = -(-len(groups) // _ACROSS) * (_SIDE + _GAP + _TOP) + _GAP
    squares = [_square(name, found, place) for place, (name, found) in enumerate(groups.items())]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high}" font-family="sans-serif" font-size="11">'
    return "\n".join([head, f'<rect width="{wide}" height="{high}" fill="white"/>', *squares, "</svg>"]) + "\n"


def _square(name: str, rows: Sequence[Row], place: int) -> str:
    left = _GAP + place % _ACROSS * (_SIDE + _GAP)
    top = _TOP + place // _ACROSS * (_SIDE + _GAP + _TOP)
    total = sum(_number(row["n"]) for row in rows)
    parts = [
        f'<g transform="translate({left},{top})"><text x="0" y="-6">{name} (n {total:.0f})</text>',
        f'<rect width="{_SIDE}" height="{_SIDE}" fill="none" stroke="#999"/>',
        f'<line x1="0" y1="{_SIDE}" x2="{_SIDE}" y2="0" stroke="#bbb" stroke-dasharray="3"/>',
    ]
    for row in rows:
        x, y = _number(row["stated"]) * _SIDE, (1 - _number(row["found"])) * _SIDE
        radius = 2 + 14 * (_number(row["n"]) / total) ** 0.5
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="#36c" fill-opacity="0.55"/>')
    return "".join([*parts, "</g>"])


def _number(value: object) -> float:
    return float(str(value))


def main() -> int:
    """Read the figures, write the drawing."""
    if len(sys.argv) != 3:
        print(__doc__)
        return 64
    rows = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["reliability"]
    Path(sys.argv[2]).write_text(drawn(rows), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
