"""The audit: a lawful log is sound, and nothing altered or unlawful is."""

from pathlib import Path

from sqlalchemy import Engine

from governance.verification import Verdict, verify_export
from tests.log_stories import export, replay, write_log


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
