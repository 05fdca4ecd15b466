"""Texts beside what they speak of, in piles of one kind and place each: what tells off-target texts learns from these."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq

from nlp.dataset import TRAINABLE, BadlyLabelled, LabelledText
from nlp.plain_text import plain_text
from nlp.sampling import FROM_TREASURY, seeded
from nlp.windows import TARGET_TOKENS, Tokens
from nlp.written_texts import NO_PROPOSAL, RATIONALES, written_rationales

REVIEWS, CLAIMS, PROPOSALS = "reviews", "claims", "proposals"
# Of texts that do speak of their target so many may be told off it, that many of those may be found which speak of something else.
TAKEN_FOR_OFF_TARGET = 0.04
# Where titles and bodies of proposals may come from, and on what terms; what is not named here is not learnt from.
PROPOSAL_SOURCES: Mapping[str, str] = {
    "decentraland_transparency": "Apache-2.0",
    "diamond_snapshot_est": "MIT",
    "diamond_snapshot_new": "MIT",
    "recsys4daos": "MIT",
    "grasia_daostack": "MIT",
    "grasia_aragon": "MIT",
    "grasia_daohaus": "MIT",
    "aave_v3_cache": "MIT",
}
# Rationales of this DAO's delegates are a test set; its proposals stay out, too.
_TESTED_DAO = "arbitrum"
_RATIONALES = 2100
_COLUMNS = ["source", "dao", "title", "body"]
_FEWEST_TITLES, _MOST_PROPOSALS = 5, 400
_SHORTEST_BODY, _READ_CHARACTERS = 150, 4000
_PARTS_OF_BODY, _MOST_SENTENCES, _FEWEST_WORDS = 2, 5, 6
_FRONT_MATTER = re.compile(r"^---.*?---", re.DOTALL)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")


@dataclass(frozen=True, slots=True)
class Pile:
    """Token ids of texts, each with the number of its target, and of the targets: strangers to each other, but of one kind."""

    kind: str
    texts: Sequence[tuple[Sequence[int], int]]
    targets: Sequence[Sequence[int]]


def readable_proposals(file: Path) -> Path:
    """The file, where titles and bodies can be read from it; else `BadlyLabelled` says what is missing, before hours of training."""
    try:
        missing = [name for name in _COLUMNS if name not in pq.read_schema(file).names]
    except (OSError, pa.ArrowException) as error:
        raise BadlyLabelled(f"{file}: cannot be read as Parquet") from error
    if missing:
        raise BadlyLabelled(f"{file}: has no column {', '.join(missing)}")
    return file


def piles_of(rows: Sequence[LabelledText], proposals: Path | None, tokens: Tokens) -> list[Pile]:
    """The `train` rows of each licensed set, the written rationales, and parts of bodies beside the titles of each DAO's proposals.

    `proposals` is a Parquet file with the columns source, dao, title and body. Sets and DAOs with one target only are left out.
    """
    found = [_pile(RATIONALES, [row for row in _rationales() if row.target != NO_PROPOSAL], tokens)]
    for name, source in TRAINABLE.items():
        if source.task == "stance":
            own = [row for row in rows if row.dataset == name and row.split == "train" and row.target]
            found.append(_pile(REVIEWS if name.startswith(FROM_TREASURY) else CLAIMS, own, tokens))
    if proposals:
        found += [_pile(PROPOSALS, own, tokens) for own in _of_proposals(proposals)]
    return [pile for pile in found if len(pile.targets) > 1]


def _rationales() -> list[LabelledText]:
    return written_rationales(_RATIONALES, 0, seeded("off target"))


def _pile(kind: str, rows: Sequence[LabelledText], tokens: Tokens) -> Pile:
    targets = sorted({row.target for row in rows})
    place = {target: number for number, target in enumerate(targets)}
    texts = tokens.encode([plain_text(row.text) for row in rows])
    ids = [encoded[:TARGET_TOKENS] for encoded in tokens.encode([plain_text(target) for target in targets])]
    return Pile(kind, [(text, place[row.target]) for text, row in zip(texts, rows, strict=True) if text], ids)


def _of_proposals(file: Path) -> list[list[LabelledText]]:
    by_dao: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for row in pq.read_table(file, columns=_COLUMNS).to_pylist():
        if row["source"] in PROPOSAL_SOURCES and row["title"] and len(row["body"] or "") > _SHORTEST_BODY:
            by_dao.setdefault((row["source"], row["dao"] or ""), []).append((row["title"], row["body"]))
    found = []
    for place, proposals in sorted(by_dao.items()):
        if len({title for title, _ in proposals}) >= _FEWEST_TITLES and _TESTED_DAO not in place[1].casefold():
            dice = seeded("off target", *place)
            chosen = dice.sample(proposals, min(len(proposals), _MOST_PROPOSALS))
            found.append([row for title, body in chosen for row in _parts(title, body, dice)])
    return found


def _parts(title: str, body: str, dice: Random) -> list[LabelledText]:
    """Some sentences of a body in a row, twice; where it says its title it would tell too much."""
    plain = _FRONT_MATTER.sub("", body[:_READ_CHARACTERS]).replace(title, "")
    sentences = [sentence for sentence in _SENTENCE_END.split(plain) if len(sentence.split()) >= _FEWEST_WORDS]
    found = []
    for _ in range(_PARTS_OF_BODY if sentences else 0):
        first = dice.randrange(len(sentences))
        part = " ".join(sentences[first : first + dice.randint(1, _MOST_SENTENCES)])
        found.append(LabelledText(PROPOSALS, part, title, "stance", 1, "train"))
    return found
