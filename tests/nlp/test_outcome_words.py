"""Words of proposals as vectors: what makes two alike, what does not count, and what wording does to a belief."""

from dataclasses import replace

import numpy as np
import pytest

from nlp import outcome_words
from nlp.outcome_belief import Asked, Beliefs, Kernel
from nlp.outcome_kernels import START
from nlp.outcome_points import Points, Sight
from nlp.outcome_record import build_record
from nlp.outcome_text import Vectors
from nlp.outcome_words import HALF_COUNTED, WORDS, WORDS_CHARS, word_vectors
from tests.outcome_world import WordEmbedder, closed, history, proposal

WORDING = replace(START, **dict.fromkeys(("level", "drift", "kind", "kind_drift", "author", "author_drift", "text", "kind_text"), 0.0))


def vector(title: str | None, body: str | None) -> Vectors:
    """The words of one text."""
    (row,) = word_vectors([replace(proposal(1), title=title, body=body)])
    return np.asarray(row)


def alike(one: Vectors, other: Vectors) -> float:
    """Cosine."""
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


def test_without_words_there_is_nothing() -> None:
    """No text is like no other text, and no rows are no rows."""
    assert not vector(None, None).any()
    assert not vector("", "  -- !! ").any()
    assert word_vectors([]).shape == (0, WORDS)


def test_likeness_is_of_words_and_not_of_their_order_or_case() -> None:
    """The same words are the same text; a shared half is half alike, and other words are hardly alike."""
    grant = vector("Grant", "pay the gardeners of the lower lake")
    assert alike(grant, vector("GRANT", "Of the lower lake: gardeners! The pay.")) == pytest.approx(1.0)
    assert 0.3 < alike(grant, vector("Grant", "pay the painters of an upper hall")) < 0.9
    assert abs(alike(grant, vector("Ban", "names nobody may carry again"))) < 0.2


@pytest.mark.parametrize("different", [1, 30, 300])
def test_longer_texts_count_more(different: int) -> None:
    """So many different words, so much weight: half of all at thirty. A few of many words fall to one place and count once."""
    length = np.linalg.norm(vector(None, " ".join(f"word{number}" for number in range(different))))
    assert length == pytest.approx(different / (different + HALF_COUNTED), rel=0.02)


def test_what_lies_beyond_the_bound_is_not_read() -> None:
    """A text at the size limit costs no more than one at the bound."""
    body = "lake " * (WORDS_CHARS // 5)
    assert (vector("", body) == vector("", body + "and a hall")).all()
    assert (vector("", "lake") != vector("", "lake and a hall")).any()


def covariance(kernel: Kernel, *, kinds: tuple[str, str], bodies: tuple[str, str]) -> float:
    """Of two proposals, by wording alone."""
    told = zip((closed(1), closed(2)), kinds, bodies, strict=True)
    asked = [replace(row, proposal=replace(row.proposal, title=None, body=body, kind=kind)) for row, kind, body in told]
    record = build_record(asked, WordEmbedder())
    points = Points.of(record, np.arange(2), words=bool(kernel.kind_words))
    return float(kernel.between(points, points)[0, 1])


def test_wording_counts_within_a_kind_alone() -> None:
    """Two grants that name the same things inform each other; a ban that does so tells a grant nothing."""
    same = ("pay the gardeners of the lake", "pay the gardeners of the lake")
    told = covariance(WORDING, kinds=("grant", "grant"), bodies=same)
    assert told == pytest.approx(WORDING.kind_words * (5 / 35) ** 2, rel=1e-4)
    assert covariance(WORDING, kinds=("grant", "ban"), bodies=same) == 0.0
    assert abs(covariance(WORDING, kinds=("grant", "grant"), bodies=(same[0], "names nobody may carry"))) < told / 2
    assert covariance(replace(WORDING, kind_words=0.0), kinds=("grant", "grant"), bodies=same) == 0.0


def test_what_was_worded_so_and_failed_lowers_the_belief() -> None:
    """Of two proposals of one kind and one meaning, the one that repeats what failed is believed in less."""
    rows = [replace(row, passed=number % 2 == 0) for number, row in enumerate(history(40))]
    words = ("harbour lights quay buoy ferry", "orchard cider apples press barrels")
    rows = [replace(row, proposal=replace(row.proposal, kind="grant", body=words[not row.passed])) for row in rows]
    record = build_record(rows, WordEmbedder())
    believed = []
    for body in words:
        asked = replace(proposal(50), kind="grant", body=body, author=None)
        point = Points.seen(record, [Sight(asked, float(record.published[-1]), np.zeros(384))])
        believed.append(Beliefs().ask(record, 40, point, {"passed": Asked(START, 0.5)})["passed"].mean)
    assert believed[0] > believed[1] + 0.05


def test_half_a_character_is_no_word() -> None:
    """A lone surrogate, which no encoding has, neither stops a forecast nor counts."""
    assert (vector("", "pay \ud800the gardeners\udfff") == vector("", "pay the gardeners")).all()


def test_few_texts_are_kept_and_nothing_hangs_on_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Words of more texts than are kept are found again, the same."""
    asked = [replace(proposal(number), body=f"garden number{number}") for number in range(9)]
    plenty = word_vectors(asked)
    monkeypatch.setattr(outcome_words, "KEPT", 2)
    assert (word_vectors([*asked, *asked[:3]]) == np.vstack([plenty, plenty[:3]])).all()
