"""The root of the command line: every command is listed, and only the chosen one is imported."""

import subprocess
import sys

import pytest

from api.commands.main import COMMANDS, run


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    """A command that is imported late must be found by someone who reads the help all the same."""
    assert run(["--help"]) == 0
    said = capsys.readouterr().out
    assert [line.split()[0] for line in said.partition("Commands:")[2].splitlines() if line.strip()] == list(COMMANDS)


def test_a_misspelt_command_is_answered_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    """Suggestions look at all commands, imported or not."""
    assert run(["impot"]) == 64
    assert "'import'" in capsys.readouterr().err


def test_a_server_starts_without_what_it_does_not_need_yet() -> None:
    """Wallets, file formats and models take seconds to load; the first answer must not wait for them."""
    asked = (
        "import sys, api.commands.serve; print(*sorted({'eth_account', 'pyarrow', 'sklearn', 'torch', 'transformers'} & set(sys.modules)))"
    )
    loaded = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert loaded.stdout.split() == []
