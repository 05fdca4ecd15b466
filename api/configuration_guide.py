"""Writes docs/configuration.md from the settings: `python -m api.configuration_guide`."""

from pathlib import Path

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from api.settings import PREFIX, Settings

_HEAD = """# Configuration

Assent reads environment variables and a file `.env` in the working directory; variables win. This page is generated from
`api/settings.py` by `python -m api.configuration_guide`, and a test fails when it is not current.

A name that starts with `ASSENT_` and is not listed here, a value that cannot be used, and a secret that is missing stop
the start with a message that names the variable, the value (never a secret) and the rule.

| variable | default | what |
|---|---|---|
"""
_TAIL = """
## Secrets

On the embedded default (SQLite, loopback address) the admin key and the log's signing key are made at the first run and
lie in `keys/` of the state folder, readable by their owner only; the admin key is printed once. On PostgreSQL, or when
the server listens on any other address, `ASSENT_ADMIN_KEY` and `ASSENT_LOG_KEY` must be given.

Further keys are made with `assent keys create NAME --scope ROLE`; only their hashes are stored.
"""


def guide() -> str:
    """The page."""
    rows = [f"| `{PREFIX}{name.upper()}` | {_default(field)} | {field.description} |" for name, field in Settings.model_fields.items()]
    return _HEAD + "\n".join(rows) + "\n" + _TAIL


def _default(field: FieldInfo) -> str:
    if field.default is PydanticUndefined:
        return "see right"
    if field.default is None or field.default == ():
        return "none"
    return f"`{field.default}`"


if __name__ == "__main__":
    (Path(__file__).resolve().parents[1] / "docs" / "configuration.md").write_text(guide(), encoding="utf-8")
