"""The shipped text reader, with the real encoder: what it promises whatever it reads."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from governance.errors import ModelUnavailable
from governance.evidence import TextToRead
from governance.readings import target_of
from nlp.model_store import SHIPPED, find_weights
from nlp.plain_text import plain_text
from nlp.reader import EncoderTextReader
from nlp.tasks import off_target_column

pytestmark = pytest.mark.encoder

TARGET = "Raise the swap fee to 30 basis points. Swappers would pay more and liquidity providers earn more."
TEXTS = [
    TextToRead("I am strongly against this, it would drive every trader away.", TARGET),
    TextToRead("Great news, what a fantastic result for everybody!"),
    TextToRead("The call takes place on Thursday at 15:00 UTC."),
    TextToRead("This is a scam and the team is a disgrace."),
    TextToRead("We fully support raising the fee.", TARGET),
]


def test_each_text_gets_its_sentiment_and_with_a_target_its_stance(text_reader: EncoderTextReader) -> None:
    """Order is kept, scores are probabilities, and the label is where they peak."""
    readings = text_reader.read(TEXTS)

    assert [[reading.task for reading in of_text] for of_text in readings] == [
        ["sentiment", "stance"],
        ["sentiment"],
        ["sentiment"],
        ["sentiment"],
        ["sentiment", "stance"],
    ]
    for reading in (reading for of_text in readings for reading in of_text):
        assert sum(reading.scores) == pytest.approx(1)
        assert reading.windows == 1
        assert reading.model_digest == find_weights("text").sha256


def test_plain_cases_are_read_as_anybody_would(text_reader: EncoderTextReader) -> None:
    """A reader that misses these has the wrong weights or the wrong label order."""
    against, glad, dry, angry, supporting = text_reader.read(TEXTS)

    assert (glad[0].label, dry[0].label, angry[0].label) == ("positive", "neutral", "negative")
    assert (against[1].label, supporting[1].label) == ("against", "for")


def test_the_company_a_text_is_read_in_changes_nothing(text_reader: EncoderTextReader) -> None:
    """Batches are sorted and padded: alone, in any order, beside a long text, a reading is the same."""
    together = text_reader.read([*TEXTS, TextToRead("fee " * 90)])
    reversed_order = text_reader.read(TEXTS[::-1])[::-1]
    alone = [text_reader.read([text])[0] for text in TEXTS]

    for first, second, third in zip(together, reversed_order, alone, strict=False):
        for one, other, another in zip(first, second, third, strict=True):
            assert one.scores == pytest.approx(other.scores, abs=1e-5)
            assert one.scores == pytest.approx(another.scores, abs=1e-5)


def test_reading_twice_gives_the_same_bytes(text_reader: EncoderTextReader) -> None:
    """Evidence is replayed: the same reader must give the same numbers to the last bit."""
    assert repr(text_reader.read(TEXTS)) == repr(text_reader.read(TEXTS))


def test_the_same_words_stand_for_one_proposal_and_against_its_opposite(text_reader: EncoderTextReader) -> None:
    """Text alone is near chance: what decides is the proposal it is read against."""
    text = "Nuclear power is clean and safe."
    targets = ["We should build nuclear power plants", "We should abandon nuclear power"]

    build, abandon = (readings[1] for readings in text_reader.read([TextToRead(text, target) for target in targets]))

    assert (build.label, abandon.label) == ("for", "against")
    assert build.target_digest != abandon.target_digest


TAKES_SIDES = {
    "We must abolish capital punishment, it kills innocent people.": "We should abolish capital punishment",
    "Meat harms animals and the climate.": "Everyone should go vegetarian",
    "School uniforms stifle children.": "We should abandon the use of school uniform",
}
OTHER_PROPOSALS = (
    "Raise the swap fee to 30 basis points", "Elect three members of the security council", "Fund the marketing guild for six months",
    "Migrate the oracle to a new provider", "Burn the unclaimed tokens of the airdrop", "Lower the quorum to four percent",
    "Renew the audit of the bridge", "Change the unbonding period to seven days",
)  # fmt: skip


def test_a_stance_is_toward_the_title_whatever_the_summary_says(text_reader: EncoderTextReader) -> None:
    """A summary tells what the text speaks of; a mood of its own would not be the author's."""
    title, body = (
        "Raise the swap fee",
        "This is a disgrace and a scam, and we must stop it. Swappers pay more, liquidity providers earn more.",
    )
    bare, told = text_reader.read([TextToRead(TEXTS[4].text, target_of(title, said)) for said in (None, body)])

    assert bare[1].label == "for"
    assert [reading.label for reading in bare] == [reading.label for reading in told]
    assert [reading.scores for reading in told] == [pytest.approx(reading.scores, abs=1e-4) for reading in bare]
    assert bare[1].target_digest != told[1].target_digest


