"""C2SP tlog-policy: which logs are trusted, and which witnesses must have seen a checkpoint."""

import re
from dataclasses import dataclass

from governance.verification.notes import LOG_KEY, WITNESS_KEY, Key, NotANote, SignedHead, read_key, signs

_ALLOWED = re.compile(rb"[\t\n\x20-\x7e\x80-\xff]*")
_NUMBER = re.compile("[1-9][0-9]{0,5}")


class PolicyUnreadable(ValueError):
    """The policy breaks its own format; nothing can be checked against it."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Trusted log keys, witnesses by name, groups (k, members) by name, and the name whose witnessing is asked for."""

    logs: tuple[Key, ...]
    witnesses: dict[str, Key]
    groups: dict[str, tuple[int, tuple[str, ...]]]
    quorum: str

    def unmet(self, note: SignedHead) -> str | None:
        """Why `note` does not meet the policy; None when it does."""
        if self.logs and not any(key.name == note.head.origin and _signed_by(key, note) for key in self.logs):
            return "the checkpoint is not signed by a log that the policy names"
        if self.quorum != "none" and not self._witnessed(self.quorum, note):
            return f"the checkpoint lacks the cosignatures that the quorum {self.quorum} asks for"
        return None

    def _witnessed(self, name: str, note: SignedHead) -> bool:
        if name in self.witnesses:
            return _signed_by(self.witnesses[name], note)
        threshold, members = self.groups[name]
        return sum(self._witnessed(member, note) for member in members) >= threshold


def read_policy(data: bytes) -> Policy:
    """The policy in `data`; `PolicyUnreadable` for anything that c2sp.org/tlog-policy does not allow."""
    if _ALLOWED.fullmatch(data) is None:
        raise PolicyUnreadable("control characters")
    logs: list[Key] = []
    witnesses: dict[str, Key] = {}
    groups: dict[str, tuple[int, tuple[str, ...]]] = {}
    quorum: str | None = None
    used: set[str] = set()
    for line in data.decode("latin-1").split("\n"):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        match words:
            case ["log", vkey] | ["log", vkey, _]:
                logs.append(_fresh(_key(vkey, LOG_KEY), logs))
            case ["witness", name, vkey] | ["witness", name, vkey, _]:
                witnesses[_new(name, witnesses, groups)] = _fresh(_key(vkey, WITNESS_KEY), list(witnesses.values()))
            case ["group", name, count, *members] if members:
                groups[_new(name, witnesses, groups)] = _group(count, members, witnesses, groups, used)
            case ["quorum", name] if quorum is None and (name == "none" or name in witnesses or name in groups):
                quorum = name
            case _:
                raise PolicyUnreadable(f"line {line[:80]!r}")
    if quorum is None:
        raise PolicyUnreadable("no quorum line")
    return Policy(tuple(logs), witnesses, groups, quorum)


def _group(
    count: str, members: list[str], witnesses: dict[str, Key], groups: dict[str, tuple[int, tuple[str, ...]]], used: set[str]
) -> tuple[int, tuple[str, ...]]:
    for member in members:
        if member in used or (member not in witnesses and member not in groups):
            raise PolicyUnreadable(f"group member {member!r} is unknown or stands in a group already")
        used.add(member)
    threshold = {"any": 1, "all": len(members)}.get(count, 0) or (int(count) if _NUMBER.fullmatch(count) else 0)
    if not 1 <= threshold <= len(members):
        raise PolicyUnreadable(f"a group's threshold is any, all, or 1 to {len(members)}")
    return threshold, tuple(members)


def _new(name: str, witnesses: dict[str, Key], groups: dict[str, tuple[int, tuple[str, ...]]]) -> str:
    if name == "none" or name in witnesses or name in groups:
        raise PolicyUnreadable(f"the name {name!r} is taken")
    return name


def _fresh(key: Key, known: list[Key]) -> Key:
    if any(other.public == key.public for other in known):
        raise PolicyUnreadable("the same public key twice")
    return key


def _key(vkey: str, kind: int) -> Key:
    try:
        key = read_key(vkey)
    except NotANote as error:
        raise PolicyUnreadable(str(error)) from error
    if key.kind != kind:
        raise PolicyUnreadable(f"a key of type {key.kind} where type {kind} is needed")
    return key


def _signed_by(key: Key, note: SignedHead) -> bool:
    return any(name == key.name and key_id == key.key_id and signs(key, raw, note.text) for name, key_id, raw in note.lines)
