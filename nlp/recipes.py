"""The recipe of the shipped text weights: six stages, each goes on from what the one before it learnt. Imports no torch."""

import json
from dataclasses import asdict, dataclass, replace
from hashlib import sha256

from nlp.sampling import SamplingConfig


class OtherTraining(ValueError):
    """A folder holds the checkpoint of another training; the message names it and what to do."""


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """Everything that decides the weights of one stage, besides the data, where it starts and the machine's arithmetic.

    The learning rate warms up, stays, and falls to zero over the last `cooldown_steps`: until these begin, a run may
    be shortened or lengthened by resuming it with another number of `steps`. `bfloat16` allows that arithmetic where the
    processor is faster with it. `taught` is how much of a sentiment row's loss a teacher's soft labels decide instead of the
    label, `held` how much of a stance row's loss is decided by what the stage's first weights say of it; the lowest
    `frozen_layers` stay as they are published, and with them what lies below. `kept` is the share of the weights a stage
    began with in those it ends with (WiSE-FT, Wortsman et al. 2022), so that little is unlearnt. `varied` says whether the
    texts that only a teacher labelled (`nlp.varied_texts`) are among the rows.
    """

    sampling: SamplingConfig
    steps: int
    cooldown_steps: int
    seed: int = 20261121
    batch_rows: int = 32
    window_tokens: int = 256
    encoder_rate: float = 1e-4
    head_rate: float = 1e-3
    warmup_steps: int = 200
    weight_decay: float = 0.01
    label_smoothing: float = 0.05
    gradient_norm: float = 1.0
    bfloat16: bool = True
    checkpoint_steps: int = 100
    validation_rows: int = 60
    taught: float = 0.0
    held: float = 0.0
    frozen_layers: int = 0
    kept: float = 0.0
    varied: bool = False

    def digest(self) -> str:
        """SHA-256 of all fields but the length of the run, hex."""
        fields = {name: value for name, value in asdict(self).items() if name not in ("steps", "cooldown_steps")}
        return sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()


# Everything at once, labels half evened out, sets in proportion to what they teach.
BROAD = TrainingConfig(
    steps=5000,
    cooldown_steps=1800,
    sampling=SamplingConfig(
        {
            "semeval17_tweets": 5000,
            "sst5_as3": 1900,
            "sentfin": 1500,
            "twitter_fin_news": 1900,
            "stockemotions": 1500,
            "cryptolin_news": 300,
            "eth_tweets_sent": 300,
            "fiqa_posts": 120,
            "surge_stock_tweets": 90,
            "catalyst_f4": 600,
            "catalyst_f5": 600,
            "catalyst_f6": 900,
            "catalyst_f7": 1000,
            "catalyst_f8": 1000,
            "argkp21": 1100,
            "perspectrum": 1100,
            "semeval16_stance": 900,
        },
        off_target_rows=700,
        invented_rows=700,
    ),
)

_EVENNESS_OF = {"sst5_as3": 0.6, **{f"catalyst_f{fund}": 0.6 for fund in range(4, 9)}}

# More often what the first stage saw too little of, films and headlines; claims and their opposites, texts somebody
# disturbed. Labels nearer to their own shares where the first stage had overdone the rare ones.
FINE = TrainingConfig(
    seed=BROAD.seed + 1,
    steps=2400,
    cooldown_steps=0,
    encoder_rate=7e-5,
    head_rate=4e-4,
    sampling=SamplingConfig(
        {
            "semeval17_tweets": 1400,
            "sst5_as3": 1300,
            "sentfin": 1200,
            "twitter_fin_news": 1300,
            "stockemotions": 600,
            "cryptolin_news": 300,
            "eth_tweets_sent": 250,
            "fiqa_posts": 80,
            "surge_stock_tweets": 50,
            "catalyst_f4": 260,
            "catalyst_f5": 280,
            "catalyst_f6": 380,
            "catalyst_f7": 420,
            "catalyst_f8": 420,
            "argkp21": 450,
            "perspectrum": 450,
            "semeval16_stance": 250,
        },
        evenness=0.3,
        evenness_of=_EVENNESS_OF,
        off_target_rows=280,
        invented_rows=200,
        turned=0.25,
        disturbed=0.08,
    ),
)

