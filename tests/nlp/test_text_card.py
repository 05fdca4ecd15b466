"""The model card says what was measured and on what terms the data came; the shipped one is about the shipped weights."""

import json
from pathlib import Path

import pytest

from nlp.dataset import TRAINABLE
from nlp.model_store import SHIPPED
from nlp.text_card import main, text_card

CARD = Path(__file__).parents[2] / "docs" / "models" / "text.md"
MANIFEST = {"file": "text-abc.safetensors", "sha256": "abc", "bytes": 21_000_000, "steps": 10, "config": "c0ffee", "window_tokens": 256}


def a_row(model: str, macro_f1: float, ece: float | None = None) -> dict[str, object]:
    """One row in the shape of the evaluation's."""
    return {
        "dataset": "sst5_as3",
        "task": "sentiment",
        "model": model,
        "n": 400,
        "accuracy": 0.6,
        "macro_f1": macro_f1,
        "macro_f1_interval": (macro_f1 - 0.05, macro_f1 + 0.05),
        "macro_recall": 0.6,
        "recall": {"neutral": 0.3},
        "ece": ece,
    }


def test_the_card_names_every_training_set_with_its_licence() -> None:
    """Whoever uses the weights must be able to see what they were made of."""
    card = text_card(MANIFEST, [a_row("assent-abc", 0.7, 0.02)], rows_per_set=400, failures="")

    for name, source in TRAINABLE.items():
        assert f"| {name} | {source.task} |" in card
        assert source.licence in card
    assert "fin_phrasebank_50 (non-commercial)" in card


def test_the_card_says_where_a_baseline_is_better_and_where_calibration_fails() -> None:
    """A sceptic looks for these first; they come from the figures, not from the author's goodwill."""
    lost = text_card(MANIFEST, [a_row("assent-abc", 0.6, 0.09), a_row("tfidf_lr", 0.65, 0.01)], rows_per_set=400, failures="")
    won = text_card(MANIFEST, [a_row("assent-abc", 0.7, 0.03), a_row("tfidf_lr", 0.65, 0.01)], rows_per_set=400, failures="")

    assert "sst5_as3: tfidf_lr reaches 0.650, Assent 0.600." in lost
    assert "Calibration error above 0.05: sst5_as3 0.090." in lost
    assert "reaches" not in won
    assert "Calibration error above" not in won


def test_the_shipped_card_is_about_the_shipped_weights() -> None:
    """A card left behind by new weights would describe a model nobody runs."""
    manifest = json.loads((SHIPPED / "text.json").read_text())

    assert manifest["sha256"] in CARD.read_text()


def test_the_card_is_printed_from_what_the_evaluation_wrote(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its first line says that it is written by this module: anybody must be able to do it again."""
    figures, manifest = tmp_path / "figures.json", tmp_path / "text.json"
    figures.write_text(json.dumps({"rows": [a_row("assent-abc", 0.7, 0.02), a_row("vader", 0.5)], "reliability": []}))
    manifest.write_text(json.dumps(MANIFEST))

    main([str(figures), "--manifest", str(manifest)])
    printed = capsys.readouterr().out
    main([str(figures)])

    assert "| sst5_as3 | sentiment | vader | 400 | 0.600 | 0.500 | 0.450–0.550 | 0.600 | neutral 0.30 | – |" in printed
    assert "`nlp/weights/text-abc.safetensors`, 21.0 MB" in printed
    assert "| argkp21 | stance |" in printed
    assert json.loads((SHIPPED / "text.json").read_text())["sha256"] in capsys.readouterr().out
