"""What the model said of the texts asked for lately, so that a long text is not read again for everyone who looks at it."""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from hashlib import sha256

from api.refusals import Busy
from governance.evidence import TextReader, TextReading, TextToRead

# The models of sentiment and of stance, the text and what it was read against, by their SHA-256 (hex; empty: nothing), and whether
# it was read as a part of a text.
ReadingKey = tuple[str, str, str, str, bool]
# Texts one process keeps the readings of, a kilobyte or two each.
MOST_KEPT = 5_000
# Requests that may read, or wait for one that does. Each holds one of forty threads, and the longest text takes a minute: without
# a bound a few dozen of them would leave no thread to anybody else.
MOST_WAITING = 16


class KeptReadings:
    """The readings of the texts asked for last. Safe for several threads."""

    def __init__(self, most: int = MOST_KEPT, waiting: int = MOST_WAITING) -> None:
        self._kept: OrderedDict[ReadingKey, tuple[TextReading, ...]] = OrderedDict()
        self._most = most
        self._lock = threading.Lock()
        # The model reads for one at a time anyway; who had to wait may find that the other asked the same.
        self._reading = threading.Lock()
        self._seats = threading.BoundedSemaphore(waiting)

    def before(self, reader: TextReader) -> TextReader:
        """A reader that asks `reader` only for what is not kept. Its `read` raises `Busy` where too many read or wait already."""
        return _KeptReader(self, reader)

    def read(self, reader: TextReader, texts: Sequence[TextToRead]) -> list[tuple[TextReading, ...]]:
        """What `reader` says of the texts, from memory where it said so before; each text once."""
        models = reader.digest("sentiment"), reader.digest("stance") if any(text.target for text in texts) else ""
        keys = [_key(models, text) for text in texts]
        found = self._look_up(keys)
        if len(found) < len(set(keys)):
            if not self._seats.acquire(blocking=False):
                raise Busy("too many texts are waiting to be read", retry_after_s=30)
            try:
                with self._reading:
                    found |= self._look_up(keys)
                    found |= self._ask(reader, {key: text for key, text in zip(keys, texts, strict=True) if key not in found})
            finally:
                self._seats.release()
        return [found[key] for key in keys]

    def _look_up(self, keys: Iterable[ReadingKey]) -> dict[ReadingKey, tuple[TextReading, ...]]:
        with self._lock:
            found = {key: self._kept[key] for key in keys if key in self._kept}
            for key in found:
                self._kept.move_to_end(key)
        return found

    def _ask(self, reader: TextReader, missing: dict[ReadingKey, TextToRead]) -> dict[ReadingKey, tuple[TextReading, ...]]:
        said = dict(zip(missing, reader.read(list(missing.values())), strict=True)) if missing else {}
        with self._lock:
            self._kept.update(said)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return said


class _KeptReader:
    def __init__(self, kept: KeptReadings, reader: TextReader) -> None:
        self._kept = kept
        self._reader = reader

    def read(self, texts: Sequence[TextToRead]) -> list[tuple[TextReading, ...]]:
        return self._kept.read(self._reader, texts)

    def digest(self, task: str) -> str:
        return self._reader.digest(task)


# One for the process, as the keys name the models.
READINGS = KeptReadings()


def _key(models: tuple[str, str], text: TextToRead) -> ReadingKey:
    sentiment, stance = models
    against = (stance, _digest(text.target)) if text.target else ("", "")
    return sentiment, against[0], _digest(text.text), against[1], text.part


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", errors="surrogatepass")).hexdigest()
