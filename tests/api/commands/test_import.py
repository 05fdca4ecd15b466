"""The exit code of an import says whether every file could be used."""

import json
from pathlib import Path

import pytest

from api.commands.main import run
from tests.ingest_rows import a_proposal


@pytest.fixture
def dumps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one good file, and a deployment of its own."""
    monkeypatch.setenv("ASSENT_STATE_DIR", str(tmp_path / "state"))
    folder = tmp_path / "dumps"
    folder.mkdir()
    (folder / "proposals.ndjson").write_text(json.dumps(a_proposal()) + "\n")
    return folder


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("torn.parquet", b"PAR1 and no more"),
        ("strange.csv", b"colour,size\nred,3\n"),
        ("broken.json", b'[{"dao": '),
        ("note.txt", b"hello"),
    ],
)
def test_a_file_that_cannot_be_used_fails_the_command_and_not_the_others(
    dumps: Path, name: str, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    """A script that goes on after a torn download would never know."""
    (dumps / name).write_bytes(content)

    code = run(["import", str(dumps), str(dumps / name), "--json"])

    told = {each["file"]: each for each in json.loads(capsys.readouterr().out)["files"]}
    assert code == 1
    assert told["proposals.ndjson"]["inserted"] == 1
    assert told[name]["read"] == 0
    assert len(told[name]["reasons"]) == 1


def test_refused_rows_alone_do_not_fail_an_import(dumps: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Real data is dirty: 0, and 5 only where the caller asked to be strict."""
    (dumps / "more.ndjson").write_text(json.dumps(a_proposal(dao=None)) + "\n")

    assert run(["import", str(dumps)]) == 0
    assert run(["import", str(dumps), "--strict"]) == 5
    capsys.readouterr()
