"""Dumps of every format: each row is read or reported, and nothing stops the import."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import Engine

from api.database import Writer
from api.sources.dumps import Unreadable, dump_files, read_dump
from api.sources.importing import FileReport, LocalStore, import_files
from governance.actors import SYSTEM
from governance.intake.batches import Batch
from tests.ingest_rows import a_link, a_post, a_proposal, a_vote, an_observation

_ROWS = [a_proposal(choices='["For", "Against"]', scores="[1.5, 2.5]"), a_proposal(proposal_id="0x02", choices=None, scores=None)]


def _write(folder: Path, kind: str) -> Path:
    path = folder / f"rows.{kind}"
    if kind == "parquet":
        pq.write_table(pa.Table.from_pylist(_ROWS), path)
    elif kind == "json":
        path.write_text(json.dumps(_ROWS))
    elif kind == "ndjson":
        path.write_text("\n".join(json.dumps(row) for row in _ROWS))
    else:
        lines = [",".join(_ROWS[0])]
        lines += [",".join("" if value is None else '"' + str(value).replace('"', '""') + '"' for value in row.values()) for row in _ROWS]
        path.write_text("\n".join(lines))
    return path


def _taken(engine: Engine, *paths: Path) -> list[FileReport]:
    writer = Writer(engine)
    store = LocalStore(writer, SYSTEM, datetime(2026, 11, 21, 12, tzinfo=UTC))
    reports = list(import_files([(path, path.name) for path in paths], store, progress=lambda _label, _rows: None))
    writer.close()
    return reports


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> Engine:
    """Reading files does not depend on the kind of database."""
    from governance.records.engine import open_engine  # noqa: PLC0415

    return open_engine(request.getfixturevalue("sqlite_url"))


@pytest.mark.parametrize("kind", ["parquet", "csv", "json", "ndjson"])
def test_the_same_rows_in_any_format_are_the_same_facts(engine: Engine, tmp_path: Path, kind: str) -> None:
    """A dump must not change its meaning by its packaging: Parquet first, then any other is all unchanged or a known revision."""
    report = _taken(engine, _write(tmp_path, kind))[0]

    assert (report.read, report.inserted, report.refused) == (2, 2, 0), report.reasons


def test_every_row_is_accounted_for_and_bad_ones_are_named(engine: Engine, tmp_path: Path) -> None:
    """read = inserted + unchanged + revised + refused, whatever stands in the file."""
    path = tmp_path / "mixed.ndjson"
    rows = [json.dumps(row) for row in (a_vote(), a_vote(), a_post(), a_link(), an_observation(), a_vote(voter=""), {"odd": 1}, [1])]
    path.write_text("\n".join([*rows, "{broken", "", '{"dao": "x", "dao": "y"}', json.dumps(a_vote(voter="last"))]))

    report = _taken(engine, path)[0]

    assert report.read == 12 == report.inserted + report.unchanged + report.revised + report.refused
    assert (report.inserted, report.unchanged, report.refused) == (5, 1, 6)


def test_a_truncated_file_is_reported_and_the_next_one_is_read(engine: Engine, tmp_path: Path) -> None:
    """A download that broke off must not hide the files after it."""
    whole = _write(tmp_path, "parquet")
    cut = tmp_path / "cut.parquet"
    cut.write_bytes(whole.read_bytes()[:200])

    first, second = _taken(engine, cut, whole)

    assert (first.read, first.whole, second.inserted) == (0, False, 2)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "when,what\n1,2\n"),
        ("a.csv", ""),
        ("a.json", "{"),
        ("a.json", "NaN"),
        ("a.txt", "x"),
        ("a.csv", "dao,dao,proposal_id\n1,2,3\n"),
    ],
)
def test_a_file_that_is_no_dump_is_said_to_be_none(tmp_path: Path, name: str, content: str) -> None:
    """Silence would look like success."""
    path = tmp_path / name
    path.write_text(content)

    assert [type(part) for part in read_dump(path, label=name)] == [Unreadable]


def test_a_column_that_is_not_understood_is_named_and_the_rows_are_taken(engine: Engine, tmp_path: Path) -> None:
    """What is not kept is said; a row is not lost over it."""
    path = tmp_path / "v.csv"
    path.write_text("dao,proposal_id,voter,mood\ntide.eth,1,ann,good\n")

    report = _taken(engine, path)[0]

    assert (report.inserted, report.whole) == (1, False)
    assert "mood" in next(iter(report.reasons))


def test_text_that_is_no_utf8_costs_its_own_row_only(tmp_path: Path) -> None:
    """One damaged byte in a column of thousands is one bad row."""
    text = pa.array([b"ann", b"\xff\xfe", b"bob"], pa.binary()).view(pa.utf8())
    table = pa.table({"dao": ["t"] * 3, "proposal_id": ["1"] * 3, "voter": text})
    pq.write_table(table, tmp_path / "v.parquet")

    parts = list(read_dump(tmp_path / "v.parquet", label="v"))

    assert [part.number for part in parts if isinstance(part, Unreadable)] == [2]
    assert sum(len(part) for part in parts if isinstance(part, Batch)) == 2


def test_a_bad_row_of_a_csv_shrinks_neither_what_went_before_nor_what_follows(engine: Engine, tmp_path: Path) -> None:
    """A stray quote or a byte of another alphabet is one bad row, not the end of the file nor the loss of its beginning."""
    path = tmp_path / "v.csv"
    rows = [b"t,1,ann", b't,1,"b"ob', b"t,1,caf\xe9", b"t,1", b"t,1,dan", b't,1,"eve']
    path.write_bytes(b"dao,proposal_id,voter\n" + b"\n".join(rows))

    report = _taken(engine, path)[0]

    assert (report.read, report.inserted, report.refused) == (6, 2, 4), report.reasons
    assert report.read == len(rows)


def test_figures_in_a_csv_are_read_as_programs_write_doubles(tmp_path: Path) -> None:
    """Data frames write a column of whole numbers with gaps as 1600000000.0, large doubles with an exponent; titles stay."""
    path = tmp_path / "p.csv"
    path.write_text("dao,proposal_id,title,quorum,scores_total,created\nt,1.0,1e5,1e+30,20.5,1600000000.0\nt,2,,,,\n")

    (batch,) = [part for part in read_dump(path, label="p") if isinstance(part, Batch)]

    assert batch.columns == {
        "dao": ["t", "t"],
        "proposal_id": ["1.0", "2"],
        "title": ["1e5", None],
        "quorum": [1e30, None],
        "scores_total": ["20.5", None],
        "created": ["1600000000", None],
    }


def test_an_empty_text_in_a_csv_is_a_post_without_words(engine: Engine, tmp_path: Path) -> None:
    """A post that only shows a picture is a post in every format."""
    path = tmp_path / "p.csv"
    path.write_text("forum,text,topic_id,post_number,author\nf.example,,1,1,ann\nf.example,hello,1,2.0,\n")

    report = _taken(engine, path)[0]

    assert (report.inserted, report.refused) == (2, 0), report.reasons


def test_a_header_of_another_alphabet_is_named_readably(engine: Engine, tmp_path: Path) -> None:
    """What is told of a bad file has to be storable itself."""
    path = tmp_path / "v.csv"
    path.write_bytes(b"dao,proposal_id,voter,caf\xe9\nt,1,ann,x\n")

    report = _taken(engine, path)[0]

    assert (report.inserted, report.whole) == (1, False)
    assert next(iter(report.reasons)).startswith("caf\\udce9: ")


def test_a_large_file_is_read_in_batches(tmp_path: Path) -> None:
    """Memory must not grow with the file."""
    path = tmp_path / "v.csv"
    path.write_text("dao,proposal_id,voter\n" + "\n".join(f"t,1,v{n}" for n in range(9_000)))

    sizes = [len(part) for part in read_dump(path, label="v") if isinstance(part, Batch)]

    assert sum(sizes) == 9_000
    assert max(sizes) <= 2_000


def test_a_folder_is_searched_and_each_file_taken_once(tmp_path: Path) -> None:
    """Naming a folder and a file in it does not import the file twice."""
    (tmp_path / "inner").mkdir()
    for name in ("b.csv", "inner/a.parquet", "notes.md"):
        (tmp_path / name).write_text("x")

    found = dump_files([tmp_path, tmp_path / "b.csv"])

    assert [path.name for path in found] == ["b.csv", "a.parquet"]


def test_all_of_the_real_data_but_the_votes_comes_in_twice(data_dir: Path, engine: Engine) -> None:
    """Real data is dirty; none of its rows may be lost or doubled. (The votes are the benchmark's.)"""
    names = ("decentraland_vote_progress", "posts", "proposal_forum_links")
    files = [data_dir / "governance" / f"{name}.parquet" for name in names]

    first, second = _taken(engine, *files), _taken(engine, *files)

    assert [report.refused for report in first] == [0, 0, 0]
    assert [(report.inserted, report.revised) for report in second] == [(0, 0)] * 3
    assert [report.read for report in first] == [16_449, 6_234, 14_037]
