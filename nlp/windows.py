"""Texts as token windows: [CLS] text [SEP] or [CLS] text [SEP] target [SEP], long texts in overlapping windows."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer

# Titles and claims; the longest target of the training data has 52 tokens.
TARGET_TOKENS = 64
# What tells off-target texts compares words with a title and the whole of a summary, which costs it little.
COMPARED_TOKENS = 256


@dataclass(frozen=True, slots=True)
class Window:
    """One input of the network. `fresh` counts the text tokens no earlier window of the same text held.

    `compared` is what words of the text are compared with: of a proposal more than the network itself reads.
    """

    ids: tuple[int, ...]
    types: tuple[int, ...]
    fresh: int
    compared: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class WindowCut:
    """How texts are cut: at most `tokens` in a window, special tokens and target included.

    Windows of one text share a quarter of their length, so that a sentence cut by one edge is whole in the next.
    """

    tokens: int

    def spans(self, length: int, target_length: int) -> list[tuple[int, int]]:
        """(start, end) of each window over `length` text tokens; the last window ends with the text, and is full."""
        room = self.tokens - 2 - (target_length + 1 if target_length else 0)
        if length <= room:
            return [(0, length)]
        step = room - room // 4
        starts = [*range(0, length - room, step), length - room]
        return [(start, start + room) for start in starts]


class Tokens:
    """The pinned tokenizer, as windows."""

    def __init__(self, tokenizer_file: Path) -> None:
        self._tokenizer = Tokenizer.from_file(str(tokenizer_file))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        # BERT's names, or MPNet's, which parts a pair with two ends.
        bert = self._tokenizer.token_to_id("[CLS]") is not None
        self._begin = self._special("[CLS]" if bert else "<s>")
        self._end = self._special("[SEP]" if bert else "</s>")
        self._between = [] if bert else [self._end]

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of each text, without special tokens, whole."""
        return [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts), add_special_tokens=False)]

    def places(self, text: str) -> tuple[list[int], list[int]]:
        """Token ids of a text, whole, and the character of the text at which each begins."""
        encoding = self._tokenizer.encode(text, add_special_tokens=False)
        return encoding.ids, [start for start, _ in encoding.offsets]

    def decode(self, ids: Sequence[int]) -> str:
        """The words of token ids, as near to the text as the vocabulary allows."""
        return self._tokenizer.decode(list(ids))

    def target(self, plain: str, *, summary_read: bool = False) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """What the network reads of a target from `plain_target`, and what words are compared with.

        It learnt stances toward titles and claims, and a summary between would mislead it: it reads the title and compares with
        both. Weights of before (`summary_read`) read what there is room for, and compare no more.
        """
        title, _, _ = plain.partition("\n")
        first, whole = (tuple(ids) for ids in self.encode([title, plain]))
        return (whole, whole[:TARGET_TOKENS]) if summary_read else (first, whole[:COMPARED_TOKENS])

    def window(self, text: Sequence[int], target: Sequence[int], compared: Sequence[int] | None = None, *, seen: int = 0) -> Window:
        """One window over text tokens, the target's first `TARGET_TOKENS` beside them; without `compared` that is the target, too."""
        first = [self._begin, *text, self._end]
        second = [*self._between, *target[:TARGET_TOKENS], self._end] if target else []
        fresh = max(len(text) - seen, 0)
        return Window(tuple(first + second), (0,) * len(first) + (1,) * len(second), fresh, tuple(target if compared is None else compared))

    def windows(self, text: Sequence[int], target: Sequence[int], cut: WindowCut, compared: Sequence[int] | None = None) -> list[Window]:
        """All windows of one text, in order."""
        cut_windows: list[Window] = []
        covered = 0
        for start, end in cut.spans(len(text), min(len(target), TARGET_TOKENS)):
            cut_windows.append(self.window(text[start:end], target, compared, seen=max(covered - start, 0)))
            covered = end
        return cut_windows

    def _special(self, token: str) -> int:
        number = self._tokenizer.token_to_id(token)
        if number is None:
            raise ValueError(f"the tokenizer has no {token}")
        return number
