"""What off-target texts are learnt from: licensed sources, training rows, no tested DAO, no body that says its title."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nlp.base_weights import base_folder
from nlp.dataset import BadlyLabelled, LabelledText
from nlp.off_target_pairs import CLAIMS, PROPOSALS, REVIEWS, Pile, piles_of, readable_proposals
from nlp.windows import Tokens
from nlp.written_texts import RATIONALES

pytestmark = pytest.mark.encoder

BODY = "The budget of {dao} covers six months of work by four people. Its milestones are reviewed by the guild every quarter. " * 3


@pytest.fixture(scope="module")
def tokens() -> Tokens:
    """The pinned tokenizer."""
    return Tokens(base_folder() / "tokenizer.json")


def dump(folder: Path, *daos: tuple[str, str, int]) -> Path:
    """A file of (source, DAO, so many) proposals; every body says its title in whole sentences."""
    rows = [
        {
            "source": source,
            "dao": dao,
            "title": f"Fund team {number} of {dao}",
            "body": f"We ask you to Fund team {number} of {dao} for the whole of next year. " * 3 + BODY.format(dao=dao),
        }
        for source, dao, count in daos
        for number in range(count)
    ]
    rows += [{"source": source, "dao": dao, "title": None, "body": BODY} for source, dao, _ in daos]
    file = folder / "proposals.parquet"
    pq.write_table(pa.Table.from_pylist(rows), file)
    return file


def said(piles: list[Pile], kind: str, tokens: Tokens) -> list[str]:
    """All texts and targets of a kind, in words."""
    own = [pile for pile in piles if pile.kind == kind]
    return [tokens.decode(ids) for pile in own for ids in [*(text for text, _ in pile.texts), *pile.targets]]


def test_only_licensed_sources_of_some_size_and_no_tested_dao(tmp_path: Path, tokens: Tokens) -> None:
    """Rationales of Arbitrum's delegates are a test set; a source without a licence is nobody's to learn from."""
    file = dump(
        tmp_path,
        ("recsys4daos", "Lumen", 6),
        ("ardev_arbitrum_tally", "Harrow", 6),
        ("recsys4daos", "Arbitrum DAO", 6),
        ("recsys4daos", "Small", 4),
    )

    piles = piles_of([], file, tokens)

    words = " ".join(said(piles, PROPOSALS, tokens))
    assert "lumen" in words
    assert not any(name in words for name in ("harrow", "arbitrum", "small"))
    assert {pile.kind for pile in piles} == {RATIONALES, PROPOSALS}


def test_a_file_that_cannot_be_learnt_from_is_refused(tmp_path: Path) -> None:
    """By name, and before anything is trained."""
    (tmp_path / "text.parquet").write_text("no table")
    pq.write_table(pa.table({"source": ["recsys4daos"], "title": ["Fund a team"]}), tmp_path / "other.parquet")

    with pytest.raises(BadlyLabelled, match=r"text\.parquet: cannot be read as Parquet"):
        readable_proposals(tmp_path / "text.parquet")
    with pytest.raises(BadlyLabelled, match=r"none\.parquet: cannot be read"):
        readable_proposals(tmp_path / "none.parquet")
    with pytest.raises(BadlyLabelled, match=r"other\.parquet: has no column dao, body"):
        readable_proposals(tmp_path / "other.parquet")
    assert readable_proposals(dump(tmp_path, ("recsys4daos", "Lumen", 1))) == tmp_path / "proposals.parquet"


def test_a_body_does_not_say_its_title(tmp_path: Path, tokens: Tokens) -> None:
    """Else copied words would be all there is to learn."""
    (pile,) = [pile for pile in piles_of([], dump(tmp_path, ("recsys4daos", "Lumen", 6)), tokens) if pile.kind == PROPOSALS]

    assert len(pile.targets) == 6
    assert len(pile.texts) == 12
    assert not any("fund team" in tokens.decode(text) for text, _ in pile.texts)
    assert all(tokens.decode(target).startswith("fund team") for target in pile.targets)


def test_only_training_rows_with_a_target_each_beside_its_own(tokens: Tokens) -> None:
    """Reviews, claims and rationales are kinds of their own; a set with one target has no strangers."""
    rows = [
        LabelledText(name, f"{name} of {subject}", subject, "stance", 0, split)
        for name in ("catalyst_f4", "perspectrum")
        for subject, split in (("wallet", "train"), ("oracle", "train"), ("bridge", "test"), ("audit", "val"), ("", "train"))
    ]
    rows += [LabelledText("argkp21", "only one", "uniforms", "stance", 0, "train")]

    piles = piles_of(rows, None, tokens)

    assert sorted(pile.kind for pile in piles) == sorted((REVIEWS, CLAIMS, RATIONALES))
    (reviews,) = [pile for pile in piles if pile.kind == REVIEWS]
    assert {(tokens.decode(text).split()[-1], tokens.decode(reviews.targets[own])) for text, own in reviews.texts} == {
        ("wallet", "wallet"),
        ("oracle", "oracle"),
    }
    assert "proposal" not in [tokens.decode(target) for pile in piles for target in pile.targets]
