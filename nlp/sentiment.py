"""Sentiment: how a text feels, and the names other models give its labels."""

from collections.abc import Mapping

from governance.evidence import Sentiment

TASK = "sentiment"
LABELS: tuple[str, ...] = tuple(label.value for label in Sentiment)

# Label names seen on published sequence-classification models, lower case.
KNOWN_NAMES: Mapping[str, Sentiment] = {
    "negative": Sentiment.NEGATIVE,
    "neg": Sentiment.NEGATIVE,
    "bearish": Sentiment.NEGATIVE,
    "neutral": Sentiment.NEUTRAL,
    "neu": Sentiment.NEUTRAL,
    "positive": Sentiment.POSITIVE,
    "pos": Sentiment.POSITIVE,
    "bullish": Sentiment.POSITIVE,
}