def test_a_text_about_another_proposal_is_neutral_or_off_its_target(text_reader: EncoderTextReader) -> None:
    """Shuffled targets must change labels: a reader that takes sides on anything would count noise as votes.

    Not all such readings are on labelled sets (the model card), so here no single pair must be.
    """
    on_target = [readings[1].label for readings in text_reader.read([TextToRead(*pair) for pair in TAKES_SIDES.items()])]
    others = [TextToRead(text, other) for text in TAKES_SIDES for other in OTHER_PROPOSALS]
    read = text_reader.read(others)
    aside = [readings[1] for readings in read if readings[1].label == "off_target"]

    assert not {"neutral", "off_target"} & set(on_target)
    assert sum(readings[1].label in {"neutral", "off_target"} for readings in read) >= 0.7 * len(others)
    assert aside
    assert {(reading.scores, reading.spans, reading.windows) for reading in aside} == {((), (), 1)}
    assert all(sum(readings[0].scores) == pytest.approx(1) for readings in read)

    parts = text_reader.read([TextToRead(text.text, text.target, part=True) for text in others])
    assert {readings[1].label for readings in parts} <= {"for", "neutral", "against"}
    assert [part[1].label for part, whole in zip(parts, read, strict=True) if whole[1].label != "off_target"] == [
        whole[1].label for whole in read if whole[1].label != "off_target"
    ]


@pytest.mark.parametrize(
    "text", ["", "   \n", "\u200b\u202e", "<br>", "Yes!", "+1", "12345 67", "@alice https://example.org 0x52908400098527886E"]
)
def test_a_text_without_words_or_of_one_word_is_unknown(text_reader: EncoderTextReader, text: str) -> None:
    """Silence is not neutrality."""
    for reading in text_reader.read([TextToRead(text, TARGET)])[0]:
        assert (reading.label, reading.scores, reading.windows, reading.spans) == ("unknown", (), 0, ())


@pytest.mark.parametrize("text", ["Estoy en contra de esta propuesta, es una mala idea.", "我们反对这个提案", "我反对 \U0001f621"])
def test_another_language_is_marked_and_not_guessed(text_reader: EncoderTextReader, text: str) -> None:
    """The model learnt English; what it would say of other languages is noise."""
    for reading in text_reader.read([TextToRead(text, TARGET)])[0]:
        assert (reading.label, reading.scores, reading.windows) == ("unsupported_language", (), 0)
        assert reading.text_digest
        assert reading.model_digest == find_weights("text").sha256


@pytest.mark.parametrize(
    ("target", "label"),
    [
        ("Aumentar la comisión de los intercambios a treinta puntos básicos", "unsupported_language"),
        ("提高交易手续费", "unsupported_language"),
        ("   \n", "unknown"),
        ("<br>\u200b", "unknown"),
    ],
)
def test_no_stance_is_taken_toward_what_cannot_be_read(text_reader: EncoderTextReader, target: str, label: str) -> None:
    """The text's sentiment is read all the same."""
    text = TextToRead(TEXTS[0].text, target)
    about_text, toward_target = text_reader.read([text])[0]

    assert (about_text.label, about_text.windows) == ("negative", 1)
    assert (toward_target.task, toward_target.label) == ("stance", label)
    assert (toward_target.scores, toward_target.windows, toward_target.spans) == ((), 0, ())
    assert toward_target.target_digest
    assert sum(text_reader.probabilities([text], "stance")[0]) == pytest.approx(1)


@pytest.mark.parametrize("target", ["Treasury", "ARB Or OP Layer2", "Index GamingShiba", "ICICI Bank;HDFC Bank;Axis Bank"])
def test_a_target_of_names_is_a_target(text_reader: EncoderTextReader, target: str) -> None:
    """Proposals go by names, which are of no language; only a text of one word says too little."""
    assert text_reader.read([TextToRead("I fully support this.", target)])[0][1].scores


def test_measuring_scores_every_text(text_reader: EncoderTextReader) -> None:
    """A comparison with other models must not leave rows out."""
    texts = [TextToRead("Yes!", TARGET), TextToRead("Estoy en contra de esta propuesta, es una mala idea.", TARGET)]

    for scores in text_reader.probabilities(texts, "stance"):
        assert sum(scores) == pytest.approx(1)


def test_a_reading_names_the_parts_that_moved_it(text_reader: EncoderTextReader) -> None:
    """The one angry sentence among dry ones is what a person would point at."""
    dry = "The call takes place on Thursday at 15:00 UTC. "
    text = dry + "This is a disgusting scam and a terrible disgrace. " + dry
    (reading,) = text_reader.read([TextToRead(text)])[0]
    read = plain_text(text)

    assert reading.label == "negative"
    assert "scam" in read[reading.spans[0].start : reading.spans[0].end]
    assert [span.moved for span in reading.spans] == sorted((span.moved for span in reading.spans), reverse=True)
    assert all(span.moved > 0 for span in reading.spans)


