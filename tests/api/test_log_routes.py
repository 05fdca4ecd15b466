"""The log through the API: proofs that verify, tiles that are the export's, and a real decision that the audit accepts."""

import io
import shutil
import tarfile
from pathlib import Path
from typing import Any

import httpx
import pytest
from eth_account import Account
from sqlalchemy import Engine, text

from api.archives import lay_out
from api.commands.execute import HttpDesk, record_of
from api.executors.dry_run import DryRunExecutor, NothingReachesAChain
from api.executors.work import Worker
from api.log_audit import audit_database, recommend_again
from api.log_restore import back_up
from api.runtime import Runtime
from governance.checkpoint import parse_checkpoint, parse_note, parse_verifier_key, verify_checkpoint
from governance.merkle import verify_consistency, verify_inclusion
from governance.records.append_only import unguard
from governance.records.engine import open_engine
from governance.verification import Verdict, verify_export
from tests.consent_world import electorate_body, guardrail_body, wallet
from tests.fakes import FixedClock


@pytest.fixture
def decided(api: httpx.Client, runtime: Runtime, clock: FixedClock) -> str:
    """A DAO set up, a change of its guardrail put, consented to and executed, all through the routes."""
    ok(api.post("/v1/daos", json={"name": "harbour", "source": "test"}))
    ok(api.put("/v1/daos/harbour/delegates", json=electorate_body("10", "20", "30")))
    parameter = {
        "name": "staking_apr",
        "kind": "staking_apr_bps",
        "unit": "bps",
        "value": "500",
        "place": {"kind": "manual_record", "note": "a test"},
    }
    ok(api.post("/v1/daos/harbour/parameters", json=parameter))
    ok(api.put("/v1/daos/harbour/parameters/staking_apr/guardrail", json=guardrail_body()))
    change = {"kind": "guardrail_change", "parameter": "staking_apr", "to": guardrail_body(ceiling="1900"), "reason": "a test"}
    recommendation = str(ok(api.post("/v1/daos/harbour/changes", json=change))["id"])
    for number in (1, 2):
        asked = {"delegate": wallet(number).address, "support": "for"}
        data = ok(api.get(f"/v1/recommendations/{recommendation}/typed-data", params=asked))
        signature = Account.sign_typed_data(wallet(number).key, full_message=data).signature.to_0x_hex()
        ok(api.post(f"/v1/recommendations/{recommendation}/approvals", json={"message": data["message"], "signature": signature}))
    with pytest.warns(NothingReachesAChain):
        executor = DryRunExecutor(record_of(runtime.settings))
    worker = Worker(HttpDesk(api), executor, holder="executor@test")
    worker.work_once()
    clock.advance(hours=2)
    assert [done.state for done in worker.work_once()] == ["EXECUTED"]
    return recommendation


def ok(answer: httpx.Response) -> dict[str, Any]:
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_decision_made_through_the_api_passes_the_audit_of_its_database(runtime: Runtime, decided: str) -> None:
    """The rooms write what the audit, which shares no code with them, demands: no finding at all."""
    report = audit_database(runtime.settings)

    assert report.findings == []
    assert report.verdict is Verdict.SOUND
    assert report.state.recommendations[decided][0] == "EXECUTED"
    assert report.replayed_recommendations == 1


CHANGES = [
    "UPDATE recommendation SET state = 'APPROVED'",
    "UPDATE recommendation SET version = version + 1",
    "UPDATE parameter SET value = '501'",
    "UPDATE guardrail_version SET sha256 = 'ab' WHERE version = 2",
    "DELETE FROM guardrail_version WHERE version = 2",
    "UPDATE electorate SET version = 2",
    "DELETE FROM consent",
    "UPDATE consent SET signature = '0x00'",
    "UPDATE consent SET support = 0",
    "UPDATE approval SET digest = '0x00'",
    "UPDATE execution SET nonce = 77",
    "UPDATE execution SET executed_at = NULL",
    "UPDATE execution SET receipt = NULL",
    "UPDATE execution SET ready_at = ready_at - 1",
    "UPDATE parameter_value SET value = '501'",
    "UPDATE parameter_value SET known_at = known_at - 1",
    "DELETE FROM parameter_value WHERE version = 1",
    "UPDATE guardrail_version SET body = '{}' WHERE version = 1",
    "UPDATE dao SET clock_offset_s = clock_offset_s + 1",
    "UPDATE dao SET paused = (1 = 1)",
    "UPDATE log_entry SET actor = 'someone' WHERE seq = 3",
    "UPDATE log_entry SET subject = 'rec_x' WHERE seq = 3",
    "UPDATE log_checkpoint SET note = 'x'",
    "DELETE FROM log_entry WHERE seq > 5",
    "DELETE FROM blob",
    "UPDATE consent SET message = '\"text\"'",
    "UPDATE recommendation SET document = 'no json'",
    "DELETE FROM log_node WHERE level = 1",
]


