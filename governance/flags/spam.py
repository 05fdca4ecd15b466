"""Recognises proposals that ask the DAO for no decision: filler, adverts, lures, trials of the tool and gibberish.

A logistic model on some fifty facts of the text that a reader can check and on the title's wording (`spam_model.py`), fitted by
`benchmarks/spam_recogniser.py` on the part `dev` of `benchmarks/spam_labels.csv`.
"""

from typing import Final

from governance.flags.case import Case
from governance.flags.spam_model import WEIGHTS_SHA256, read
from governance.flags.spam_reasons import reasons
from governance.flags.verdicts import Answer, Severity, clear, fired, rule, unknown

THRESHOLD: Final = 0.5
# A title alone tells less, and a source may have left the body out: from here on 93 of 100 alarms were right in folds of `dev` with
# every body hidden, as many as at a half with the bodies there. Below it, down to a half, nobody knows.
THRESHOLD_OF_TITLES: Final = 0.6
# What sources write where they have no title.
_UNTOLD: Final = frozenset({"<na>", "nan", "null", "none", "undefined"})


@rule(
    "S01",
    "Spam proposal",
    version=2,
    source="796 labels of ours over 618 DAOs (benchmarks/spam_labels.csv)",
    threshold=f"probability >= {THRESHOLD}; of a title whose body is not told, >= {THRESHOLD_OF_TITLES}",
    clears_when="the proposal says what the DAO is to decide",
    who_can_act="the DAO's moderators",
)
def spam_proposal(case: Case) -> Answer:
    """It asks the DAO for no decision."""
    title = None if (case.title or "").strip().lower() in _UNTOLD else case.title
    if not (title or case.body):
        return unknown("any text")
    reading = read(title, case.body, case.choices)
    sure, said = reading.probability, reasons(reading)
    told = bool(case.body and case.body.strip())
    inputs = {"speaks_for_it": said, "body": "told" if told else "not told", "weights": WEIGHTS_SHA256[:12]}
    if sure >= (THRESHOLD if told else THRESHOLD_OF_TITLES):
        line = f"It asks for no decision, as far as the text tells ({sure:.2f}): {', '.join(said) or 'no one fact stands out'}."
        return fired(line, value=sure, severity=Severity.NOTICE, inputs=inputs)
    if sure >= THRESHOLD:
        return unknown("the body: the title alone does not settle whether it asks for a decision", value=sure, inputs=inputs)
    return clear(f"It asks for a decision, as far as the text tells ({sure:.2f} that it does not).", value=sure, inputs=inputs)