def test_what_the_tokens_bring_adds_up_to_the_logits(text_reader: EncoderTextReader) -> None:
    """The shares are the reading's own numbers, not a story told beside it; over windows, too."""
    model = text_reader._shipped_model()
    text = "We lower the fee. " * 200
    plain, (told,) = model.encoder.logits([(text, "")]), model.encoder.explained([(plain_text(text), "")])

    assert told.windows == plain.windows[0] > 2
    assert told.logits == pytest.approx(plain.values[0], abs=2e-3)
    assert told.moved.shape == (len(told.begins), off_target_column() + 1)


def test_a_hundred_thousand_characters_are_read_whole(text_reader: EncoderTextReader) -> None:
    """No cut, and a last sentence that still counts: the tokens of all windows are those of the text."""
    words = ("fee", "vote", "pool", "grant", "quorum", "budget", "audit", "bridge")
    text = " ".join(words[(number * number) % 8] + str(number) for number in range(12_000))[:99_000] + " This is a disgrace!"
    model = text_reader._shipped_model()
    windows = model.encoder.tokens.windows(model.encoder.tokens.encode([plain_text(text)])[0], [], model.encoder.cut)

    assert sum(window.fresh for window in windows) == len(model.encoder.tokens.encode([plain_text(text)])[0])
    assert windows[-1].ids[-5:-1] == tuple(model.encoder.tokens.encode(["is a disgrace!"])[0])


def test_a_long_text_is_read_to_its_end(text_reader: EncoderTextReader) -> None:
    """What stands after many windows still counts: only the end of these two texts differs, by a third of them."""
    opening = "The committee met on Monday and discussed the agenda of the quarter. " * 60
    praise = "What a wonderful, brilliant, fantastic success, we love it! " * 40
    anger = "What a terrible, disgraceful, awful failure, we hate it! " * 40

    glad, angry = (readings[0] for readings in text_reader.read([TextToRead(opening + praise), TextToRead(opening + anger)]))

    assert glad.windows > 5
    assert glad.scores[2] > angry.scores[2] + 0.1
    assert angry.scores[0] > 2 * glad.scores[0]


def test_altered_weights_make_the_model_unavailable_and_say_so(tmp_path: Path) -> None:
    """One byte in the middle of the file, where no header would notice."""
    stored = find_weights("text", SHIPPED)
    shutil.copy(SHIPPED / "text.json", tmp_path)
    data = bytearray(stored.file.read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / stored.file.name).write_bytes(data)
    reader = EncoderTextReader(weights_folder=tmp_path)

    with pytest.raises(ModelUnavailable, match="not the pinned ones"):
        reader.read(TEXTS)
    assert reader.read([TextToRead("")])[0][0].label == "unknown"


def test_importing_the_reader_loads_no_model_library() -> None:
    """The server answers within seconds; torch and transformers alone would take them."""
    listing = "import sys, json, nlp.reader; nlp.reader.EncoderTextReader(); print(json.dumps(sorted(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", listing], capture_output=True, text=True, check=True)

    assert not {"torch", "transformers", "sklearn", "pyarrow"} & set(json.loads(run.stdout))


def test_reading_does_not_load_transformers() -> None:
    """It would hold 110 MB and take seconds; only training and configured models need it."""
    reading = (
        "import sys; from governance.evidence import TextToRead; from nlp.reader import EncoderTextReader;"
        "EncoderTextReader().read([TextToRead('We fully support this.')]); print('torch' in sys.modules, 'transformers' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", reading], capture_output=True, text=True, check=True)

    assert run.stdout.split() == ["True", "False"]


def test_bfloat16_says_what_float32_says(text_reader: EncoderTextReader) -> None:
    """The faster arithmetic is chosen by its speed alone, so it must not change what is read."""
    fast = EncoderTextReader(precision="bfloat16")

    for exact, rounded in zip(text_reader.read(TEXTS), fast.read(TEXTS), strict=True):
        for one, other in zip(exact, rounded, strict=True):
            assert one.label == other.label
            assert one.scores == pytest.approx(other.scores, abs=0.02)


@pytest.mark.timeout(60)
def test_a_digest_waits_for_no_reading(text_reader: EncoderTextReader) -> None:
    """The longest text is read for a minute; whoever only asks which model reads must not stand behind it."""
    known = text_reader.digest("stance")

    with text_reader._lock:  # as while a text is read
        assert text_reader.digest("stance") == known
