"""The dry run's own record: one line per operation, whoever asks, however often, and whatever died while writing."""

import json
import multiprocessing
import warnings
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.executors.dry_run import DryRunExecutor, NothingReachesAChain
from governance.errors import AlreadyRecorded

OPERATION = "0x" + "ab" * 32
PAYLOAD = '{"operation":"dry_run"}'


def quiet(record: Path) -> DryRunExecutor:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NothingReachesAChain)
        return DryRunExecutor(record)


def send_from_a_process(record: Path, payload: str) -> None:
    quiet(record).send(OPERATION, payload)


def lines(record: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in record.read_text(encoding="utf-8").splitlines()]


def test_it_warns_that_nothing_reaches_a_chain(tmp_path: Path) -> None:
    """Somebody who believes a dry run has changed a contract has been misled."""
    with pytest.warns(NothingReachesAChain, match="nothing reaches a chain"):
        DryRunExecutor(tmp_path / "record.ndjson")


def test_a_hundred_deliveries_are_one_effect(tmp_path: Path) -> None:
    """F14 at the receiver: through two executors on one file, the second hundred as new objects."""
    record = tmp_path / "folder" / "record.ndjson"
    one, other = quiet(record), quiet(record)
    effects = {executor.send(OPERATION, PAYLOAD) for _ in range(50) for executor in (one, other)}

    assert len(effects) == 1
    assert quiet(record).send(OPERATION, PAYLOAD) == one.find(OPERATION) == effects.pop()
    assert len(lines(record)) == 1


def test_processes_that_send_at_once_leave_one_effect(tmp_path: Path) -> None:
    """The lock holds between processes: the file, not anybody's memory, decides."""
    record = tmp_path / "record.ndjson"
    context = multiprocessing.get_context("forkserver")
    processes = [context.Process(target=send_from_a_process, args=(record, PAYLOAD)) for _ in range(8)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)

    assert [process.exitcode for process in processes] == [0] * 8
    assert [line["position"] for line in lines(record)] == [0]


def test_other_bytes_under_a_known_operation_are_refused(tmp_path: Path) -> None:
    """An id stands for its bytes for ever; the record keeps the first."""
    executor = quiet(tmp_path / "record.ndjson")
    executor.send(OPERATION, PAYLOAD)

    with pytest.raises(AlreadyRecorded):
        executor.send(OPERATION, PAYLOAD + " ")
    assert lines(tmp_path / "record.ndjson")[0]["payload"] == PAYLOAD


def test_what_was_never_sent_is_not_found(tmp_path: Path) -> None:
    """EXECUTED rests on this answer."""
    assert quiet(tmp_path / "record.ndjson").find(OPERATION) is None


@given(cut=st.integers(1, 160), payload=st.text(max_size=40))
def test_a_line_torn_by_a_crash_was_never_acknowledged_and_is_written_anew(
    tmp_path_factory: pytest.TempPathFactory, cut: int, payload: str
) -> None:
    """A process that died while writing left part of a line: the next one cuts it off and applies the effect once."""
    record = tmp_path_factory.mktemp("torn") / "record.ndjson"
    executor = quiet(record)
    executor.send("0x" + "01" * 32, "{}")
    whole = record.read_bytes()
    executor.send(OPERATION, payload)
    line = record.read_bytes()[len(whole) :]
    record.write_bytes(whole + line[: min(cut, len(line) - 1)])
    restarted = quiet(record)

    assert restarted.find(OPERATION) is None
    assert restarted.send(OPERATION, payload).position == 1
    assert record.read_bytes() == whole + line


def test_a_record_that_was_put_back_from_a_backup_is_read_again(tmp_path: Path) -> None:
    """The file is the receiver's truth also when it became shorter: the same bytes can then be handed over again."""
    record = tmp_path / "record.ndjson"
    executor = quiet(record)
    executor.send(OPERATION, PAYLOAD)
    record.write_bytes(b"")

    assert executor.find(OPERATION) is None
    assert executor.send(OPERATION, PAYLOAD).position == 0
