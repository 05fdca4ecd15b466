"""Throw-away wallets of the demonstration's delegates, kept as keystore files so that `assent approve` can sign with them."""

import json
import secrets
from pathlib import Path
from typing import Final, cast

from eth_account import Account
from eth_account.signers.local import LocalAccount

NAMES: Final = ("ada", "bo", "cy")
# These keys guard nothing: a quick key derivation is enough, and the password lies beside them.
_ITERATIONS: Final = 2_000


def wallets(folder: Path) -> tuple[LocalAccount, ...]:
    """The three delegates' accounts; made at the first call, read back at every later one."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    password_file = folder / "password"
    if not password_file.exists():
        password_file.touch(mode=0o600)
        password_file.write_text(secrets.token_urlsafe(16) + "\n", encoding="utf-8")
    password = password_file.read_text(encoding="utf-8").strip()
    return tuple(_wallet(folder / f"{name}.json", password) for name in NAMES)


def _wallet(file: Path, password: str) -> LocalAccount:
    if file.exists():
        content = json.loads(file.read_text(encoding="utf-8"))
        return cast("LocalAccount", Account.from_key(Account.decrypt(content, password)))
    account = cast("LocalAccount", Account.create())
    file.touch(mode=0o600)
    file.write_text(json.dumps(Account.encrypt(account.key, password, kdf="pbkdf2", iterations=_ITERATIONS)), encoding="utf-8")
    return account
