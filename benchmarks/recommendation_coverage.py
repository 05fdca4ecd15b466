"""How often what a recommendation expects comes about, in invented economies with a known answer.

Run: python -m benchmarks.recommendation_coverage [worlds]
"""

import sys

from tests.token_worlds import World, measure_worlds

KINDS = (
    World(answer=0.06, noise=0.0006, days=120),
    World(answer=0.06, noise=0.0020, days=120),
    World(answer=0.06, noise=0.0006, days=60),
    World(answer=0.00, noise=0.0006, days=120),
    World(answer=0.00, noise=0.0020, days=120),
)


def main(worlds: int) -> None:
    """Print one line for each kind of world."""
    print(f"{worlds} worlds each; range at 90 %; a raise from 800 to 900 bps")
    print(f"{'answer':>7} {'noise':>7} {'days':>5} {'in range':>9} {'raise clear':>12}")
    for kind in KINDS:
        found = measure_worlds(kind, worlds=worlds, seed=20261121)
        print(f"{kind.answer:>7.2f} {kind.noise:>7.4f} {kind.days:>5} {found.covered:>9.3f} {found.recommended:>12.3f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500)
