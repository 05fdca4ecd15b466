"""Mutates exports and databases at random (seeded) and counts how many the audit misses: none may be.

    python -m benchmarks.log_mutations [--mutations 10000] [--seed 1]

Mutations of an export: a bit flipped, a byte changed, deleted or inserted, two bytes swapped, a file cut, emptied,
removed, doubled under another name or exchanged with another, and an older export in place of the newer one that the
auditor remembers. The mutations of a database are in `benchmarks.log_database_mutations`.
"""

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from governance.records.engine import migrate, open_engine
from governance.verification import Verdict, verify_export
from tests.log_stories import export, replay, tell_everything, write_log

Mutation = Callable[[random.Random, Path], bool]


def _some_file(rng: random.Random, folder: Path) -> Path:
    return rng.choice(sorted(path for path in folder.rglob("*") if path.is_file()))


def _rewrite(path: Path, content: bytes) -> bool:
    changed = content != path.read_bytes()
    path.write_bytes(content)
    return changed


def flip_bit(rng: random.Random, folder: Path) -> bool:
    """One bit of one file."""
    path = _some_file(rng, folder)
    data = bytearray(path.read_bytes())
    at = rng.randrange(len(data) * 8)
    data[at // 8] ^= 1 << (at % 8)
    return _rewrite(path, bytes(data))


def change_byte(rng: random.Random, folder: Path) -> bool:
    """One byte to any other."""
    path = _some_file(rng, folder)
    data = bytearray(path.read_bytes())
    data[rng.randrange(len(data))] = rng.randrange(256)
    return _rewrite(path, bytes(data))


def delete_bytes(rng: random.Random, folder: Path) -> bool:
    """A few bytes out of the middle."""
    path = _some_file(rng, folder)
    data = path.read_bytes()
    at = rng.randrange(len(data))
    return _rewrite(path, data[:at] + data[at + rng.randint(1, 40) :])


def insert_bytes(rng: random.Random, folder: Path) -> bool:
    """A few bytes more."""
    path = _some_file(rng, folder)
    data = path.read_bytes()
    at = rng.randint(0, len(data))
    return _rewrite(path, data[:at] + rng.randbytes(rng.randint(1, 40)) + data[at:])


def swap_bytes(rng: random.Random, folder: Path) -> bool:
    """Two bytes exchanged."""
    path = _some_file(rng, folder)
    data = bytearray(path.read_bytes())
    one, other = rng.randrange(len(data)), rng.randrange(len(data))
    data[one], data[other] = data[other], data[one]
    return _rewrite(path, bytes(data))


def truncate(rng: random.Random, folder: Path) -> bool:
    """A file cut short, perhaps to nothing."""
    path = _some_file(rng, folder)
    data = path.read_bytes()
    return _rewrite(path, data[: rng.randrange(len(data))])


def remove_file(rng: random.Random, folder: Path) -> bool:
    """A file gone."""
    _some_file(rng, folder).unlink()
    return True


def add_file(rng: random.Random, folder: Path) -> bool:
    """A file that nothing calls for, a copy of one that belongs."""
    path = _some_file(rng, folder)
    target = path.with_name(path.name + rng.choice(["0", ".p", ".bak", "x"]))
    if target.exists():
        return False
    shutil.copyfile(path, target)
    return True


def swap_files(rng: random.Random, folder: Path) -> bool:
    """Two files exchanged."""
    one, other = _some_file(rng, folder), _some_file(rng, folder)
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)
    return first != second


def swap_entries(rng: random.Random, folder: Path) -> bool:
    """Two entries exchanged, or one doubled over another, with their tile's hashes left or following."""
    bundle = next(iter(sorted((folder / "tile" / "entries").rglob("*.p/*"))))
    entries = split(bundle.read_bytes())
    one, other = rng.randrange(len(entries)), rng.randrange(len(entries))
    if one == other:
        return False
    hashes = next(iter(sorted((folder / "tile" / "0").rglob("*.p/*"))))
    raw = hashes.read_bytes()
    tiles = [raw[at : at + 32] for at in range(0, len(raw), 32)]
    follow, double = rng.random() < 0.5, rng.random() < 0.5
    for things in (entries, tiles) if follow else (entries,):
        things[one], things[other] = things[other], things[other] if double else things[one]
    bundle.write_bytes(b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries))
    hashes.write_bytes(b"".join(tiles))
    return True


def drop_entry(rng: random.Random, folder: Path) -> bool:
    """An entry taken out of its bundle, whose name keeps the width."""
    bundle = next(iter(sorted((folder / "tile" / "entries").rglob("*.p/*"))))
    entries = split(bundle.read_bytes())
    entries.pop(rng.randrange(len(entries)))
    bundle.write_bytes(b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries))
    return True


def split(bundle: bytes) -> list[bytes]:
    """The entries of a bundle."""
    entries, at = [], 0
    while at < len(bundle):
        length = int.from_bytes(bundle[at : at + 2], "big")
        entries.append(bundle[at + 2 : at + 2 + length])
        at += 2 + length
    return entries


MUTATIONS: tuple[Mutation, ...] = (
    flip_bit,
    flip_bit,
    change_byte,
    delete_bytes,
    insert_bytes,
    swap_bytes,
    truncate,
    remove_file,
    add_file,
    swap_files,
    swap_entries,
    drop_entry,
)


def mutate_exports(original: Path, work: Path, *, mutations: int, seed: int) -> tuple[Counter[str], list[str]]:
    """(how many of each mutation were tried, what was missed)."""
    rng = random.Random(seed)
    tried: Counter[str] = Counter()
    missed: list[str] = []
    while sum(tried.values()) < mutations:
        mutation = rng.choice(MUTATIONS)
        folder = work / "mutated"
        shutil.copytree(original, folder)
        if mutation(rng, folder):
            tried[mutation.__name__] += 1
            if verify_export(folder, replay=replay).verdict is Verdict.SOUND:
                missed.append(f"{mutation.__name__} (seed {seed}, number {sum(tried.values())})")
        shutil.rmtree(folder)
    return tried, missed


def prepare(work: Path) -> tuple[Path, Path, bytes]:
    """(a sound export, an older export of the same log, the newer one's checkpoint)."""
    engine = open_engine(f"sqlite:///{work / 'log.db'}")
    migrate(engine)
    signer = write_log(engine, work / "state", tell_everything)
    old = export(engine, signer, work / "old")
    signer = write_log(engine, work / "state", lambda book: book.ingest(3))
    new = export(engine, signer, work / "new")
    engine.dispose()
    return new, old, (new / "checkpoint").read_bytes()


def main() -> int:
    """Run, print the table; 1 when anything was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutations", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as name:
        new, old, checkpoint = prepare(Path(name))
        if verify_export(new, replay=replay).verdict is not Verdict.SOUND:
            print("the log to mutate is not sound")
            return 1
        tried, missed = mutate_exports(new, Path(name), mutations=given.mutations, seed=given.seed)
        tried["old_backup"] += 1
        if verify_export(old, replay=replay, remembered=checkpoint).verdict is Verdict.SOUND:
            missed.append("old_backup")
    for kind, count in sorted(tried.items()):
        print(f"{kind:16} {count:6}")
    print(f"{'all':16} {sum(tried.values()):6}  missed {len(missed)}  seed {given.seed}  {time.perf_counter() - started:.0f} s")
    print("\n".join(missed[:50]))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
