"""Near-duplicates and scores: what makes two texts one, and what a reading is worth."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256

from hypothesis import given, settings
from hypothesis import strategies as st

from governance.mood.near_duplicates import clusters, shingles
from governance.mood.scores import Score, score
from governance.mood.speech import MOST_OF_ONE, MOST_UNEVIDENCED, Speech, statements
from governance.mood.standing import Known, standings

BEGINS = datetime(2026, 11, 1, tzinfo=UTC)
PRAISE = "This treasury proposal is a very good use of the funds and I will gladly support it when the vote opens next week."


def speech(account: str, text: str, *, hour: int = 0) -> Speech:
    """One text with a neutral score."""
    digest = sha256(text.encode()).hexdigest()
    return Speech(f"{account}/{hour}/{digest[:8]}", account, BEGINS + timedelta(hours=hour), digest, text, Score(0.5, 0.1))


def numbers(*texts: str) -> list[int]:
    """The clusters of texts."""
    return clusters([(sha256(text.encode()).hexdigest(), text) for text in texts])


def test_copies_with_small_changes_are_one_and_other_texts_are_not() -> None:
    """Case, accents, punctuation and one word more do not make another text."""
    found = numbers(
        PRAISE, PRAISE.upper(), PRAISE.replace(",", "!!") + " Thanks", "I am against it: the budget doubles and nobody reports."
    )
    assert found[0] == found[1] == found[2] != found[3]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(max_size=60), max_size=8))
def test_any_text_has_a_cluster_and_equal_texts_share_it(texts: list[str]) -> None:
    """Empty texts, symbols and lone surrogates too."""
    found = numbers(*[text.encode("utf-8", "replace").decode() for text in texts + texts])
    assert found[: len(texts)] == found[len(texts) :]
    assert all(shingles(text) for text in texts)


def test_what_others_write_does_not_change_how_an_evidenced_account_counts() -> None:
    """A text made to lie between two of a voter's texts would join them; it is never compared with them."""
    known = {"ann": Known(power=Decimal(1), votes_before=5), "bot": Known()}
    standing = standings(known, begins=BEGINS)
    mine = [speech("ann", PRAISE, hour=2), speech("ann", "The budget doubles and nobody reports on it at all.", hour=3)]
    theirs = [speech("bot", f"{PRAISE} The budget doubles and nobody reports on it at all.", hour=1)]
    alone = statements(mine, standing)
    assert [each for each in statements(mine + theirs, standing) if each.account == "ann"] == alone


def test_a_flood_is_sampled_established_accounts_first() -> None:
    """Ten thousand new accounts do not make the answer slow, and do not push out the voices that were there before."""
    known = {f"bot{n}": Known() for n in range(MOST_UNEVIDENCED + 500)}
    known["old"] = Known(posts_before=5, first_post=BEGINS - timedelta(days=200))
    flood = [speech(f"bot{n}", "Sell everything now.", hour=n) for n in range(MOST_UNEVIDENCED + 500)]
    found = statements([*flood, speech("old", PRAISE)], standings(known, begins=BEGINS))
    assert len(found) == MOST_UNEVIDENCED
    assert "old" in {each.account for each in found}


def test_of_one_account_with_power_the_newest_texts_count() -> None:
    """Dust and ten thousand different posts do not make the answer slow; nobody else loses a text by it."""
    known = {"dust": Known(power=Decimal("0.000001")), "ann": Known(power=Decimal(1), votes_before=5)}
    flood = [speech("dust", f"Thing {n} of the {n} things that I had to say today, {n}.", hour=n) for n in range(10_000)]
    found = statements([speech("ann", PRAISE), *flood], standings(known, begins=BEGINS))
    assert [each.account for each in found].count("ann") == 1
    assert {each.cluster for each in found if each.account == "dust"} <= {each.id for each in flood[-MOST_OF_ONE:]}
    assert len(found) == MOST_OF_ONE + 1


def test_a_score_is_the_expected_value_with_its_variance() -> None:
    """A text that the model is unsure of stands near the middle, with the variance that the doubt implies."""
    assert score("sentiment", "positive", ["0.1", "0.2", "0.7"]) == Score(0.7 - 0.1, 0.7 + 0.1 - (0.7 - 0.1) ** 2)
    assert score("stance", "against", ["1.000000", "0.000000", "0.000000"]) == Score(-1.0, 0.0)
    assert score("stance", "unknown", []) is None
    assert score("sentiment", "unsupported_language", ["0.3", "0.4", "0.3"]) is None
