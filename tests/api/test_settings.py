"""Settings are refused clearly: the variable, the value (never a secret) and the rule; the documentation is current."""

from pathlib import Path

import pytest

from api.configuration_guide import guide
from api.settings import Settings
from governance.errors import ConfigurationError

_ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No `.env` and no variable of the machine takes part."""
    import os  # noqa: PLC0415

    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("ASSENT_")]:
        monkeypatch.delenv(name)


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("ASSENT_PORT", "0", "greater than or equal to 1"),
        ("ASSENT_PORT", "eighty", "integer"),
        ("ASSENT_HOST", "not an address", "address"),
        ("ASSENT_CORS_ORIGINS", "app.example", "https?"),
        ("ASSENT_DATABASE_URL", "mysql://host/name", "postgresql"),
        ("ASSENT_DATABASE_URL", "sqlite://", "file"),
        ("ASSENT_RATE_LIMIT_READS", "many", "many"),
        ("ASSENT_CHAIN_ID", "-1", "greater"),
        ("ASSENT_TRUSTED_PROXIES", "proxy", "IPv4 or IPv6"),
        ("ASSENT_LOG_LEVEL", "loud", "pattern"),
        ("ASSENT_PROT", "8000", "did you mean ASSENT_PORT"),
    ],
)
def test_an_unusable_value_is_named_with_its_rule(monkeypatch: pytest.MonkeyPatch, name: str, value: str, rule: str) -> None:
    """The person at the terminal must not have to guess."""
    monkeypatch.setenv(name, value)

    with pytest.raises(ConfigurationError, match=rule) as refusal:
        Settings()

    assert refusal.value.details["variable"] == name
    assert name in str(refusal.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [("ASSENT_ADMIN_KEY", "short-secret"), ("ASSENT_LOGKEY", "my-secret"), ("ASSENT_DATABASE_URL", "mysql://user:my-secret@host/name")],
)
def test_a_secret_is_never_shown(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """An error message ends in logs, and a misspelt secret is a secret still."""
    monkeypatch.setenv(name, value)

    with pytest.raises(ConfigurationError) as refusal:
        Settings()

    assert "secret" not in f"{refusal.value} {refusal.value.details}".replace("secret at", "")


def test_a_dot_env_file_counts_and_its_unknown_names_are_refused(tmp_path: Path) -> None:
    """Both ways in are held to the same rules."""
    (tmp_path / ".env").write_text("ASSENT_PORT=8123\nOTHER=1\n")
    assert Settings().port == 8123

    (tmp_path / ".env").write_text("ASSENT_PROT=8123\n")
    with pytest.raises(ConfigurationError, match="ASSENT_PROT"):
        Settings()


@pytest.mark.parametrize("values", [{"host": "0.0.0.0"}, {"database_url": "postgresql://host/name"}])
def test_secrets_come_from_outside_where_others_can_reach(values: dict[str, str]) -> None:
    """A key made by the server itself is fine on one's own machine only."""
    with pytest.raises(ConfigurationError, match="ASSENT_ADMIN_KEY is missing"):
        Settings(**values).require_secrets()
    with pytest.raises(ConfigurationError, match="ASSENT_LOG_KEY is missing"):
        Settings(**values, admin_key="a" * 40).require_secrets()


def test_settings_are_frozen_and_hide_their_secrets() -> None:
    """Nothing changes them after the start, and printing them is safe."""
    settings = Settings(admin_key="a" * 40)

    with pytest.raises(ValueError, match="frozen"):
        settings.port = 1  # type: ignore[misc]  # that is the point
    assert "a" * 40 not in repr(settings)


def test_the_guide_is_current() -> None:
    """docs/configuration.md is written by `python -m api.configuration_guide`."""
    assert (_ROOT / "docs" / "configuration.md").read_text(encoding="utf-8") == guide()
