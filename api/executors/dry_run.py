"""The dry-run executor: appends what would be sent to a record of its own, outside the database."""

import fcntl
import json
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from governance.errors import AlreadyRecorded
from governance.executions import Effect
from governance.operations import DRY_RUN


class NothingReachesAChain(UserWarning):
    """A dry run records; no transaction is sent anywhere."""


class DryRunExecutor:
    """Keeps one line of JSON per operation in `record`, in the order of their positions (counted from 0).

    The file is the receiver: it decides whether an operation id was seen, under a lock that holds between processes,
    and an effect is durable before `send` returns. Lines are only ever appended. What stands behind the last line
    feed was never acknowledged (a process died while writing it) and is cut off before the next append.
    """

    kind = DRY_RUN

    def __init__(self, record: Path) -> None:
        warnings.warn(f"dry run: effects are recorded in {record}; nothing reaches a chain", NothingReachesAChain, stacklevel=2)
        self._record = record
        self._effects: dict[str, Effect] = {}
        self._read_to = 0
        record.parent.mkdir(parents=True, exist_ok=True)

    def send(self, operation_id: str, payload: str) -> Effect:
        """Record `payload` under `operation_id`, once; asked again, the first effect is given and nothing is written.

        Raises:
            AlreadyRecorded: the id stands for other bytes.
        """
        with self._locked() as descriptor:
            self._catch_up(descriptor)
            known = self._effects.get(operation_id)
            if known is None:
                return self._append(descriptor, Effect(operation_id, payload, len(self._effects)))
        if known.payload != payload:
            raise AlreadyRecorded("the operation was applied with other bytes", operation_id=operation_id, position=known.position)
        return known

    def find(self, operation_id: str) -> Effect | None:
        """The effect recorded under `operation_id`, read from the file; None when there is none."""
        with self._locked() as descriptor:
            self._catch_up(descriptor)
            return self._effects.get(operation_id)

    @contextmanager
    def _locked(self) -> Iterator[int]:
        is_new = not self._record.exists()
        descriptor = os.open(self._record, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if is_new:
                _make_name_durable(self._record.parent)
            yield descriptor
        finally:
            os.close(descriptor)  # gives the lock back

    def _catch_up(self, descriptor: int) -> None:
        """Read the lines that were added since; start over when the file was replaced by a shorter one."""
        size = os.fstat(descriptor).st_size
        if size < self._read_to:
            self._effects, self._read_to = {}, 0
        if size == self._read_to:
            return
        added = os.pread(descriptor, size - self._read_to, self._read_to)
        whole = added[: added.rfind(b"\n") + 1]
        for line in whole.splitlines():
            effect = Effect(**json.loads(line))
            self._effects[effect.operation_id] = effect
        self._read_to += len(whole)

    def _append(self, descriptor: int, effect: Effect) -> Effect:
        line = json.dumps(asdict(effect), sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode() + b"\n"
        os.ftruncate(descriptor, self._read_to)
        written = os.pwrite(descriptor, line, self._read_to)
        if written != len(line):
            os.ftruncate(descriptor, self._read_to)
            raise OSError(f"{self._record}: wrote {written} of {len(line)} bytes")
        os.fsync(descriptor)
        self._effects[effect.operation_id] = effect
        self._read_to += len(line)
        return effect


def _make_name_durable(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
