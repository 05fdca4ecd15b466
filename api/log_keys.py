"""The decision log's signing keys: from outside, or kept in the state folder; one of them is current."""

from collections.abc import Sequence

from api.settings import Settings
from api.state_folder import StateFolder
from governance.checkpoint import SignerKey, VerifierKey, new_signer_key, parse_signer_key
from governance.errors import ConfigurationError

_KEY_FILE = "log.key"
# Written before the entry that makes it current, so that no crash leaves the log with a key that nobody holds.
_NEXT_FILE = "log.key.next"


class KeyRing:
    """Every log key at hand. `current` is the one that the log itself names last."""

    def __init__(self, keys: Sequence[SignerKey], state: StateFolder | None = None) -> None:
        if not keys:
            raise ConfigurationError("there is no log key", variable="ASSENT_LOG_KEY", rule="one key at least")
        self._keys = list(keys)
        self._state = state
        self.current = self._keys[0]

    def verifiers(self) -> list[VerifierKey]:
        """The public halves of all keys at hand."""
        return [key.verifier for key in self._keys]

    def choose(self, vkeys: Sequence[str]) -> None:
        """Make the last of the log's `vkeys` current; an empty log leaves the choice as it is.

        Raises:
            ConfigurationError: we do not hold that key.
        """
        if not vkeys:
            return
        found = next((key for key in self._keys if key.verifier.text() == vkeys[-1]), None)
        if found is None:
            raise ConfigurationError(
                f"the log's key is {vkeys[-1]}, which is not at hand: give it as ASSENT_LOG_KEY", variable="ASSENT_LOG_KEY", value=vkeys[-1]
            )
        if found is not self.current:
            self.current = found
            self._settle()

    def prepare_next(self, name: str | None = None) -> SignerKey:
        """A fresh key under the same name (or `name`), kept (mode 0600) before the log hears of it."""
        key = new_signer_key(name or self.current.name)
        if self._state is not None:
            (self._state.keys / _NEXT_FILE).unlink(missing_ok=True)
            self._state.make_secret(_NEXT_FILE, key.secret())
        self._keys.append(key)
        return key

    def _settle(self) -> None:
        """The next key has become the log's: move it into the old one's place (the old one stays beside it)."""
        if self._state is None:
            return
        waiting = self._state.secret(_NEXT_FILE)
        if waiting is None or parse_signer_key(waiting).verifier != self.current.verifier:
            return
        folder = self._state.keys
        if (folder / _KEY_FILE).exists():
            old = parse_signer_key(self._state.secret(_KEY_FILE) or "")
            (folder / _KEY_FILE).rename(folder / f"log-{old.verifier.key_id.hex()}.key")
        (folder / _NEXT_FILE).rename(folder / _KEY_FILE)


def key_ring(settings: Settings) -> KeyRing:
    """The keys that `settings` and the state folder hold; on the embedded default a first one is made.

    Raises:
        ConfigurationError: there is none and none may be made, or one is unusable.
    """
    state = StateFolder(settings.state_dir)
    state.prepare()
    given = [] if settings.log_key is None else [settings.log_key.get_secret_value()]
    kept = [secret for secret in (state.secret(_KEY_FILE), state.secret(_NEXT_FILE)) if secret is not None]
    if not given and not kept:
        settings.require_secrets()
        made = new_signer_key(settings.log_origin)
        state.make_secret(_KEY_FILE, made.secret())
        kept = [made.secret()]
    # Keys that were rotated away still vouch for the past: an older backup comes back with one of them.
    kept += [state.secret(path.name) or "" for path in sorted(state.keys.glob("log-*.key"))]
    return KeyRing([parse_signer_key(secret) for secret in (*given, *kept)], state)
