"""The chain of logs and keys: who signs, from which entry on, and what a continued log took over."""

from typing import Any

from governance.verification.entries import BadEntry, Entry, expected_id
from governance.verification.hash_tree import GrowingTree
from governance.verification.notes import LOG_KEY, Key, NotANote, decode_base64, read_key, verifies


class Log:
    """One log within the export: the whole, or the copy of an older one at the start of a continued log."""

    def __init__(self, first: int) -> None:
        self.first = first
        self.tree = GrowingTree()
        self.origin = ""
        self.vkeys: list[str] = []
        self.old: dict[str, Any] | None = None

    @property
    def copied(self) -> int:
        """How many entries after the first are copies of the log before this one."""
        return int(self.old["copied"]) if self.old else 0


class History:
    """Follows ids, keys and continuations through the entries in order. `logs[0]` is the exported log itself."""

    def __init__(self) -> None:
        self.logs = [Log(0)]
        self._open = [self.logs[0]]

    def add(self, entry: Entry, leaf: bytes) -> None:
        """Take the next entry; `BadEntry` when its id or its place in the chain of logs and keys is wrong.

        The leaf is counted in every log it belongs to, also when it is wrong.
        """
        wrong = None
        try:
            self._close_copies()
        except BadEntry as error:
            wrong = error
        inside = list(self._open)  # a copy that this entry opens begins with the next one
        try:
            self._check(entry)
        finally:
            for log in inside:
                log.tree.add(leaf)
        if wrong is not None:
            raise wrong

    def skip(self, leaf: bytes) -> None:
        """Count a leaf (its hash) that could not be read."""
        for log in self._open:
            log.tree.add(leaf)

    def _check(self, entry: Entry) -> None:
        log = self._open[-1]
        first = log.tree.size == 0
        if first != (entry.kind in {"log.opened", "log.continued"}):
            raise BadEntry("log.first", "a log's first entry, and no other, opens it")
        expected = expected_id(entry.ts_text, log.tree)
        if entry.kind == "log.continued":
            self._continue(log, entry.data)
        elif first:
            log.origin, log.vkeys = _text(entry.data["deployment"]), [_log_vkey(entry.data["vkey"], entry.data["deployment"])]
        elif entry.kind == "key.rotated":
            log.vkeys.append(_rotated(log, entry.data))
        if entry.id != expected:
            raise BadEntry("entry.id", f"the id should be {expected}: it does not follow from its place and time")

    def _continue(self, log: Log, data: dict[str, Any]) -> None:
        copied, old_size = data["copied"], data["old_size"]
        if not (isinstance(copied, int) and isinstance(old_size, int) and 0 <= copied <= old_size):
            raise BadEntry("log.continued", "copied and old_size are numbers, and no more is copied than there was")
        log.origin, log.vkeys, log.old = _text(data["deployment"]), [_log_vkey(data["vkey"], data["deployment"])], data
        if log.origin == data["old_origin"]:
            raise BadEntry("log.continued", "a log that goes on has a name of its own: numbers are never issued twice")
        if copied:
            inner = Log(log.first + 1)
            self.logs.append(inner)
            self._open.append(inner)

    def _close_copies(self) -> None:
        while len(self._open) > 1 and self._open[-1].tree.size == self._open[-2].copied:
            inner, outer = self._open.pop(), self._open[-1]
            old = outer.old or {}
            if old.get("copied_root") != inner.tree.root().hex():
                raise BadEntry(
                    "log.copied", f"the {outer.copied} entries after entry {outer.first} are not those of {old.get('old_origin')}"
                )
            if inner.origin != old.get("old_origin"):
                raise BadEntry("log.copied", f"the copied entries are of {inner.origin}")
            _vouched(inner, outer)
            if outer.copied == old.get("old_size") and old.get("old_root") != inner.tree.root().hex():
                raise BadEntry("log.copied", "all entries of the old log were copied, yet its head was another")

    def finish(self) -> None:
        """After the last entry: `BadEntry` when a copied log is cut short or another."""
        self._close_copies()
        if len(self._open) > 1:
            raise BadEntry("log.copied", "the log ends before all entries of the log it continues were copied")


def _vouched(inner: Log, outer: Log) -> None:
    """The old log's last key, as far as its entries came back, signed that the new log goes on after it."""
    old: dict[str, Any] = outer.old or {}
    lines = (inner.origin, str(old["old_size"]), old["old_root"], str(old["copied"]), old["copied_root"], outer.vkeys[0])
    statement = "\n".join(("assent log continued", *lines, "")).encode()
    try:
        good = old["old_vkey"] == inner.vkeys[-1] and verifies(read_key(old["old_vkey"]), decode_base64(old["old_signature"]), statement)
    except (NotANote, KeyError, IndexError, TypeError) as error:
        raise BadEntry("log.vouched", f"the old log's key did not sign the continuation: {error}") from error
    if not good:
        raise BadEntry("log.vouched", "the old log's key did not sign the continuation")


def _rotated(log: Log, data: dict[str, Any]) -> str:
    """The new vkey, once both keys have signed the change."""
    if not log.vkeys or data["old_vkey"] != log.vkeys[-1]:
        raise BadEntry("key.rotated", "the old key is not the one that signs now")
    new = _log_vkey(data["new_vkey"], log.origin)
    statement = f"assent log key rotation\n{log.origin}\n{data['old_vkey']}\n{new}\n".encode()
    for vkey, part in ((data["old_vkey"], "old_signature"), (new, "new_signature")):
        try:
            good = verifies(read_key(vkey), decode_base64(data[part]), statement)
        except NotANote as error:
            raise BadEntry("key.rotated", str(error)) from error
        if not good:
            raise BadEntry("key.rotated", f"{part} does not verify")
    return new


def _log_vkey(vkey: object, origin: object) -> str:
    key = _key(vkey)
    if key.kind != LOG_KEY or key.name != origin:
        raise BadEntry("log.key", "a log's key bears the log's name and is of type 1")
    return str(vkey)


def _key(vkey: object) -> Key:
    try:
        return read_key(_text(vkey))
    except NotANote as error:
        raise BadEntry("log.key", str(error)) from error


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise BadEntry("entry.data", "text expected")
    return value
