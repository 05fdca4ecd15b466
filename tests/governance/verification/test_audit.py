"""The audit: a lawful log is sound, and nothing altered or unlawful is."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from benchmarks.log_mutations import mutate_exports, prepare
from governance.checkpoint import new_signer_key, sign_text
from governance.records.engine import migrate, open_engine
from governance.verification import Verdict, verify_export
from tests.fakes import NOON
from tests.log_stories import KEY, ORIGIN, LogBook, Spoil, export, replay, tell_everything, write_log


def test_a_lawful_log_is_sound(engine: Engine, tmp_path: Path) -> None:
    """Every turn a decision can take, on both databases, replayed from the files alone."""
    signer = write_log(engine, tmp_path / "state", rotate=True)
    folder = export(engine, signer, tmp_path / "export")

    report = verify_export(folder, replay=replay)

    assert report.findings == []
    assert report.verdict is Verdict.SOUND
    assert report.entries == report.size > 40
    assert report.replayed_recommendations == report.recommendations == 7
    assert set(report.state.parameters.values()) == {"600"}


def test_the_same_log_is_exported_to_the_same_bytes(sqlite_engine: Engine, tmp_path: Path) -> None:
    """Two auditors who took the same log must be able to compare it by digest."""
    signer = write_log(sqlite_engine, tmp_path / "state")

    one, other = export(sqlite_engine, signer, tmp_path / "one"), export(sqlite_engine, signer, tmp_path / "other")

    assert files(one) == files(other)


def test_a_log_of_several_tiles_is_sound_and_a_changed_upper_tile_is_found(sqlite_engine: Engine, tmp_path: Path) -> None:
    """Full tiles, partial tiles and tiles of tiles have paths and rules of their own."""
    signer = write_log(sqlite_engine, tmp_path / "state", lambda book: book.ingest(700))
    folder = export(sqlite_engine, signer, tmp_path / "export")
    assert verify_export(folder).verdict is Verdict.SOUND
    assert {"tile/0/001", "tile/0/002.p/189", "tile/1/000.p/2", "tile/entries/001"} <= set(files(folder))

    tile = folder / "tile/1/000.p/2"
    tile.write_bytes(bytes(32) + tile.read_bytes()[32:])

    assert [finding.rule for finding in verify_export(folder).findings] == ["tree.tile"]


def told_further(book: LogBook) -> None:
    tell_everything(book)
    book.ingest(9)


@pytest.fixture
def sqlite_engine(sqlite_url: str) -> Iterator[Engine]:
    """One database is enough where only files are judged."""
    engine = open_engine(sqlite_url)
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, bytes, Path]:
    """(a sound export, an older one of the same log, the newer one's checkpoint, a work folder)."""
    work = tmp_path_factory.mktemp("mutations")
    return (*prepare(work), work)


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_no_seeded_mutation_of_an_export_is_missed(sound: tuple[Path, Path, bytes, Path], seed: int, tmp_path: Path) -> None:
    """Flip, delete, swap, insert, truncate, remove, add: 100 each time here, 10,000 in benchmarks/log_mutations.py."""
    assert verify_export(sound[0], replay=replay).verdict is Verdict.SOUND

    tried, missed = mutate_exports(sound[0], tmp_path, mutations=100, seed=seed)

    assert sum(tried.values()) == 100
    assert missed == []


def test_every_byte_of_checkpoint_keys_and_policy_counts(sound: tuple[Path, Path, bytes, Path]) -> None:
    """The small files are where a forger would begin."""
    rng = random.Random(5)
    for name in ("checkpoint", "keys.json", "policy"):
        path = sound[0] / name
        good = path.read_bytes()
        for at in range(0, len(good), 3):
            path.write_bytes(good[:at] + bytes([good[at] ^ (1 << rng.randrange(8))]) + good[at + 1 :])
            assert verify_export(sound[0]).verdict is not Verdict.SOUND, (name, at)
        path.write_bytes(good)
    assert verify_export(sound[0]).verdict is Verdict.SOUND


def test_an_older_export_is_sound_in_itself_but_not_for_who_remembers(sound: tuple[Path, Path, bytes, Path]) -> None:
    """Only an auditor's own memory can tell that entries were cut off the end."""
    _, old, checkpoint, _ = sound

    assert verify_export(old, replay=replay).verdict is Verdict.SOUND
    assert [finding.rule for finding in verify_export(old, remembered=checkpoint).findings] == ["remembered.smaller"]


def test_another_history_of_the_same_name_and_key_is_found_by_who_remembers(sqlite_engine: Engine, tmp_path: Path) -> None:
    """A fork: both halves verify alone, which is why auditors keep checkpoints."""
    signer = write_log(sqlite_engine, tmp_path / "state")
    remembered = signer.last_note().encode()
    other_engine = open_engine(f"sqlite:///{tmp_path / 'other.db'}")
    migrate(other_engine)
    other = write_log(other_engine, tmp_path / "other", told_further)
    folder = export(other_engine, other, tmp_path / "export")
    other_engine.dispose()
    assert verify_export(folder, remembered=remembered).verdict is Verdict.SOUND  # the same story, told further

    third = open_engine(f"sqlite:///{tmp_path / 'third.db'}")
    migrate(third)
    fork = write_log(third, tmp_path / "third", lambda book: book.ingest(90))
    folder = export(third, fork, tmp_path / "fork")
    third.dispose()

    assert [finding.rule for finding in verify_export(folder, remembered=remembered).findings] == ["remembered.other"]


def test_a_policy_of_another_key_or_without_its_witness_is_not_met(sound: tuple[Path, Path, bytes, Path], tmp_path: Path) -> None:
    """The auditor's trust comes from their own policy, never from the export's."""
    vkey, stranger = KEY.verifier.text(), new_signer_key(ORIGIN).verifier.text()
    witness = "witness.test+9a3e2f4d+BGJhc2U="
    policies = {
        f"log {vkey}\nquorum none\n": Verdict.SOUND,
        f"# ours\nlog {stranger}\nlog {vkey} https://example.com\n\nquorum none\n": Verdict.SOUND,
        f"log {stranger}\nquorum none\n": Verdict.POLICY_NOT_MET,
        f"log {vkey}\n": Verdict.POLICY_NOT_MET,
        f"log {vkey}\nwitness w {witness}\nquorum w\n": Verdict.POLICY_NOT_MET,
        f"log {vkey}\nquorum w\n": Verdict.POLICY_NOT_MET,
    }

    for text, verdict in policies.items():
        path = tmp_path / "policy"
        path.write_text(text)
        assert verify_export(sound[0], policy=path).verdict is verdict, text


def test_a_checkpoint_signed_by_a_stranger_is_found(sound: tuple[Path, Path, bytes, Path], tmp_path: Path) -> None:
    """Whoever writes files can write a signature; it must be the log's own."""
    path = sound[0] / "checkpoint"
    good = path.read_bytes()
    path.write_text(sign_text(good.decode().rpartition("\n\n")[0] + "\n", [new_signer_key(ORIGIN)]))

    rules = {finding.rule for finding in verify_export(sound[0]).findings}

    path.write_bytes(good)
    assert rules == {"checkpoint.stranger", "checkpoint.unsigned"}


def with_(**other: object) -> Spoil:
    return lambda data: {**data, **other}


def in_consent(**other: str) -> Spoil:
    return lambda data: {**data, "consent": {**data["consent"], **other}}


def in_document(**other: object) -> Spoil:
    return lambda data: {**data, "document": {**data["document"], **other}}


UNLAWFUL: list[tuple[str, Spoil, str]] = [
    ("delegates.set", with_(sha256="0" * 64), "digest"),
    ("delegates.set", with_(version=2), "version"),
    ("guardrail.set", with_(guardrail={"floor": "0", "ceiling": "9"}), "digest"),
    ("recommendation.made", in_document(nonce="7"), "recommendation.digest"),
    ("recommendation.made", with_(inputs={"sha256": "none"}), "recommendation.document"),
    ("recommendation.proposed", with_(version=9), "state.step"),
    ("recommendation.proposed", with_(to="VOTING"), "state.step"),
    ("voting.opened", with_(**{"from": "DRAFT"}), "state.step"),
    ("consent.recorded", in_consent(nonce="9"), "consent.signature"),
    ("consent.recorded", in_consent(daoId="0x" + "1" * 64), "consent.signature"),
    ("consent.recorded", in_consent(delegate="0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"), "consent.signature"),
    ("consent.recorded", lambda data: {**data, "consent": {**data["consent"], "support": "0"}, "support": "0"}, "consent.signature"),
    ("consent.recorded", with_(power="999"), "consent.delegate"),
    ("consent.recorded", lambda data: {**data, "signature": data["signature"][:-2] + "1d"}, "consent.signature"),
    ("approval.recorded", with_(signers=[]), "approval.signers"),
    ("approval.recorded", with_(approval_digest="0x" + "1" * 64), "approval.digest"),
    ("approval.recorded", with_(electorate_version=2), "approval.electorate"),
    ("approval.recorded", lambda data: {**data, "tally": {**data["tally"], "for": "3"}}, "approval.tally"),
    ("approval.rejected", lambda data: {**data, "tally": {**data["tally"], "against": "0"}}, "approval.tally"),
    ("execution.scheduled", with_(ready_at="2026-11-21T12:10:00.000000Z"), "execution.delay"),
    ("execution.signed", with_(payload_sha256="0" * 64), "execution.payload"),
    ("execution.signed", with_(operation_id="0x" + "1" * 64), "execution.operation"),
    ("execution.signed", with_(nonce="99"), "execution.nonce"),
    ("execution.mined", lambda data: {**data, "receipt": {**data["receipt"], "payload_sha256": "1" * 64}}, "execution.receipt"),
    ("execution.executed", with_(after="551"), "parameter.chain"),
    ("execution.executed", with_(before="499"), "parameter.chain"),
    ("pause.cleared", with_(guardians=[{"guardian": "one"}, {"guardian": "one"}]), "pause.guardians"),
]


@pytest.mark.parametrize(("kind", "spoil", "rule"), UNLAWFUL, ids=[f"{kind}-{rule}-{at}" for at, (kind, _, rule) in enumerate(UNLAWFUL)])
def test_an_unlawful_entry_is_found_and_named_although_the_log_is_signed(
    sqlite_engine: Engine, tmp_path: Path, kind: str, spoil: Spoil, rule: str
) -> None:
    """The operator holds the key; the signature over a lie verifies, so the replay must find it."""
    signer = write_log(sqlite_engine, tmp_path / "state", spoil={kind: spoil})
    folder = export(sqlite_engine, signer, tmp_path / "export")

    report = verify_export(folder, replay=replay)

    first = report.findings[0]
    assert (first.rule, report.verdict) == (rule, Verdict.TAMPERED)
    assert first.seq is not None
    assert f'"type":"{kind}"'.encode() in entry(folder, first.seq)


def signed_twice(book: LogBook) -> None:
    book.set_up()
    one, two = book.make(), None
    for voter in (0, 1):
        book.consent(one, voter)
    book.approve(one)
    book.execute(one)
    book.nonce -= 1
    two = book.make()
    for voter in (0, 1):
        book.consent(two, voter)
    book.approve(two)
    book.execute(two)


def signed_while_paused(book: LogBook) -> None:
    from governance.decision_log import EntryKind  # noqa: PLC0415

    book.set_up()
    document = book.make()
    for voter in (0, 1):
        book.consent(document, voter)
    book.approve(document)
    book.add(EntryKind.PAUSE_SET, {"reason": "stop"})
    book.execute(document)


def executed_twice(book: LogBook) -> None:
    book.set_up()
    document = book.decide()
    book.execute(document)


def delegates_changed_by_key(book: LogBook) -> None:
    book.set_up()
    book.voters, book.electorate_version = 2, 2
    book.set_delegates("setup")


def guardrail_swapped_without_consent(book: LogBook) -> None:
    book.set_up()
    document = book.make()
    for voter in (0, 1):
        book.consent(document, voter)
    book.approve(document)
    book.guardrail, book.rail_version = {**book.guardrail, "ceiling": "9"}, 2
    book.set_guardrail("consent")
    book.execute(document)


def outsider_consents(book: LogBook) -> None:
    book.set_up()
    document = book.make()
    book.consent(document, 3)


def word_made_stronger(book: LogBook) -> None:
    from governance.approvals import Support  # noqa: PLC0415

    book.set_up()
    document = book.make()
    book.consent(document, 0, Support.AGAINST)
    book.consent(document, 0, Support.FOR)


def executed_late(book: LogBook) -> None:
    from datetime import timedelta  # noqa: PLC0415

    book.set_up()
    document = book.make()
    for voter in (0, 1):
        book.consent(document, voter)
    book.approve(document)
    book.now += timedelta(days=8)
    book.execute(document)


def beyond_the_guardrail(book: LogBook) -> None:
    book.set_up()
    change = {"parameter": "emission", "from": "500", "to": "900", "unit": "base_units_per_day"}
    document = book.make(change)
    for voter in (0, 1):
        book.consent(document, voter)
    book.approve(document)
    book.execute(document)


STORIES: dict[Any, set[str]] = {
    signed_twice: {"execution.nonce"},
    signed_while_paused: {"execution.paused"},
    executed_twice: {"state.step"},
    delegates_changed_by_key: {"consent.required"},
    guardrail_swapped_without_consent: {"consent.required"},
    outsider_consents: {"consent.delegate"},
    word_made_stronger: {"consent.twice"},
    executed_late: {"execution.expired"},
    beyond_the_guardrail: {"guardrail.max_step"},
}


@pytest.mark.parametrize("tell", STORIES, ids=lambda tell: tell.__name__)
def test_an_unlawful_story_is_found(sqlite_engine: Engine, tmp_path: Path, tell: Any) -> None:
    """Each of the invariants of the machine, broken by an operator who writes and signs consistently."""
    signer = write_log(sqlite_engine, tmp_path / "state", tell)
    folder = export(sqlite_engine, signer, tmp_path / "export")

    rules = {finding.rule for finding in verify_export(folder).findings}

    assert STORIES[tell] <= rules


def test_a_document_that_does_not_follow_from_its_inputs_is_found(sound: tuple[Path, Path, bytes, Path]) -> None:
    """The replay compares bytes: rules that give something else show that the record was not made by the rules."""
    report = verify_export(sound[0], replay=lambda inputs: {**replay(inputs), "reason": "another"})

    assert {finding.rule for finding in report.findings} == {"recommendation.replay"}
    assert sum(report.found.values()) == report.recommendations


def test_a_lost_bundle_is_incomplete_and_not_called_tampered(sound: tuple[Path, Path, bytes, Path]) -> None:
    """Who lost a file did not forge one."""
    bundle = next((sound[0] / "tile" / "entries").rglob("*.p/*"))
    good = bundle.read_bytes()
    bundle.unlink()

    report = verify_export(sound[0])

    bundle.write_bytes(good)
    assert report.verdict is Verdict.INCOMPLETE
    assert {finding.rule for finding in report.findings} == {"layout.missing", "entry.lost"}


def entry(folder: Path, seq: int) -> bytes:
    data = next((folder / "tile" / "entries").rglob("*.p/*")).read_bytes()
    for _ in range(seq):
        data = data[2 + int.from_bytes(data[:2], "big") :]
    return data[2 : 2 + int.from_bytes(data[:2], "big")]


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


__all__ = ["NOON"]
