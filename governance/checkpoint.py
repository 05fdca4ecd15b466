"""Signed tree heads: C2SP checkpoints (c2sp.org/tlog-checkpoint) as C2SP signed notes with Ed25519."""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from governance.errors import ConfigurationError, InvalidInput, SignatureRefused

_ED25519 = b"\x01"
_PRIVATE = "PRIVATE+KEY+"
_NAME = re.compile(r"[^\s+]+")
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_SIGNATURE_LINE = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})")
# c2sp.org/signed-note asks verifiers to take at least 16 signatures and to have a limit.
_MAX_SIGNATURES = 64
_MAX_NOTE = 1_000_000


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key and its name. `text()` is the vkey that others are given."""

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        """SHA-256(name || LF || 0x01 || public key)[:4]."""
        return hashlib.sha256(self.name.encode() + b"\n" + _ED25519 + self.public).digest()[:4]

    def text(self) -> str:
        """`name+<key id, hex>+<base64 of 0x01 and the key>`."""
        return f"{self.name}+{self.key_id.hex()}+{_base64(_ED25519 + self.public)}"

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Whether `signature` is this key's over `message` (RFC 8032)."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class SignerKey:
    """A private key and its name. `secret()` is kept like a password."""

    name: str
    private: Ed25519PrivateKey

    @property
    def verifier(self) -> VerifierKey:
        """The public half."""
        return VerifierKey(self.name, self.private.public_key().public_bytes_raw())

    def secret(self) -> str:
        """`PRIVATE+KEY+name+<key id>+<base64 of 0x01 and the seed>`, as golang.org/x/mod/sumdb/note writes it."""
        return f"{_PRIVATE}{self.name}+{self.verifier.key_id.hex()}+{_base64(_ED25519 + self.private.private_bytes_raw())}"

    def sign(self, message: bytes) -> bytes:
        """The 64-byte signature of `message`."""
        return self.private.sign(message)


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line: who claims to have signed, and the signature."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """A text that ends in a newline, and its signatures, not yet believed."""

    text: str
    signatures: tuple[NoteSignature, ...]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Which log, how many leaves, and the hash over them."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The note text: three lines, no extension lines."""
        return f"{self.origin}\n{self.size}\n{_base64(self.root)}\n"


def new_signer_key(name: str) -> SignerKey:
    """A fresh key under `name` (for a log: its origin)."""
    _check_name(name)
    return SignerKey(name, Ed25519PrivateKey.generate())


def parse_signer_key(text: str) -> SignerKey:
    """The key that `SignerKey.secret` wrote. What is wrong is said without the secret.

    Raises:
        ConfigurationError: it is not of that form.
    """
    try:
        name, key_id, seed = _split_key(text.strip().removeprefix(_PRIVATE))
        key = SignerKey(name, Ed25519PrivateKey.from_private_bytes(seed))
    except (ValueError, InvalidInput):
        raise ConfigurationError("the log key is not a note signer key (PRIVATE+KEY+name+id+base64)", variable="ASSENT_LOG_KEY") from None
    if not text.strip().startswith(_PRIVATE) or key.verifier.key_id != key_id:
        raise ConfigurationError("the log key's id does not fit its name and key", variable="ASSENT_LOG_KEY")
    return key


def parse_verifier_key(text: str) -> VerifierKey:
    """The key that a vkey names.

    Raises:
        InvalidInput: it is not of that form, not Ed25519, or its id does not fit.
    """
    name, key_id, public = _split_key(text)
    key = VerifierKey(name, public)
    if key.key_id != key_id:
        raise InvalidInput("vkey", text, "the key id must fit the name and key")
    return key


def parse_note(note: str) -> Note:
    """The text and signatures of a signed note. Nothing is verified yet.

    Raises:
        InvalidInput: it is not a signed note.
    """
    if len(note) > _MAX_NOTE or any(ord(char) < 0x20 and char != "\n" for char in note):
        raise InvalidInput("note", note[:40], "at most a megabyte of text without control characters")
    text, separator, tail = note.rpartition("\n\n")
    lines = tail.split("\n")
    if not separator or lines.pop() != "" or not 1 <= len(lines) <= _MAX_SIGNATURES:
        raise InvalidInput("note", note[:40], "text, a blank line, then 1 to 64 signature lines")
    return Note(text + "\n", tuple(_parse_signature(line) for line in lines))


