"""A typed TypeScript client is generated from the OpenAPI document and a frontend's program compiles against it."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from api.app import create_app
from tests.api.conftest import settings_for

_HERE = Path(__file__).resolve().parents[1] / "typescript"


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the generated client and its compiler."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("needs Node.js with npm to compile a TypeScript client")
    if not (_HERE / "node_modules" / "typescript").is_dir():
        subprocess.run([npm, "ci", "--no-audit", "--no-fund", "--silent"], cwd=_HERE, check=True)
    folder = tmp_path_factory.mktemp("typescript")
    for name in ("page.ts", "tsconfig.json", "package.json"):
        shutil.copy(_HERE / name, folder)
    (folder / "node_modules").symlink_to(_HERE / "node_modules")
    settings = settings_for("sqlite:///unused.db", folder / "state")
    (folder / "openapi.json").write_text(json.dumps(create_app(settings).openapi()), encoding="utf-8")
    _run(folder, "openapi-typescript", "openapi.json", "-o", "schema.d.ts")
    return folder


def _run(folder: Path, tool: str, *arguments: str) -> None:
    done = subprocess.run([folder / "node_modules/.bin" / tool, *arguments], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise AssertionError(done.stdout + done.stderr)


def test_a_frontends_program_compiles_against_the_generated_client(workshop: Path) -> None:
    """Stable shapes are a promise to frontends; the compiler holds us to it."""
    _run(workshop, "tsc", "--strict", "--noEmit", "-p", ".")


def test_a_program_that_misspells_a_field_does_not_compile(workshop: Path) -> None:
    """The check above must be able to fail."""
    wrong = workshop / "wrong.ts"
    wrong.write_text(
        'import type { components } from "./schema";\nexport const x = (p: components["schemas"]["ProposalPage"]) => p.titel;\n'
    )

    with pytest.raises(AssertionError, match="titel"):
        _run(workshop, "tsc", "--strict", "--noEmit", "-p", ".")

    wrong.unlink()
