"""One frozen `Settings`, read from `ASSENT_*` variables and `.env`; built by `create_app` and commands, never at import."""

import difflib
import ipaddress
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from dotenv import dotenv_values
from limits import parse_many
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from governance.errors import ConfigurationError

PREFIX = "ASSENT_"
_ENV_FILE = ".env"
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]+")
# A misspelt secret is still a secret: an unknown name that sounds like one is shown without its value.
_SOUNDS_SECRET = re.compile(r"KEY|SECRET|TOKEN|PASS|CREDENTIAL|URL")


class Settings(BaseSettings):
    """Everything a deployment may choose. Frozen; a name or value that cannot be used is a `ConfigurationError`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=_ENV_FILE, env_file_encoding="utf-8", env_ignore_empty=True, extra="ignore", frozen=True
    )

    state_dir: Path = Field(Path(".assent"), description="Folder of the database, keys, last signed checkpoint and exports. Ours to write.")
    database_url: str = Field(
        default_factory=lambda values: f"sqlite:///{values.get('state_dir', Path('.assent'))}/assent.db",
        description="Database: `sqlite:///file` (one writing process) or `postgresql://…`. Default: `assent.db` in the state folder.",
    )
    data_dir: Path | None = Field(None, description="Folder of real data to import and train from; only ever read.")
    host: str = Field("127.0.0.1", description="Address `assent serve` listens on. Any but a loopback address needs secrets from outside.")
    port: int = Field(8000, ge=1, le=65_535, description="Port `assent serve` listens on.")
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Origins whose browsers may call the API, separated by commas; `*` for all. Empty: none."
    )
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Addresses of reverse proxies, separated by commas, whose `X-Forwarded-For` is believed."
    )
    admin_key: SecretStr | None = Field(
        None, min_length=32, description="Admin API key. On SQLite with a loopback address one is made at first run; else it must be given."
    )
    log_key: SecretStr | None = Field(
        None,
        description="Decision log's signing key (C2SP note signer key). On SQLite with a loopback address one is made at first run; "
        "else it must be given.",
    )
    log_origin: str = Field(
        "assent.local/log",
        pattern=r"^[A-Za-z0-9._/-]{1,100}$",
        description="The decision log's name, as it stands on the first line of each checkpoint.",
    )
    sentiment_model: str | None = Field(
        None, description="Sequence-classification model (hub name or local folder) to read sentiment with, in place of the shipped head."
    )
    stance_model: str | None = Field(
        None, description="Sequence-classification model (hub name or local folder) to read stance with, in place of the shipped head."
    )
    chain_id: int = Field(31337, ge=1, le=2**53 - 1, description="Chain id that recommendations are bound to (EIP-155).")
    rate_limit_reads: str = Field(
        "5000/second", description="Reads allowed per caller (API key, else address): `N/period`, several separated by `;`."
    )
    rate_limit_writes: str = Field("2000/second", description="Writes allowed per caller: `N/period`, several separated by `;`.")
    writer_queue: int = Field(512, ge=1, le=100_000, description="Writes that may wait for the writer; one more is answered 503 at once.")
    idempotency_hours: int = Field(24, ge=24, le=24 * 365, description="Hours that answers under an Idempotency-Key are kept.")
    shutdown_seconds: int = Field(8, ge=1, le=600, description="Seconds a stopping server gives requests that are under way.")
    log_level: str = Field("info", pattern="^(debug|info|warning|error)$", description="Least level that is logged.")
    log_format: str = Field("text", pattern="^(text|json)$", description="How the server logs on standard error: `text` or `json`.")

    def __init__(self, **values: Any) -> None:  # noqa: ANN401  # pydantic validates them
        _refuse_unknown_names()
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise _explained(error) from None

    @field_validator("cors_origins", "trusted_proxies", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("cors_origins")
    @classmethod
    def _are_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            if origin != "*" and not _ORIGIN.fullmatch(origin):
                raise ValueError("an origin is http(s)://host[:port] without a path, or *")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _are_addresses(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for address in value:
            ipaddress.ip_network(address)
        return value

    @field_validator("host")
    @classmethod
    def _is_host(cls, value: str) -> str:
        if value != "localhost":
            ipaddress.ip_address(value)
        return value

    @field_validator("rate_limit_reads", "rate_limit_writes")
    @classmethod
    def _is_rate(cls, value: str) -> str:
        if any(rate.amount < 1 for rate in parse_many(value)):
            raise ValueError("at least one per period")
        return value

    @field_validator("database_url")
    @classmethod
    def _is_database(cls, value: str) -> str:
        try:
            url = make_url(value)
        except ArgumentError:
            raise ValueError("sqlite:///file or postgresql://user@host/name") from None
        if url.get_backend_name() == "postgres":
            url = url.set(drivername="postgresql")
        if url.get_backend_name() not in {"sqlite", "postgresql"}:
            raise ValueError("sqlite:///file or postgresql://user@host/name")
        if url.get_backend_name() == "sqlite" and url.database in {None, "", ":memory:"}:
            raise ValueError("an SQLite database is a file")
        return url.render_as_string(hide_password=False)

    @property
    def on_sqlite(self) -> bool:
        """Whether the store is the embedded one."""
        return make_url(self.database_url).get_backend_name() == "sqlite"

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        return self.host == "localhost" or ipaddress.ip_address(self.host).is_loopback

    @property
    def makes_secrets(self) -> bool:
        """Whether missing secrets may be made at first run: only on the embedded default."""
        return self.on_sqlite and self.on_loopback

    def require_secrets(self) -> None:
        """Refuse to start where secrets must come from outside and do not.

        Raises:
            ConfigurationError: on PostgreSQL or a non-loopback address without ASSENT_ADMIN_KEY or ASSENT_LOG_KEY.
        """
        if self.makes_secrets:
            return
        for name in ("admin_key", "log_key"):
            if getattr(self, name) is None:
                variable = PREFIX + name.upper()
                rule = "must be given on PostgreSQL or a non-loopback address; it is made only on SQLite with a loopback address"
                raise ConfigurationError(f"{variable} is missing: {rule}", variable=variable, value=None, rule=rule)


def _given_names() -> Iterator[tuple[str, str]]:
    yield from os.environ.items()
    if Path(_ENV_FILE).is_file():
        yield from ((name, value or "") for name, value in dotenv_values(_ENV_FILE).items())


def _refuse_unknown_names() -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    for name, value in _given_names():
        if not name.upper().startswith(PREFIX) or name.upper() in known:
            continue
        near = difflib.get_close_matches(name.upper(), known, n=1)
        shown = "(not shown)" if _SOUNDS_SECRET.search(name.upper()) else value[:120]
        rule = "no setting has this name" + (f"; did you mean {near[0]}?" if near else "; see docs/configuration.md")
        raise ConfigurationError(f"{name}={shown}: {rule}", variable=name, value=shown, rule=rule)


def _explained(error: ValidationError) -> ConfigurationError:
    first = error.errors(include_url=False)[0]
    field = str(first["loc"][0]) if first["loc"] else ""
    variable = PREFIX + field.upper()
    secret = field in {"admin_key", "log_key"}
    shown = "(not shown)" if secret or field == "database_url" else str(first["input"])[:120]
    rule = first["msg"].removeprefix("Value error, ")
    return ConfigurationError(f"{variable}={shown}: {rule}", variable=variable, value=shown, rule=rule)
