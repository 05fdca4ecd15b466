"""Which texts count as foreign: those that surely are, and practically no English one."""

import pytest

from nlp.languages import is_foreign
from nlp.plain_text import plain_text

FOREIGN = [
    "Voto a favor de esta propuesta porque mejora la liquidez del protocolo.",
    "Je vote contre cette proposition, le budget est trop élevé.",
    "Ich stimme gegen diesen Vorschlag, weil das Budget zu hoch ist.",
    "Obrigado pelo relatório, ótimo trabalho da equipe.",
    "Dovremmo ridurre le commissioni prima di spendere altro.",
    "Ik stem tegen dit voorstel omdat het budget te hoog is.",
    "Bu teklife karşı oy veriyorum çünkü bütçe çok yüksek.",
    "Powinniśmy obniżyć opłaty, zanim wydamy więcej.",
    "Saya menolak proposal ini karena anggarannya terlalu tinggi.",
    "Chúng ta nên giảm phí trước khi chi tiêu thêm.",
    "Спасибо за отчёт, отличная работа.",
    "我投反对票，因为预算太高了。",
    "同意",
    "予算が高すぎるので、この提案に反対します。",
    "먼저 수수료를 낮춰야 합니다.",
    "أصوت ضد هذا الاقتراح لأن الميزانية مرتفعة جدا.",
    "मैं इस प्रस्ताव के खिलाफ वोट देता हूं क्योंकि बजट बहुत अधिक है।",
]
ENGLISH = [
    "Yes",
    "LGTM ser",
    "GM frens, wen airdrop?",
    "Voting FOR. Strong team, fair budget.",
    "No quorum, no payout.",
    "Abstain: conflict of interest.",
    "TOP GAINERS $MITQ $BRDS $PPSI",
    "UMA does look solid!",
    "Deploy wstETH, rETH, cbETH pools on Arbitrum",
    "@alice @bob please see https://example.org/a/b for 0x52908400098527886E0F7030069857D2E4169EE7",
    "Merci for the report! We like the façade of the new dashboard, and the naïve estimate was fine.",
    "1,000 USDC / 30 days / 12.5 %",
    "🚀🚀🚀",
    "",
    "As Schäuble said, the Bundesbank would not have agreed to this.",
    "w3 sh0uld n0t p4y th1s",
    "Wé shöuld nòt päy for thîs át áll",
    "T\u0334\u0301h\u0300\u0337i\u0308\u0301s w\u0306\u0301o\u0300\u0301u\u0307ld ruin us",
]


@pytest.mark.parametrize("text", FOREIGN)
def test_other_languages_are_recognised(text: str) -> None:
    """A model that learnt English would guess, and its guess would count as a voice."""
    assert is_foreign(plain_text(text))


@pytest.mark.parametrize("text", ENGLISH)
def test_english_stays_english_however_short_or_full_of_names(text: str) -> None:
    """Losing an English post silences a person; names, tickers and slang must not look foreign."""
    assert not is_foreign(plain_text(text))


def test_a_long_post_is_judged_by_its_beginning_middle_and_end() -> None:
    """A foreign greeting does not make a post foreign, and a hundred thousand characters cost no more than a page."""
    english = "We should lower the fee because traders are leaving for cheaper venues. " * 1_400

    assert not is_foreign(plain_text("Hola a todos, muchas gracias por venir. " + english))
    assert is_foreign(plain_text("Hello all. " + "Deberíamos bajar las comisiones porque los usuarios se marchan a otros mercados. " * 300))