# Everything once more in its own measure, with rationales written as a whole, few of them abstentions, as in life; the
# learning rate falls to zero.
DELEGATES = TrainingConfig(
    seed=FINE.seed + 1,
    steps=2600,
    cooldown_steps=2600,
    encoder_rate=6e-5,
    head_rate=3e-4,
    sampling=SamplingConfig(
        {
            "semeval17_tweets": 1200,
            "sst5_as3": 1000,
            "sentfin": 1000,
            "twitter_fin_news": 1000,
            "stockemotions": 500,
            "cryptolin_news": 200,
            "eth_tweets_sent": 180,
            "fiqa_posts": 40,
            "surge_stock_tweets": 30,
            "catalyst_f4": 350,
            "catalyst_f5": 380,
            "catalyst_f6": 650,
            "catalyst_f7": 800,
            "catalyst_f8": 900,
            "argkp21": 450,
            "perspectrum": 400,
            "semeval16_stance": 350,
        },
        evenness=0.3,
        evenness_of={**_EVENNESS_OF, **{f"catalyst_f{fund}": 0.5 for fund in range(4, 9)}},
        off_target_rows=250,
        invented_rows=150,
        written_rows=200,
        rationale_stances=("against", "for", "neutral", "against", "for"),
        turned=0.2,
        disturbed=0.06,
    ),
)

# Once more in the same measure, tweets, films and headlines a little more often; of these, with the teacher's soft labels.
TAUGHT = replace(
    DELEGATES,
    seed=DELEGATES.seed + 1,
    steps=3000,
    cooldown_steps=3000,
    taught=0.7,
    kept=0.5,
    sampling=replace(
        DELEGATES.sampling,
        quotas={**DELEGATES.sampling.quotas, "semeval17_tweets": 1800, "sst5_as3": 1100, "twitter_fin_news": 1100},
        evenness_of={**DELEGATES.sampling.evenness_of, "sst5_as3": 0.65, "twitter_fin_news": 0.15},
    ),
)

# Sentiment once more, from the teacher and beside many posts and news written whole for this project; stance stays as it is.
WRITTEN = replace(
    TAUGHT,
    seed=TAUGHT.seed + 2,
    steps=1200,
    cooldown_steps=1200,
    held=0.7,
    kept=0.0,
    sampling=replace(TAUGHT.sampling, written_arguments=50, written_posts=500),
)

# Sentiment a last time, mostly from varied texts in what the teachers say of them; stance stays as it is.
VARIED = replace(
    WRITTEN,
    seed=5,
    steps=3000,
    cooldown_steps=3000,
    warmup_steps=40,
    encoder_rate=8e-5,
    taught=0.9,
    held=0.9,
    kept=0.1,
    varied=True,
    sampling=replace(
        WRITTEN.sampling,
        quotas={
            "semeval17_tweets": 1500,
            "sst5_as3": 1700,
            "sentfin": 1000,
            "twitter_fin_news": 2000,
            "stockemotions": 600,
            "cryptolin_news": 200,
            "eth_tweets_sent": 150,
            "fiqa_posts": 50,
            "surge_stock_tweets": 30,
            "catalyst_f4": 140,
            "catalyst_f5": 152,
            "catalyst_f6": 260,
            "catalyst_f7": 320,
            "catalyst_f8": 360,
            "argkp21": 180,
            "perspectrum": 160,
            "semeval16_stance": 140,
        },
        evenness_of={**WRITTEN.sampling.evenness_of, "twitter_fin_news": 0.2},
        off_target_rows=100,
        invented_rows=60,
        written_rows=80,
        written_arguments=20,
        written_posts=400,
    ),
)

RECIPE = (BROAD, FINE, DELEGATES, TAUGHT, WRITTEN, VARIED)
