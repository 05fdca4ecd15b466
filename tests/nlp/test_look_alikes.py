"""Disguises come off; ordinary words stay as they are written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.plain_text import plain_text


@pytest.mark.parametrize(
    ("disguised", "meant"),
    [
        ("thіs іs а sсаm", "this is a scam"),  # Cyrillic
        ("Ι οppοse thιs", "I oppose this"),  # Greek
        ("a great рrороsаl", "a great proposal"),
        ("please vote for it: соре", "please vote for it: cope"),  # one word wholly of look-alikes
        ("ⓖⓡⓔⓐⓣ 𝐠𝐫𝐞𝐚𝐭 ｇｒｅａｔ", "great great great"),
        ("sc\u200ba\u00adm and fr\u2060aud\u202e", "scam and fraud"),
        ("sca\U000e0061m", "scam"),
        ("thi\u0335s is n0t f1ne, i\u0336t i\u0300\u0301\u0302\u0303s a sc\u0489am", "this is not fine, it is a scam"),
        ("this is sh4me and fr4ud", "this is shame and fraud"),
        ("what a s c a m e r a", "what a s c a m e r a"),
        ("do not f-r-a-u-d us", "do not fraud us"),
    ],
)
def test_disguised_words_are_read_as_they_look(disguised: str, meant: str) -> None:
    """Who writes for people to read one thing must not have the model read another."""
    assert plain_text(disguised).lower() == meant.lower()


@pytest.mark.parametrize(
    "text",
    [
        "web3 and L2 on ERC20, p2p, b2b, v3, 3pool, dai3crv and log4j",
        "Спасибо за отчёт",
        "Η πρόταση είναι καλή",
        "let α = 0.5 and β = 2, Δv in μs",
        "the Москва meetup",
        "I - A - B are options; see U.S.A. and N.Y.",
        "café, naïve, Zürich, São Paulo, Łódź",
        "pay 100$ to user$ at 5pm",
        "paid 100 USDC@1.00",
    ],
)
def test_ordinary_words_stay_as_they_are(text: str) -> None:
    """Names, formulas, versions and other languages are no disguise."""
    assert plain_text(text) == plain_text(text.replace("\u200b", ""))
    assert plain_text(text).casefold() == " ".join(text.replace("µ", "μ").split()).casefold()


@given(st.text(alphabet=st.characters(codec="ascii")))
def test_taking_disguises_off_twice_changes_nothing_more(text: str) -> None:
    """What is plain stays plain: readings of a quoted reading's text agree with it."""
    from nlp.look_alikes import undisguised  # noqa: PLC0415

    once = undisguised(text)
    assert undisguised(once) == once
