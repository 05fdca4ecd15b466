"""How far accounts without voting power move the mood, with a plain mean beside it.

    python -m benchmarks.flooding [--seeds 200] [--pool 2400] [--workers 2] [--plot FILE.svg]

The encoder reads a pool of generated texts once; each seed draws a DAO's honest voices and an attack from it. Attacks
come in three styles: `copies` (one text, the worst for the mood, from every account), `paraphrases` (rewordings of it
and generated texts, the half of them that is read as strongest), `drip` (the same from accounts opened and used over two
years before the window, so that they are old, and posting all through it). Links between accounts and voters are made up
here (`linked`: every third honest account is a voter; `unlinked`: nobody has voting power, on a quarter of the seeds).
Even seeds read sentiment, odd ones stance.
Prints the shift in percent of the range (-1 to 1), the median and the largest over the seeds, and fails if the served
value by account moved by more than 5 %, or that by power at all.
"""

import argparse
import random
import statistics
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path

from benchmarks.attack_texts import attack_texts, paraphrases
from governance.canonical import fixed
from governance.evidence import TextReader, TextToRead
from governance.mood.pooling import Estimate, Mood, pool
from governance.mood.scores import Score, score
from governance.mood.speech import Speech, statements
from governance.mood.standing import Known, standings

BEGINS = datetime(2026, 10, 1, tzinfo=UTC)
WINDOW = timedelta(days=30)
COUNTS = (1, 10, 100, 1_000, 10_000)
STYLES = ("copies", "paraphrases", "drip")
TASKS = ("sentiment", "stance")
MOST = 0.05
_TARGET = "Fund the grants round\nThe treasury plan pays for grants, marketing and the new council for a year."


@dataclass(frozen=True, slots=True)
class Text:
    """One generated text as the encoder read it, by task."""

    text: str
    digest: str
    scores: Mapping[str, Score]


@dataclass(frozen=True, slots=True)
class Pool:
    """All texts there are to draw from, by what they were written to say."""

    against: tuple[Text, ...]
    for_: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class Dao:
    """A DAO before the attack: who its accounts are, and what they said in the window."""

    known: Mapping[str, Known]
    said: tuple[Speech, ...]


@dataclass(frozen=True, slots=True)
class Shift:
    """How far one attack moved the values, each as a part of their range."""

    by_account: float
    by_power: float
    plain_mean: float


