"""Which sentences of a discussion are read where not all can be: everybody's turn before anybody's second, and copies last."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice

from governance.mood.near_duplicates import clusters, shingles
from governance.records.discussion import Discussion, SaidText

_OF_ONE_TEXT = 12


@dataclass(frozen=True, slots=True)
class Sentence:
    """Characters `start` to `end` of a text. `plain` is what a model reads; `words` is that without case and marks."""

    said: SaidText
    start: int
    end: int
    plain: str
    words: bytes

    @property
    def text(self) -> str:
        """As its author wrote it."""
        return self.said.text[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Heard:
    """The sentences to read; `likeness` has a number for each, the same for near-duplicates. `texts` were looked at."""

    sentences: list[Sentence]
    likeness: list[int]
    texts: int
    complete: bool


def hear(discussions: Sequence[Discussion], most: int) -> Heard:
    """At most `most` sentences of the discussions, in equal parts; what one does not need the others get.

    Within each, accounts take turns of one sentence. A copy of a sentence costs nothing and is not heard again; one in nearly
    the same words is heard only when nothing else is left, because a single word may turn what it says.
    """
    floors = [_Floor(discussion) for discussion in discussions]
    # Twice as many as can be read, so that near-duplicates may be put off and others come up instead.
    queues = [deque(islice(floor.turns(), 2 * most)) for floor in floors]
    likeness = _likeness([sentence for queue in queues for sentence in queue])
    choice = _Choice(likeness)
    while len(choice.heard) < most and any(queues):
        for queue in queues:
            if len(choice.heard) < most:
                choice.take_from(queue)
    choice.take_put_off(most)
    left = [each for each in [*choice.put_off, *(each for queue in queues for each in queue)] if each.words not in choice.heard]
    read = list(choice.heard.values())
    unheard = {each.said.id for each in left} - {each.said.id for each in read}
    return Heard(
        sentences=read,
        likeness=[likeness[each.words] for each in read],
        texts=len({text for floor in floors for text in floor.texts} - unheard),
        complete=not left and all(floor.whole for floor in floors),
    )


class _Floor:
    """One discussion, heard in turns. `whole` until something was left out; `texts` are those that had a turn."""

    def __init__(self, discussion: Discussion) -> None:
        self._accounts = discussion.accounts
        self._said: set[bytes] = set()
        self.whole = discussion.whole
        self.texts: set[str] = set()

    def turns(self) -> Iterator[Sentence]:
        """One sentence per account in rounds, each account's in their order; who repeats others loses no turn by it."""
        waiting = deque(self._speaks(texts) for texts in self._accounts)
        while waiting:
            speaker = waiting.popleft()
            sentence = next(speaker, None)
            if sentence is not None:
                waiting.append(speaker)
                yield sentence

    def _speaks(self, texts: Sequence[SaidText]) -> Iterator[Sentence]:
        from nlp.arguments import sentences  # noqa: PLC0415  # a start does not wait for numpy

        for said in texts:
            self.texts.add(said.id)
            places = sentences(said.text)
            self.whole = self.whole and len(places) <= _OF_ONE_TEXT
            for start, end in places[:_OF_ONE_TEXT]:
                sentence = _sentence(said, start, end)
                if sentence.words not in self._said:
                    self._said.add(sentence.words)
                    yield sentence


class _Choice:
    """The sentences chosen so far, by their words, and those put off because they are nearly the same as one of them."""

    def __init__(self, likeness: Mapping[bytes, int]) -> None:
        self._likeness = likeness
        self._alike: set[int] = set()
        self.heard: dict[bytes, Sentence] = {}
        self.put_off: deque[Sentence] = deque()

    def take_from(self, queue: deque[Sentence]) -> None:
        """The first in the queue that is unlike all before."""
        while queue:
            sentence = queue.popleft()
            number = self._likeness[sentence.words]
            if number not in self._alike:
                self._alike.add(number)
                self.heard[sentence.words] = sentence
                return
            self.put_off.append(sentence)

    def take_put_off(self, most: int) -> None:
        """As many of those put off as there is room for."""
        while self.put_off and len(self.heard) < most:
            sentence = self.put_off.popleft()
            self.heard.setdefault(sentence.words, sentence)


def _sentence(said: SaidText, start: int, end: int) -> Sentence:
    from nlp.plain_text import plain_text  # noqa: PLC0415  # as above

    plain = plain_text(said.text[start:end])
    return Sentence(said, start, end, plain, b" ".join(shingles(plain)))


def _likeness(found: Sequence[Sentence]) -> dict[bytes, int]:
    numbers = clusters([(sha256(each.words).hexdigest(), each.plain) for each in found])
    return {each.words: number for each, number in zip(found, numbers, strict=True)}
