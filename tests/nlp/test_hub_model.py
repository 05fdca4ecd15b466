"""Any sequence-classification model can take the place of a head; these tests make theirs, tiny, from a fixed seed."""

from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

from governance.errors import ModelUnavailable
from governance.evidence import TextToRead
from nlp.reader import EncoderTextReader

pytestmark = pytest.mark.encoder

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "good", "bad", "plan", "fee", "the", "is"]


def a_model(folder: Path, *labels: str, seed: int = 5) -> str:
    """A BERT of one layer and ten words, saved as people publish theirs."""
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=len(WORDS),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=34,
        initializer_range=1.0,
        id2label=dict(enumerate(labels)),
        label2id={label: number for number, label in enumerate(labels)},
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    words = Tokenizer(models.WordLevel({word: number for number, word in enumerate(WORDS)}, unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    words.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    PreTrainedTokenizerFast(
        tokenizer_object=words,
        unk_token="[UNK]",
        pad_token="[PAD]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        model_max_length=32,
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
    ).save_pretrained(folder)
    return str(folder)


def test_a_local_folder_reads_sentiment_in_place_of_the_head(tmp_path: Path) -> None:
    """Its labels are mapped by name, whatever their order; stance stays with the shipped weights."""
    name = a_model(tmp_path, "POS", "NEG", "NEU")
    reader = EncoderTextReader(sentiment_model=name, precision="float32")

    sentiment, stance = reader.read([TextToRead("the plan is good", "the fee")])[0]

    model = BertForSequenceClassification.from_pretrained(name).eval()
    ids = torch.tensor([[2, 8, 6, 9, 4, 3, 8, 7, 3]])
    types = torch.tensor([[0] * 6 + [1] * 3])
    expected = model(input_ids=ids, token_type_ids=types).logits.softmax(dim=1)[0].tolist()
    assert sentiment.scores == pytest.approx((expected[1], expected[2], expected[0]), abs=1e-6)
    assert sentiment.model_digest == reader.digest("sentiment") != reader.digest("stance")
    assert stance.model_digest == EncoderTextReader().digest("stance")


def test_another_model_has_another_digest(tmp_path: Path) -> None:
    """Readings are cached by digest: a folder whose weights changed must not be taken for the old one."""
    first = EncoderTextReader(stance_model=a_model(tmp_path / "a", "con", "none", "pro")).digest("stance")
    same = EncoderTextReader(stance_model=a_model(tmp_path / "b", "con", "none", "pro")).digest("stance")
    other = EncoderTextReader(stance_model=a_model(tmp_path / "c", "con", "none", "pro", seed=6)).digest("stance")

    assert first == same != other


def test_a_model_without_neutral_never_says_it(tmp_path: Path) -> None:
    """Two-label models are common; the third score is zero."""
    reader = EncoderTextReader(sentiment_model=a_model(tmp_path, "negative", "positive"))

    assert reader.read([TextToRead("the plan is bad")])[0][0].scores[1] == 0


def test_a_long_text_is_read_in_windows(tmp_path: Path) -> None:
    """A model that knows 32 positions reads a text of 400 words whole."""
    reader = EncoderTextReader(sentiment_model=a_model(tmp_path, "negative", "neutral", "positive"))

    assert reader.read([TextToRead("the plan is good " * 100)])[0][0].windows > 10


@pytest.mark.parametrize(
    "labels", [("LABEL_0", "LABEL_1", "LABEL_2"), ("joy", "anger"), ("positive", "neutral"), ("pos", "positive", "neg")]
)
def test_labels_nobody_can_map_are_refused_with_their_names(tmp_path: Path, labels: tuple[str, ...]) -> None:
    """Guessing the order of unnamed labels could turn every reading round."""
    reader = EncoderTextReader(sentiment_model=a_model(tmp_path, *labels))

    with pytest.raises(ModelUnavailable, match=labels[0]):
        reader.read([TextToRead("the plan is good")])


def test_a_model_that_is_not_there_stops_only_its_own_task(tmp_path: Path) -> None:
    """Stance is unavailable; a text read for sentiment alone is read."""
    reader = EncoderTextReader(stance_model=str(tmp_path / "nothing"), precision="float32")

    with pytest.raises(ModelUnavailable, match="cannot load"):
        reader.read([TextToRead("the plan is good", "the fee")])
    assert reader.read([TextToRead("the plan is good")])[0][0].scores


def test_numbers_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    """A broken weight file that loads must not produce evidence."""
    name = a_model(tmp_path, "negative", "neutral", "positive")
    model = BertForSequenceClassification.from_pretrained(name)
    model.classifier.bias.data[0] = float("nan")
    model.save_pretrained(name)

    with pytest.raises(ModelUnavailable, match="not finite"):
        EncoderTextReader(sentiment_model=name).read([TextToRead("the plan is good")])
