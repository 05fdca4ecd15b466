"""The recipe of the teachers, from which the later stages of the text weights learn, and which texts they label. Imports no torch."""

from collections.abc import Mapping
from dataclasses import replace

from nlp.recipes import TAUGHT, TrainingConfig
from nlp.sampling import SamplingConfig

# Sentiment first, each text beside the target it was labelled for.
_SENTIMENT_TEACHER = TrainingConfig(
    seed=TAUGHT.seed + 1,
    steps=3400,
    cooldown_steps=3250,
    warmup_steps=150,
    window_tokens=128,
    encoder_rate=5e-5,
    frozen_layers=3,
    sampling=SamplingConfig(
        {
            "semeval17_tweets": 8500,
            "sst5_as3": 4000,
            "sentfin": 3600,
            "twitter_fin_news": 3800,
            "stockemotions": 1800,
            "cryptolin_news": 500,
            "eth_tweets_sent": 450,
            "fiqa_posts": 130,
            "surge_stock_tweets": 100,
        },
        evenness=0.3,
        evenness_of={"sst5_as3": 0.6, "twitter_fin_news": 0.2},
        target_dropped=0.0,
        target_added=0.0,
    ),
)

# The lines of news alone: beside tweets they are learnt less well.
_NEWS_TEACHER = replace(
    _SENTIMENT_TEACHER,
    seed=3,
    steps=700,
    cooldown_steps=700,
    warmup_steps=40,
    encoder_rate=3e-5,
    frozen_layers=2,
    sampling=replace(_SENTIMENT_TEACHER.sampling, quotas={"twitter_fin_news": 2000}, evenness=0.25, evenness_of={}),
)

# The first learns all sentiment, the second goes on from it.
TEACHERS = (_SENTIMENT_TEACHER, _NEWS_TEACHER)

# How many varied texts of each set they label.
VARIED_TEXTS: Mapping[str, int] = {
    "semeval17_tweets": 20_000,
    "sst5_as3": 30_000,
    "sentfin": 10_000,
    "twitter_fin_news": 30_000,
    "stockemotions": 8_000,
    "cryptolin_news": 4_000,
}
