"""What tells off-target texts: it learns to, it repeats itself, and reading with it is what it learnt."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from nlp.base_tensors import NEVER, WORD_TABLE, base_tensors
from nlp.base_weights import base_folder
from nlp.dataset import LabelledText
from nlp.encoder import Encoder, Precision
from nlp.model_store import find_weights, read_weights
from nlp.off_target import STEP, OffTarget
from nlp.off_target_training import Matching, OffTargetConfig, train_off_target
from nlp.packing import unpack
from nlp.padding import padded, padded_rows
from nlp.reader import EncoderTextReader
from nlp.windows import TARGET_TOKENS, Tokens

pytestmark = pytest.mark.encoder

SUBJECTS = (
    "bridge audit",
    "swap fee",
    "marketing guild",
    "oracle provider",
    "airdrop burn",
    "quorum",
    "treasury diversification",
    "staking delay",
)
TINY = Matching(config=OffTargetConfig(steps=80, batch_rows=16))


@pytest.fixture(scope="module")
def words() -> torch.Tensor:
    """The base encoder's table."""
    return base_tensors(base_folder())[WORD_TABLE]


@pytest.fixture(scope="module")
def rows() -> list[LabelledText]:
    """Claims that name their target, and such as do not."""
    said = ("We need the {}", "The {} is a waste of money", "I have doubts about the {} as drafted", "This costs too much")
    return [
        LabelledText("argkp21", form.format(subject), f"We should vote for the {subject}", "stance", 0, "train")
        for subject in SUBJECTS
        for form in said
    ]


def learnt(words: torch.Tensor, rows: list[LabelledText], folder: Path, matching: Matching = TINY, data: str = "one") -> OffTarget:
    """Trained anew, or taken from the folder."""
    part = OffTarget(len(words))
    folder.mkdir(exist_ok=True)
    train_off_target(part, words, rows, folder, matching, data=data, progress=False)
    return part


@pytest.fixture(scope="module")
def trained(words: torch.Tensor, rows: list[LabelledText], tmp_path_factory: pytest.TempPathFactory) -> OffTarget:
    """One that has learnt."""
    return learnt(words, rows, tmp_path_factory.mktemp("trained"))


def odds(part: OffTarget, *pairs: tuple[str, str]) -> list[float]:
    """Of each pair in a window of its own, all in one padded batch."""
    tokens = Tokens(base_folder() / "tokenizer.json")
    windows = [tokens.window(*tokens.encode(list(pair))) for pair in pairs]
    with torch.no_grad():
        found: list[float] = part(*padded(windows), *padded_rows([window.compared for window in windows])).tolist()
    return found


def test_untrained_it_takes_no_text_for_off_its_target(words: torch.Tensor) -> None:
    """Weights of a DAO that had none of it must not lose votes."""
    assert odds(OffTarget(len(words)), ("We lower the fee", "Elect a council")) == [NEVER]


def test_it_learns_to_tell_strangers(trained: OffTarget) -> None:
    """Beside subjects it met in training, and beside one it never met; what names nothing lies in between."""
    target = "We should vote for the {}"

    own, other, new, vague = odds(
        trained,
        ("The bridge audit is overdue", target.format("bridge audit")),
        ("The bridge audit is overdue", target.format("staking delay")),
        ("The validator bond is overdue", target.format("validator bond")),
        ("This costs too much", target.format("staking delay")),
    )

    assert own < 0 < other
    assert new < other
    assert own < vague < other


def test_the_same_settings_give_the_same_weights(words: torch.Tensor, rows: list[LabelledText], trained: OffTarget, tmp_path: Path) -> None:
    """And others do not."""
    first, again = trained.state_dict(), learnt(words, rows, tmp_path / "again").state_dict()
    other = learnt(words, rows, tmp_path / "other", Matching(config=replace(TINY.config, seed=2, steps=5))).state_dict()

    assert all(torch.equal(tensor, again[name]) for name, tensor in first.items())
    assert not torch.equal(first["odds.weight"], other["odds.weight"])


