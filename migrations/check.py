"""Checks that the migrations give exactly the tables the code declares, on a database made for the purpose."""

import tempfile
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Upgrade an empty SQLite database to the head and compare; exits non-zero when a migration is missing."""
    with tempfile.TemporaryDirectory() as folder:
        config = Config(str(ROOT / "alembic.ini"))
        with create_engine(f"sqlite:///{Path(folder) / 'check.db'}").connect() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            command.check(config)


if __name__ == "__main__":
    main()
