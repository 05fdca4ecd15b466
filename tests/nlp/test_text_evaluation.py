"""The evaluation command's rows: their shape, which rows they count, and that they can tell good from bad."""

import csv
from pathlib import Path

import pytest

from nlp.dataset import data_digest, read_labelled
from nlp.reader import EncoderTextReader
from nlp.text_evaluation import evaluate_text

pytestmark = pytest.mark.encoder

COLUMNS = {"dataset", "task", "model", "n", "accuracy", "macro_f1", "macro_f1_interval", "macro_recall", "recall", "ece"}

SAID = {
    "negative": ["a terrible, disgraceful failure", "I hate this awful thing", "what a sad and horrible loss"],
    "neutral": ["the call is on Thursday at 15:00 UTC", "the report has twelve pages", "the office is in the second street"],
    "positive": ["a wonderful, brilliant success", "I love this lovely thing", "what a happy and fantastic win"],
}


def a_set(file: Path, *, split_of_copies: tuple[str, ...] = ("train", "train", "test")) -> Path:
    """Sentences anybody would label alike, each once per split named."""
    file.parent.mkdir(exist_ok=True)
    with file.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines)
        writer.writerow(["dataset", "text", "label", "task", "target", "split"])
        for copy, split in enumerate(split_of_copies):
            for label, texts in SAID.items():
                writer.writerows(["invented", f"{text}, {copy}", label, "sentiment", "", split] for text in texts)
    return file


def test_every_model_is_measured_on_the_same_rows(tmp_path: Path, text_reader: EncoderTextReader) -> None:
    """Assent stands beside each baseline, with an interval, recalls and a calibration error where there are probabilities."""
    data = a_set(tmp_path / "set.csv")

    rows = evaluate_text(data, data, "test", text_reader)["rows"]

    assert [str(row["model"]).split("-")[0] for row in rows] == ["assent", "majority", "vader", "tfidf_lr", "frozen_minilm_lr"]
    for row in rows:
        assert set(row) == COLUMNS
        assert (row["dataset"], row["task"], row["n"]) == ("invented", "sentiment", 9)
    by_model = {str(row["model"]).split("-")[0]: row for row in rows}
    assert by_model["majority"]["accuracy"] == pytest.approx(1 / 3)
    assert float(str(by_model["assent"]["accuracy"])) > 0.6
    assert by_model["vader"]["ece"] is None
    assert by_model["assent"]["ece"] is not None


def test_without_training_rows_the_fitted_baselines_are_left_out(tmp_path: Path, text_reader: EncoderTextReader) -> None:
    """A set that comes alone is scored all the same."""
    data = a_set(tmp_path / "set.csv", split_of_copies=("test",))

    rows = evaluate_text(data, data, "test", text_reader)["rows"]

    assert [str(row["model"]).split("-")[0] for row in rows] == ["assent", "vader"]


def test_what_a_plot_shows_counts_every_row_once(tmp_path: Path, text_reader: EncoderTextReader) -> None:
    """Stated and found per tenth of confidence, of Assent alone."""
    data = a_set(tmp_path / "set.csv")

    stated = evaluate_text(data, data, "test", text_reader)["reliability"]

    assert sum(int(str(row["n"])) for row in stated) == 9
    assert all(0.3 <= float(str(row["stated"])) <= 1.0 and 0.0 <= float(str(row["found"])) <= 1.0 for row in stated)


def test_the_split_decides_which_rows_count(tmp_path: Path, text_reader: EncoderTextReader) -> None:
    """`all` is for sets nobody trained on; `test` never touches another split."""
    data = a_set(tmp_path / "set.csv")

    assert evaluate_text(data, data, "all", text_reader)["rows"][0]["n"] == 27
    assert evaluate_text(data, data, "test", text_reader)["rows"][0]["n"] == 9


@pytest.mark.parametrize(("column", "value"), [("label", "glad"), ("task", "mood")])
def test_a_label_or_task_nobody_knows_is_refused_with_its_place(tmp_path: Path, column: str, value: str) -> None:
    """A row dropped in silence would move every figure."""
    row = {"dataset": "x", "text": "fine", "label": "positive", "task": "sentiment", "target": "", "split": "test", column: value}
    file = tmp_path / "set.csv"
    file.write_text(",".join(row) + "\n" + ",".join(row.values()) + "\n")

    with pytest.raises(ValueError, match=rf"set\.csv row 1.*{value}"):
        read_labelled(file)


def test_a_folder_is_read_and_digested_file_by_file(tmp_path: Path) -> None:
    """Files of other shapes in the folder are left alone; a changed row changes the digest."""
    a_set(tmp_path / "data" / "set.csv")
    (tmp_path / "data" / "notes.csv").write_text("a,b\n1,2\n")
    before = data_digest(tmp_path / "data")

    assert len(read_labelled(tmp_path / "data")) == 27
    a_set(tmp_path / "data" / "set.csv", split_of_copies=("test",))
    assert data_digest(tmp_path / "data") != before