def test_what_was_learnt_is_not_learnt_again(words: torch.Tensor, rows: list[LabelledText], tmp_path: Path) -> None:
    """A run killed later goes on with it; other rows, settings or proposals are another training."""
    short = Matching(config=replace(TINY.config, steps=5))
    before = learnt(words, rows, tmp_path, short)
    assert torch.equal(learnt(words, [], tmp_path, short).odds.weight, before.odds.weight)

    other = learnt(words, rows[::2], tmp_path, short, data="two")
    assert not torch.equal(other.odds.weight, before.odds.weight)


def test_it_ends_as_it_ships(trained: OffTarget) -> None:
    """Vectors in whole steps of a byte: what is fitted behind them is fitted to what is read with."""
    steps = trained.vectors.detach() / STEP

    assert torch.allclose(steps, steps.round(), atol=1e-3)
    assert steps.abs().max() <= 127
    assert torch.equal(trained.weights, trained.weights.half().float())


def test_padding_and_neighbours_change_nothing(trained: OffTarget) -> None:
    """A window alone, and beside a longer one, and beside one without a target."""
    pair = ("The swap fee is too low", "Raise the swap fee")

    (alone,) = odds(trained, pair)
    beside = odds(trained, pair, ("word " * 90, "Elect three members of the council"), ("no target at all", ""))

    assert beside[0] == pytest.approx(alone, abs=1e-5)


TITLE = "Proposal of the season"
THANKS = "We thank all who took part in the last call. " * 10
ASKED = "I support raising the swap fee, since liquidity providers earn too little."
SUMMARISED = [
    (ASKED, f"{TITLE}\n{THANKS}{said}") for said in ("The swap fee rises for liquidity providers.", "Delegates elect the council.")
]


def test_a_summary_is_compared_whole(text_reader: EncoderTextReader) -> None:
    """What a text speaks of may stand far behind a title, where nothing was compared before."""
    shipped = text_reader._shipped_model().encoder

    spoken, strange = shipped.off_target(SUMMARISED)
    before, same = as_before().off_target(SUMMARISED)

    assert len(shipped.tokens.encode([THANKS])[0]) > TARGET_TOKENS
    assert spoken < strange - 1
    assert before == pytest.approx(same)


def test_a_stance_is_read_toward_the_title(text_reader: EncoderTextReader) -> None:
    """As it was learnt; a summary decides only whether the text speaks of the proposal."""
    shipped = text_reader._shipped_model().encoder

    titled, summarised = shipped.logits([(ASKED, TITLE), SUMMARISED[0]]).values[:, :-1]
    alone, told = as_before().logits([(ASKED, TITLE), SUMMARISED[0]]).values[:, :-1]

    assert titled == pytest.approx(summarised, abs=1e-4)
    assert abs(told - alone).max() > 0.1
    assert alone == pytest.approx(titled, abs=1e-4)


def as_before() -> Encoder:
    """The weights that ship, read as the format before this one was: the summary behind the title, as far as there is room."""
    weights, rules = unpack(read_weights(find_weights("text")), base_folder())
    return Encoder(weights, base_folder(), rules.window_tokens, Precision.FLOAT32, summary_read=True)


def test_every_way_of_reading_says_the_same(text_reader: EncoderTextReader) -> None:
    """With the layers, without them, and token by token; over several windows, each by its fresh tokens."""
    encoder = text_reader._shipped_model().encoder
    pairs = [
        ("We lower the fee of the swap. " * 90, "Raise the swap fee to 30 basis points"),
        ("I support raising the swap fee, since liquidity providers earn too little.", "Elect three members of the security council"),
        ("I support raising the swap fee.", "Treasury report\n" + "The council met and has decided to pay the guild. " * 12),
    ]

    whole, alone = encoder.logits(pairs), encoder.off_target(pairs)
    told = [each.logits[-1] for each in encoder.explained(pairs)]

    assert whole.windows[0] > 2
    assert alone == pytest.approx(whole.values[:, -1], abs=1e-4)
    assert told == pytest.approx(alone.tolist(), abs=1e-4)
    assert alone[0] < 0 < alone[1]