def test_every_row_that_says_something_else_than_the_log_is_found(runtime: Runtime, decided: str, tmp_path: Path) -> None:
    """Whoever owns the database can change any row; none of these changes survives the comparison."""
    if runtime.engine.dialect.name == "postgresql":
        change(runtime.engine, CHANGES[0])
        assert audit_database(runtime.settings, replay=None).verdict is not Verdict.SOUND
        return
    back_up(runtime.settings, tmp_path / "backup")
    with tarfile.open(tmp_path / "backup") as tar:
        lay_out(tar, tmp_path)
    settings = runtime.settings.model_copy(update={"database_url": f"sqlite:///{tmp_path / 'changed.db'}"})
    for statement in CHANGES:
        shutil.copyfile(tmp_path / "database", tmp_path / "changed.db")
        engine = open_engine(settings.database_url)
        change(engine, statement)
        engine.dispose()
        assert audit_database(settings, replay=None).verdict is not Verdict.SOUND, statement

    shutil.copyfile(tmp_path / "database", tmp_path / "changed.db")
    assert audit_database(settings).findings == []


def change(engine: Engine, statement: str) -> None:
    """Run `statement` with the guards down."""
    with engine.begin() as connection:
        unguard(connection)
        connection.execute(text(statement))


def test_every_entry_has_a_proof_against_the_signed_checkpoint(api: httpx.Client, decided: str) -> None:
    """What an auditor does with one entry: fetch, hash, climb, compare with the signed root."""
    note = api.get("/v1/log/checkpoint").text
    opened = ok(api.get("/v1/log/entries/0"))
    head = verify_checkpoint(note, [parse_verifier_key(opened["document"]["data"]["vkey"])])

    for seq in range(head.size):
        proof = ok(api.get(f"/v1/log/entries/{seq}/proof"))
        hashes = [bytes.fromhex(step) for step in proof["hashes"]]
        assert proof["checkpoint"] == note
        assert verify_inclusion(bytes.fromhex(proof["leaf_hash"]), index=seq, size=head.size, proof=hashes, root=head.root)


def test_consistency_between_any_two_checkpoints_is_proved(api: httpx.Client, decided: str) -> None:
    """Every head that was ever published is a prefix of the newest."""
    heads = [parse_checkpoint(parse_note(item["note"]).text) for item in ok(api.get("/v1/log/checkpoints"))["items"]]
    assert len(heads) > 3

    for head in heads:
        answer = ok(api.get("/v1/log/consistency", params={"from": head.size}))
        assert verify_consistency(
            old=head.size,
            new=answer["new_size"],
            old_root=head.root,
            new_root=bytes.fromhex(answer["new_root"]),
            proof=[bytes.fromhex(step) for step in answer["hashes"]],
        )


def test_a_decisions_story_is_complete_and_proved(api: httpx.Client, decided: str) -> None:
    """From recommendation to effect, in order, each entry with its proof."""
    story = ok(api.get(f"/v1/log/decisions/{decided}"))

    kinds = [told["entry"]["kind"] for told in story["entries"]]
    assert kinds[:3] == ["recommendation.made", "recommendation.proposed", "voting.opened"]
    assert kinds.count("consent.recorded") == 2
    assert "execution.executed" in kinds
    assert api.get("/v1/log/decisions/rec_none").status_code == 404


def test_the_tiles_served_are_those_of_the_export(api: httpx.Client, decided: str, tmp_path: Path) -> None:
    """Another C2SP client, reading tile by tile, sees the very bytes that the archive holds."""
    archive = api.post("/v1/log/exports")
    assert archive.status_code == 200
    with tarfile.open(fileobj=io.BytesIO(archive.content)) as tar:
        (tmp_path / "export").mkdir()
        lay_out(tar, tmp_path / "export")

    assert verify_export(tmp_path / "export", replay=recommend_again).verdict is Verdict.SOUND
    for path in (tmp_path / "export" / "tile").rglob("*"):
        if path.is_file():
            assert api.get(f"/v1/log/{path.relative_to(tmp_path / 'export').as_posix()}").content == path.read_bytes()
    assert api.get("/v1/log/checkpoint").text == (tmp_path / "export" / "checkpoint").read_text()


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/001",
        "tile/0/000",
        "tile/64/000",
        "tile/0/00",
        "tile/0/x000/000.p/1",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/9/000.p/1",
        "tile/entries/../0",
    ],
)
def test_a_tile_that_no_tree_has_is_not_found(api: httpx.Client, path: str) -> None:
    """A partial tile beyond the signed size would be an unsigned promise."""
    assert api.get(f"/v1/log/{path}").status_code == 404


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("entries/999999", 404),
        ("entries/-1", 422),
        ("entries/0/proof?size=0", 422),
        ("entries/0/proof?size=99999", 422),
        ("consistency?from=5&to=2", 422),
        ("consistency?from=0", 422),
        ("entries?cursor=made-up", 422),
        ("entries?kind=nothing", 422),
        ("entries?since=2026-11-21T00:00:00", 422),
    ],
)
def test_what_cannot_be_asked_is_refused_clearly(api: httpx.Client, path: str, status: int) -> None:
    """A refusal names the field; nothing is guessed."""
    answer = api.get(f"/v1/log/{path}")

    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_rotating_the_key_is_an_entry_and_the_log_stays_sound(api: httpx.Client, runtime: Runtime, decided: str) -> None:
    """Auditors follow the chain of keys from the one they know."""
    rotated = ok(api.post("/v1/log/key-rotations"))

    assert verify_checkpoint(rotated["checkpoint"], [parse_verifier_key(rotated["vkey"])]).size == rotated["seq"] + 1
    ok(api.post("/v1/daos", json={"name": "meadow", "source": "test"}))
    assert audit_database(runtime.settings).findings == []