def read_pool(reader: TextReader, size: int) -> Pool:
    """`size` texts, read once: half against and half for, a part of each half rewordings of a few."""
    sides = []
    for seed, good in ((1, False), (2, True)):
        made = attack_texts(size // 3, seed=seed, good=good)
        reworded = [text for number, first in enumerate(made[:20]) for text in paraphrases(first, size // 10, seed=number)]
        random.Random(seed).shuffle(reworded)
        sides.append(tuple(_read(reader, list(dict.fromkeys([*made, *reworded]))[: size // 2])))
    return Pool(*sides)


def _read(reader: TextReader, texts: Sequence[str]) -> list[Text]:
    found = []
    for text, readings in zip(texts, reader.read([TextToRead(text, _TARGET) for text in texts]), strict=True):
        scores = {each.task: score(each.task, each.label, [fixed(value) for value in each.scores]) for each in readings}
        known = {task: value for task, value in scores.items() if value is not None}
        if set(known) == set(TASKS):
            found.append(Text(text, sha256(text.encode()).hexdigest(), known))
    return found


def a_dao(texts: Pool, task: str, dice: random.Random, *, linked: bool) -> Dao:
    """Eighty honest accounts with one to five texts each; if `linked`, every third is a voter with power and a history."""
    lean = dice.uniform(0.2, 0.8)
    known: dict[str, Known] = {}
    said: list[Speech] = []
    for number in range(80):
        account = f"honest{number}"
        if linked and number % 3 == 0:
            power = Decimal(str(round(dice.lognormvariate(3, 2), 6) + 0.000001))
            known[account] = Known(power=power, votes_before=dice.randrange(12), delegate=dice.random() < 0.2)
        else:
            known[account] = Known(posts_before=dice.randrange(20), first_post=BEGINS - timedelta(days=dice.randrange(1, 900)))
        side = texts.for_ if dice.random() < lean else texts.against
        for place in range(dice.randrange(1, 6)):
            said.append(_speech(f"{account}/{place}", account, dice.choice(side), task, dice))
    return Dao(known, tuple(said))


def attacked(dao: Dao, texts: Pool, dice: random.Random, *, task: str, style: str, count: int) -> Dao:
    """The DAO with `count` more accounts that all push one way: against where it is in favour, and the other way round."""
    against = statistics.fmean(each.score.value for each in dao.said) > 0
    side = texts.against if against else texts.for_
    # Whoever attacks can ask how a text is read, and posts none that fails him.
    strongest = sorted(side, key=lambda each: each.scores[task].value * (1 if against else -1))[: len(side) // 2]
    known, said = dict(dao.known), list(dao.said)
    for number in range(count):
        account = f"bot{number}"
        old = Known(posts_before=dice.randrange(3, 30), first_post=BEGINS - timedelta(days=dice.randrange(90, 730)))
        known[account] = old if style == "drip" else Known()
        for place in range(dice.randrange(1, 4) if style == "drip" else 1):
            text = strongest[0] if style == "copies" else dice.choice(strongest)
            said.append(_speech(f"{account}/{place}", account, text, task, dice))
    return Dao(known, tuple(said))


def mood(dao: Dao) -> Mood:
    """What is served of it."""
    standing = standings(dao.known, begins=BEGINS)
    return pool(statements(dao.said, standing), standing)


def shifts(texts: Pool, task: str, style: str, seed: int, *, linked: bool, counts: Sequence[int] = COUNTS) -> dict[int, Shift]:
    """What each number of accounts does to one DAO."""
    dice = random.Random(f"{seed}/{task}/{style}/{linked}")
    dao = a_dao(texts, task, dice, linked=linked)
    before = mood(dao)
    found = {}
    for count in counts:
        after = mood(attacked(dao, texts, dice, task=task, style=style, count=count))
        found[count] = Shift(
            by_account=_part(_value(before.by_account), _value(after.by_account)),
            by_power=_part(_value(before.by_power), _value(after.by_power)),
            plain_mean=_part(before.plain_mean, after.plain_mean),
        )
    return found


def _value(estimate: Estimate | None) -> float | None:
    return None if estimate is None else estimate.value


def _part(before: float | None, after: float | None) -> float:
    if before is None or after is None:
        return 0.0 if before is after else 1.0
    return abs(after - before) / 2


def _speech(id_: str, account: str, text: Text, task: str, dice: random.Random) -> Speech:
    moment = BEGINS + timedelta(seconds=dice.randrange(int(WINDOW.total_seconds())))
    return Speech(id_, account, moment, text.digest, text.text, text.scores[task])


def plot(rows: Mapping[tuple[str, int], Sequence[Shift]], file: Path) -> None:
    """The curve: the largest shift over the seeds by number of accounts, served and unprotected."""
    import matplotlib  # noqa: PLC0415  # only the plot needs it

    matplotlib.use("svg")
    from matplotlib import pyplot  # noqa: PLC0415

    matplotlib.rcParams["svg.hashsalt"] = "assent"
    figure, axes = pyplot.subplots(figsize=(7, 4.2))
    for style, colour in zip(STYLES, ("#1b6ca8", "#2a9d5c", "#b8651b"), strict=True):
        counts = sorted({count for each, count in rows if each == style})
        served = [100 * max(each.by_account for each in rows[style, count]) for count in counts]
        plain = [100 * statistics.median(each.plain_mean for each in rows[style, count]) for count in counts]
        axes.plot(counts, served, color=colour, marker="o", label=f"served, {style} (largest)")
        axes.plot(counts, plain, color=colour, marker="x", linestyle=":", label=f"plain mean, {style} (median)")
    axes.axhline(100 * MOST, color="#888", linewidth=1)
    axes.text(1, 100 * MOST + 0.8, "5 %", color="#666")
    axes.set(xscale="log", xlabel="accounts added, none with voting power", ylabel="shift, % of the range", ylim=(0, None))
    axes.legend(fontsize=8, frameon=False)
    figure.tight_layout()
    figure.savefig(file, metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--pool", type=int, default=2_400)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    from nlp.reader import EncoderTextReader  # noqa: PLC0415  # torch takes seconds to import

    texts = read_pool(EncoderTextReader(), options.pool)
    print(f"{len(texts.against) + len(texts.for_)} texts read; {options.seeds} seeds; shift in % of the range: median / largest")
    print(f"{'world':<10}{'task':<11}{'style':<13}{'accounts':>9}{'by account':>16}{'by power':>16}{'plain mean':>17}")
    every: list[Shift] = []
    for_plot: dict[tuple[str, int], list[Shift]] = {}
    with ProcessPoolExecutor(options.workers, mp_context=get_context("spawn")) as workers:
        for linked in (True, False):
            seeds = range(options.seeds if linked else max(options.seeds // 4, 2))
            for style in STYLES:
                found = list(workers.map(partial(_of_seed, texts, style, linked), seeds, chunksize=10))
                for count in COUNTS:
                    for task in TASKS:
                        rows = [each[count] for seed, each in zip(seeds, found, strict=True) if task_of(seed) == task]
                        _print_row(f"{'linked' if linked else 'unlinked':<10}{task:<11}{style:<13}{count:>9}", rows)
                        every += rows
                        if linked:
                            for_plot.setdefault((style, count), []).extend(rows)
    worst, worst_power = max(each.by_account for each in every), max(each.by_power for each in every)
    print(f"largest shift by account {100 * worst:.2f} %, by power {100 * worst_power:.2f} % (5 % and 0 % are the most allowed)")
    if options.plot:
        plot(for_plot, options.plot)
    if worst > MOST or worst_power > 0:
        raise SystemExit(1)


def task_of(seed: int) -> str:
    """What a seed's texts are read for."""
    return TASKS[seed % len(TASKS)]


def _of_seed(texts: Pool, style: str, linked: bool, seed: int) -> dict[int, Shift]:
    return shifts(texts, task_of(seed), style, seed, linked=linked)


def _print_row(name: str, rows: Sequence[Shift]) -> None:
    cells = ([each.by_account for each in rows], [each.by_power for each in rows], [each.plain_mean for each in rows])
    print(name + "".join(f"{100 * statistics.median(cell):9.2f} / {100 * max(cell):5.2f}" for cell in cells), flush=True)


if __name__ == "__main__":
    main()
