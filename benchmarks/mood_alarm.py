"""How often the alarm for falling mood rings on real history, and how often on the same history without a trend.

    python -m benchmarks.mood_alarm DATA_DIR [--per-week 6] [--shuffles 20] [--readings FILE.json]

DATA_DIR holds `governance/posts.parquet`. Of each forum with times at most so many posts a week are read (the same for
the same number; `--readings` keeps what the encoder said, so that a killed run goes on). The alarm looks once a week at
the half year before. It is asked about the weeks as they were; about the same weeks shuffled, in which any alarm is false;
and about shuffled weeks with a fall of 0.2 or 0.4 from a random week on, which it should find within eight weeks.
"""

import argparse
import json
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pyarrow.parquet as pq

from governance.canonical import fixed
from governance.evidence import TextToRead
from governance.mood.alarm import WEEKS, Status, alarm
from governance.mood.pooling import pool
from governance.mood.scores import score
from governance.mood.speech import Speech, statements
from governance.mood.standing import Known, standings
from nlp.reader import EncoderTextReader

WEEK = timedelta(days=7)
FALLS = (0.2, 0.4)
FOUND_WITHIN = 8
_CHUNK = 32


@dataclass(frozen=True, slots=True)
class Post:
    """One post of a forum with its time."""

    forum: str
    author: str
    at: datetime
    text: str

    @property
    def digest(self) -> str:
        """What its reading is kept under."""
        return sha256(self.text.encode()).hexdigest()


def sample(data_dir: Path, per_week: int) -> dict[str, list[list[Post]]]:
    """By forum, its weeks in order, each with at most so many posts by chance; empty weeks too."""
    table = pq.read_table(data_dir / "governance" / "posts.parquet", columns=["forum", "author", "created", "text"]).to_pylist()
    posts = [
        Post(row["forum"], row["author"] or "", datetime.fromtimestamp(row["created"], UTC), row["text"])
        for row in table
        if row["created"] is not None and row["text"]
    ]
    found: dict[str, list[list[Post]]] = {}
    for forum in sorted({post.forum for post in posts}):
        of_forum = sorted((post for post in posts if post.forum == forum), key=lambda post: (post.at, post.digest))
        weeks: defaultdict[int, list[Post]] = defaultdict(list)
        for post in of_forum:
            weeks[(post.at - of_forum[0].at) // WEEK].append(post)
        dice = random.Random(forum)
        found[forum] = [dice.sample(weeks[week], min(per_week, len(weeks[week]))) for week in range(max(weeks) + 1)]
    return found


def read(posts: Sequence[Post], file: Path | None) -> dict[str, list[str]]:
    """The sentiment of each post, as label and scores; kept in `file` as it goes."""
    kept: dict[str, list[str]] = json.loads(file.read_text()) if file is not None and file.exists() else {}
    missing = sorted({post.digest: post.text for post in posts if post.digest not in kept}.items(), key=lambda each: len(each[1]))
    reader = EncoderTextReader() if missing else None
    for start in range(0, len(missing), _CHUNK):
        part = missing[start : start + _CHUNK]
        assert reader is not None
        for (digest, _), readings in zip(part, reader.read([TextToRead(text) for _, text in part]), strict=True):
            kept[digest] = [readings[0].label, *(fixed(value) for value in readings[0].scores)]
        if file is not None:
            file.write_text(json.dumps(kept))
    return kept


def value_of(posts: Sequence[Post], readings: dict[str, list[str]]) -> float | None:
    """What the accounts of one week say: one account one voice, near-duplicates one, trimmed."""
    said = []
    for number, post in enumerate(posts):
        label, *scores = readings[post.digest]
        found = score("sentiment", label, scores)
        if found is not None:
            said.append(Speech(str(number), post.author, post.at, post.digest, post.text, found))
    standing = standings({each.account: Known() for each in said}, begins=datetime(2020, 1, 1, tzinfo=UTC))
    mood = pool(statements(said, standing), standing).unevidenced
    return None if mood is None else mood.value


def looks(values: Sequence[float | None]) -> Iterator[bool]:
    """Whether the alarm rings, asked once a week from the first half year on."""
    for end in range(WEEKS, len(values) + 1):
        yield alarm(values[end - WEEKS : end]).status is Status.FIRED


def episodes(rings: Sequence[bool]) -> int:
    """How many separate alarms: a ring that lasts weeks is one."""
    return sum(now and not before for before, now in zip([False, *rings], rings, strict=False))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("--per-week", type=int, default=6)
    parser.add_argument("--shuffles", type=int, default=20)
    parser.add_argument("--readings", type=Path)
    options = parser.parse_args()
    forums = sample(options.data, options.per_week)
    readings = read([post for weeks in forums.values() for week in weeks for post in week], options.readings)
    print(f"{len(readings)} posts read")
    print(f"{'forum':<24}{'weeks':>6}{'looks':>7}{'alarms':>8}{'false, a year':>15}" + "".join(f"{f'finds {fall}':>12}" for fall in FALLS))
    total_false, total_looks = 0, 0
    for forum, weeks in forums.items():
        values = [value_of(week, readings) for week in weeks]
        dice = random.Random(f"shuffle/{forum}")
        real = list(looks(values))
        false, asked = 0, 0
        found = dict.fromkeys(FALLS, 0)
        for _ in range(options.shuffles):
            mixed = dice.sample(values, len(values))
            rings = list(looks(mixed))
            false, asked = false + episodes(rings), asked + len(rings)
            for fall in FALLS:
                begin = dice.randrange(len(values) - FOUND_WITHIN - WEEKS // 2) + WEEKS // 2
                fallen = [value if value is None or week < begin else value - fall for week, value in enumerate(mixed)]
                end = begin + FOUND_WITHIN
                found[fall] += any(alarm(fallen[max(end_ - WEEKS, 0) : end_]).status is Status.FIRED for end_ in range(begin + 3, end + 1))
        rate = false / max(asked, 1) * 52
        total_false, total_looks = total_false + false, total_looks + asked
        shares = "".join(f"{found[fall] / options.shuffles:>12.2f}" for fall in FALLS)
        print(f"{forum:<24}{len(values):>6}{len(real):>7}{episodes(real):>8}{rate:>15.2f}{shares}", flush=True)
    print(f"false alarms a year over all: {total_false / max(total_looks, 1) * 52:.2f}")


if __name__ == "__main__":
    main()