def parse_checkpoint(text: str) -> Checkpoint:
    """The tree head in a note text. Extension lines are refused: nobody could audit them.

    Raises:
        InvalidInput: it is not the text of a checkpoint.
    """
    lines = text.split("\n")
    if len(lines) != 4 or lines[3] != "" or _NAME.fullmatch(lines[0]) is None or _SIZE.fullmatch(lines[1]) is None:
        raise InvalidInput("checkpoint", text[:80], "three lines: origin, size, root")
    root = _from_base64(lines[2])
    if root is None or len(root) != 32:
        raise InvalidInput("checkpoint", text[:80], "the root is 32 bytes in base64")
    return Checkpoint(lines[0], int(lines[1]), root)


def sign_text(text: str, keys: Iterable[SignerKey]) -> str:
    """`text` (ending in a newline) as a note signed by all `keys`."""
    lines = [f"— {key.name} {_base64(key.verifier.key_id + key.sign(text.encode()))}\n" for key in keys]
    return f"{text}\n{''.join(lines)}"


def sign(checkpoint: Checkpoint, keys: Iterable[SignerKey]) -> str:
    """`checkpoint` as a note signed by all `keys`."""
    return sign_text(checkpoint.text(), keys)


def verify(note: str, keys: Sequence[VerifierKey]) -> Note:
    """The parsed note, once at least one of `keys` verifies and none of them fails. Unknown signatures are ignored.

    Raises:
        InvalidInput: it is not a signed note.
        SignatureRefused: no signature of a known key, or one that fails.
    """
    parsed = parse_note(note)
    known = {(key.name, key.key_id): key for key in keys}
    seen = 0
    for line in parsed.signatures:
        key = known.get((line.name, line.key_id))
        if key is None:
            continue
        if not key.verifies(line.signature, parsed.text.encode()):
            raise SignatureRefused(f"the signature of {key.name} does not verify", key=key.text())
        seen += 1
    if not seen:
        raise SignatureRefused("no signature of a known key", keys=[key.text() for key in keys])
    return parsed


def verify_checkpoint(note: str, keys: Sequence[VerifierKey]) -> Checkpoint:
    """The tree head in `note`, verified by `keys`. See `verify` and `parse_checkpoint` for what is refused."""
    return parse_checkpoint(verify(note, keys).text)


def rotation_statement(*, origin: str, old: VerifierKey, new: VerifierKey) -> bytes:
    """What the old and the new key both sign when the log's key changes."""
    return f"assent log key rotation\n{origin}\n{old.text()}\n{new.text()}\n".encode()


def rotation_data(*, origin: str, old: SignerKey, new: SignerKey) -> dict[str, object]:
    """The data of the entry `key.rotated`: both keys and both signatures (base64) over the statement."""
    statement = rotation_statement(origin=origin, old=old.verifier, new=new.verifier)
    return {
        "old_vkey": old.verifier.text(),
        "new_vkey": new.verifier.text(),
        "old_signature": _base64(old.sign(statement)),
        "new_signature": _base64(new.sign(statement)),
    }


def continuation_statement(*, old: Checkpoint, copied: int, copied_root: bytes, new: VerifierKey) -> bytes:
    """What the old log's key signs when another log goes on after it."""
    lines = (old.origin, str(old.size), old.root.hex(), str(copied), copied_root.hex(), new.text())
    return "\n".join(("assent log continued", *lines, "")).encode()


def encode_signature(signature: bytes) -> str:
    """A signature as it stands in an entry: base64."""
    return _base64(signature)


def _split_key(text: str) -> tuple[str, bytes, bytes]:
    """(name, key id, the 32 bytes behind the type) of a vkey, or of a signer key without its prefix."""
    name, _, rest = text.partition("+")
    key_id, _, encoded = rest.partition("+")
    raw = _from_base64(encoded)
    if _NAME.fullmatch(name) is None or re.fullmatch("[0-9a-f]{8}", key_id) is None or raw is None:
        raise InvalidInput("vkey", text[:120], "name+8 hex digits+base64")
    if len(raw) != 33 or raw[:1] != _ED25519:
        raise InvalidInput("vkey", text[:120], "an Ed25519 key (type 1)")
    return name, bytes.fromhex(key_id), raw[1:]


def _parse_signature(line: str) -> NoteSignature:
    found = _SIGNATURE_LINE.fullmatch(line)
    raw = None if found is None else _from_base64(found.group(2))
    if found is None or raw is None or len(raw) < 5:
        raise InvalidInput("note", line[:80], "signature lines are: — name base64")
    return NoteSignature(found.group(1), raw[:4], raw[4:])


def _check_name(name: str) -> None:
    if _NAME.fullmatch(name) is None:
        raise InvalidInput("name", name, "key names hold neither spaces nor plus signs")


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _from_base64(text: str) -> bytes | None:
    """The bytes, or None; only the one spelling that encoding would give is taken."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if _base64(raw) == text else None
