"""C2SP signed notes, checkpoints and witness cosignatures, read strictly."""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

_LINE = re.compile("— ([^ +\n]+) ([A-Za-z0-9+/=]+)")
LOG_KEY = 1
WITNESS_KEY = 4


class NotANote(ValueError):
    """The text is not a note, a checkpoint or a key of the form it should have."""


@dataclass(frozen=True, slots=True)
class Key:
    """A vkey: name, type (1 log, 4 witness) and Ed25519 public key."""

    name: str
    kind: int
    public: bytes

    @property
    def key_id(self) -> bytes:
        """The first four bytes of SHA-256(name || LF || type || key)."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]


@dataclass(frozen=True, slots=True)
class Head:
    """A checkpoint: origin, size and root."""

    origin: str
    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class SignedHead:
    """A checkpoint and its signature lines (name, key id, signature), nothing verified."""

    head: Head
    text: str
    lines: tuple[tuple[str, bytes, bytes], ...]


def read_key(vkey: str) -> Key:
    """The key that `vkey` names; `NotANote` for other forms or an id that does not fit."""
    parts = vkey.split("+", 2)
    if len(parts) != 3 or not parts[0] or any(char.isspace() for char in parts[0]):
        raise NotANote("a vkey is name+id+key")
    raw = _decode(parts[2])
    if len(raw) != 33 or raw[0] not in {LOG_KEY, WITNESS_KEY}:
        raise NotANote("a vkey holds an Ed25519 key of type 1 or 4")
    key = Key(parts[0], raw[0], raw[1:])
    if key.key_id.hex() != parts[1]:
        raise NotANote("the vkey's id does not fit its name and key")
    return key


def read_checkpoint(data: bytes) -> SignedHead:
    """The checkpoint in a note; `NotANote` for anything else, extension lines included."""
    try:
        note = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotANote("not UTF-8") from error
    body, blank, tail = note.rpartition("\n\n")
    if not blank or not tail.endswith("\n"):
        raise NotANote("a note is text, a blank line and signature lines")
    lines = tuple(_line(line) for line in tail[:-1].split("\n"))
    fields = body.split("\n")
    if len(fields) != 3 or not fields[0] or not re.fullmatch("0|[1-9][0-9]{0,18}", fields[1]):
        raise NotANote("a checkpoint has three lines: origin, size, root")
    root = _decode(fields[2])
    if len(root) != 32:
        raise NotANote("a root has 32 bytes")
    return SignedHead(Head(fields[0], int(fields[1]), root), body + "\n", lines)


def signs(key: Key, signature: bytes, text: str) -> bool:
    """Whether `signature` (of a note line) is `key`'s over `text`: plain (type 1) or a witness's with its time (type 4)."""
    message, raw = text.encode(), signature
    if key.kind == WITNESS_KEY:
        moment = int.from_bytes(signature[:8], "big")
        message, raw = f"cosignature/v1\ntime {moment}\n".encode() + message, signature[8:]
    return verifies(key, raw, message)


def verifies(key: Key, signature: bytes, message: bytes) -> bool:
    """Ed25519 (RFC 8032)."""
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def _line(line: str) -> tuple[str, bytes, bytes]:
    found = _LINE.fullmatch(line)
    if found is None:
        raise NotANote("a signature line is — name base64")
    raw = _decode(found.group(2))
    if len(raw) < 5:
        raise NotANote("a signature is too short")
    return found.group(1), raw[:4], raw[4:]


def _decode(text: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NotANote("not base64") from error
    if base64.b64encode(raw).decode() != text:
        raise NotANote("base64 has one spelling")
    return raw


def decode_base64(text: object) -> bytes:
    """Base64 in its one spelling; `NotANote` otherwise."""
    if not isinstance(text, str):
        raise NotANote("not base64")
    return _decode(text)
