"""Stance: where a text stands toward one proposal, and the names other models give its labels.

The proposal's title is the second segment of the network's input: the same words can stand for one proposal and against
another. Whether the text speaks of it at all is told beside (`nlp.off_target`), by title and summary. A model that a DAO names
itself is given both.
"""

from collections.abc import Mapping

from governance.evidence import Stance

TASK = "stance"
LABELS: tuple[str, ...] = tuple(label.value for label in Stance)

# Label names seen on published stance and entailment models, lower case. Entailment models read the text as premise
# and the proposal as hypothesis.
KNOWN_NAMES: Mapping[str, Stance] = {
    "against": Stance.AGAINST,
    "con": Stance.AGAINST,
    "oppose": Stance.AGAINST,
    "contradiction": Stance.AGAINST,
    "neutral": Stance.NEUTRAL,
    "none": Stance.NEUTRAL,
    "for": Stance.FOR,
    "favor": Stance.FOR,
    "pro": Stance.FOR,
    "support": Stance.FOR,
    "entailment": Stance.FOR,
}
