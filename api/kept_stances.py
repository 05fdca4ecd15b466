"""What the model said of sentences asked for lately, so that asking again costs a look-up."""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from hashlib import sha256

from governance.evidence import TextReader, TextToRead

# SHA-256 (hex) of the model, of the text and of what it was read against.
StanceKey = tuple[str, str, str]
# Stances one process keeps, some half a kilobyte each.
MOST_KEPT = 20_000


class KeptStances:
    """The label and its score of the texts asked for last. Safe for several threads.

    The key names the model, so that another one that takes its place is asked anew.
    """

    def __init__(self, most: int = MOST_KEPT) -> None:
        self._kept: OrderedDict[StanceKey, tuple[str, float]] = OrderedDict()
        self._most = most
        self._lock = threading.Lock()
        # The model reads for one at a time anyway; who had to wait may find that the other asked the same.
        self._reading = threading.Lock()

    def read(self, reader: TextReader, texts: Sequence[str], target: str) -> list[tuple[str, float]]:
        """(label, score of that label) of each text's stance toward `target`; 0 where the text was not read.

        Only what is not kept reaches the reader, each text once. Raises `ModelUnavailable` as the reader does.
        """
        model, against = reader.digest("stance"), _digest(target)
        keys = [(model, _digest(text), against) for text in texts]
        found = self._look_up(keys)
        if len(found) < len(set(keys)):
            with self._reading:
                found |= self._look_up(keys)
                missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in found}
                found |= self._ask(reader, missing, target)
        return [found[key] for key in keys]

    def _look_up(self, keys: Iterable[StanceKey]) -> dict[StanceKey, tuple[str, float]]:
        with self._lock:
            found = {key: self._kept[key] for key in keys if key in self._kept}
            for key in found:
                self._kept.move_to_end(key)
        return found

    def _ask(self, reader: TextReader, missing: dict[StanceKey, str], target: str) -> dict[StanceKey, tuple[str, float]]:
        read = reader.read([TextToRead(text, target) for text in missing.values()]) if missing else []
        said: dict[StanceKey, tuple[str, float]] = {}
        for key, readings in zip(missing, read, strict=True):
            stance = next(reading for reading in readings if reading.task == "stance")
            said[key] = (stance.label, max(stance.scores, default=0.0))
        with self._lock:
            self._kept.update(said)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return said


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", errors="surrogatepass")).hexdigest()
