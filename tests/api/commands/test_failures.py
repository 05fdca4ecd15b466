"""How commands fail: one line for people, one document for programs, an exit code for scripts."""

import json
from pathlib import Path

import pytest

from api.commands.main import run


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["recommend", "nobody.eth", "fee_bps"], 1),
        (["demo", "advance", "soon"], 64),
        (["log", "verify", "nowhere"], 1),
    ],
)
def test_a_failing_command_gives_one_document_and_one_line(
    arguments: list[str], code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A program that reads standard output must find the refusal there, and nothing else."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ASSENT_STATE_DIR", str(tmp_path / "state"))

    assert run([*arguments, "--json"]) == code

    told = capsys.readouterr()
    document = json.loads(told.out)
    assert document["exit_code"] == code
    assert f"assent: {document['error']}" in told.err.splitlines()
