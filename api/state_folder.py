"""The state folder: its one-writer lock, the secrets made at first run, and where the running server is."""

import fcntl
import json
import os
import secrets
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from governance.errors import ConfigurationError

_PRIVATE_FILE = 0o600
_PRIVATE_FOLDER = 0o700


@dataclass(slots=True)
class StateFolder:
    """`path`, made private on first use."""

    path: Path
    _lock: IO[str] | None = field(default=None, init=False)

    @property
    def keys(self) -> Path:
        """Where secrets made at first run lie, each in a file of mode 0600."""
        return self.path / "keys"

    @property
    def server_file(self) -> Path:
        """Where a running server writes its address."""
        return self.path / "server.json"

    def prepare(self) -> None:
        """Make the folders.

        Raises:
            ConfigurationError: they cannot be made or written.
        """
        try:
            for folder in (self.path, self.keys):
                folder.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigurationError(
                f"ASSENT_STATE_DIR={self.path}: cannot be written ({error.strerror})",
                variable="ASSENT_STATE_DIR",
                value=str(self.path),
                rule="a folder that can be written",
            ) from None

    def try_lock(self) -> bool:
        """Become the one writing process of this folder; False when another process is."""
        self.prepare()
        if self._lock is not None:
            return True
        handle = (self.path / "writer.lock").open("a+")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.close()
            return False
        self._lock = handle
        return True

    def unlock(self) -> None:
        """Let another process write."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def secret(self, name: str) -> str | None:
        """The secret kept as `keys/<name>`, or None.

        Raises:
            ConfigurationError: others on this machine could read it.
        """
        path = self.keys / name
        if not path.exists():
            return None
        if path.stat().st_mode & 0o077:
            raise ConfigurationError(f"{path} can be read by others: chmod 600 it", file=str(path), rule="mode 0600")
        return path.read_text(encoding="utf-8").strip()

    def make_secret(self, name: str, value: str) -> None:
        """Keep `value` as `keys/<name>`, readable by nobody else at any moment."""
        self.prepare()
        descriptor = os.open(self.keys / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE_FILE)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(value + "\n")
            file.flush()
            os.fsync(file.fileno())

    def random_secret(self, name: str) -> str:
        """The secret `name`, made at first use: 256 random bits, hex."""
        found = self.secret(name)
        if found is None:
            found = secrets.token_hex(32)
            self.make_secret(name, found)
        return found

    def announce(self, url: str) -> None:
        """Write the running server's address for other commands."""
        write_atomically(self.server_file, json.dumps({"url": url, "pid": os.getpid()}))

    def announced(self) -> str | None:
        """The running server's address, None when none stands there."""
        try:
            found: dict[str, Any] = json.loads(self.server_file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return str(found.get("url")) if found.get("url") else None

    def withdraw(self) -> None:
        """Forget the server's address."""
        self.server_file.unlink(missing_ok=True)


def write_atomically(path: Path, text: str) -> None:
    """Replace `path` by `text`; a reader sees the old bytes or the new ones, after a power cut too."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    Path(name).replace(path)
