"""Texts for character models: splits as numbers of characters, and the part of a text that a task takes."""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor

from grids.errors import BadInput
from trainers.dataset import Dataset


class Text(NamedTuple):
    """Three splits of a text, each as the numbers of its characters, int64 `[symbols]`; and the kinds in order."""

    train: Tensor
    validation: Tensor
    test: Tensor
    kinds: str


class FoundText(NamedTuple):
    """A text that was read: its place, the text, and the sha256 of its splits one after the other, as UTF-8."""

    place: str
    text: Text
    sha256: str


class TextSource(Protocol):
    """A text that the program knows by name."""

    @property
    def name(self) -> str:
        """The name that users type."""

    @property
    def title(self) -> str:
        """Its usual name."""

    def read(self, folder: Path) -> FoundText:
        """The whole text from the user's folder, checked.

        Raises:
            BadInput: it is not there, not whole, or not what was published.
        """

    def how_to_get(self, folder: Path) -> str:
        """Say in one line how the text comes into the folder."""


def number(train: str, validation: str, test: str = "") -> Text:
    """The splits as symbols: every kind of character in any of them has a number, in the order of Unicode.

    >>> text = number("abba", "bc")
    >>> text.train.tolist(), text.validation.tolist(), text.kinds
    ([0, 1, 1, 0], [1, 2], 'abc')
    """
    points = [np.frombuffer(split.encode("utf-32-le"), np.uint32) for split in (train, validation, test)]
    kinds = np.unique(np.concatenate(points))
    numbers = [torch.from_numpy(np.searchsorted(kinds, split)) for split in points]
    return Text(numbers[0], numbers[1], numbers[2], "".join(map(chr, kinds.tolist())))


def text_data(name: str, text: Text, sha256: str) -> Dataset:
    """A data set whose inputs and targets are the same text: each symbol is to be predicted from those before it.

    Args:
        name: the data set's name.
        text: its splits.
        sha256: digest of the source text, lower-case hex.

    Raises:
        BadInput: an empty split, or a text of a single kind of character.
    """
    for split in ("train", "validation"):
        if not len(getattr(text, split)):
            raise BadInput(f"text '{name}': its {split} part is empty")
    if len(text.kinds) < 2:
        raise BadInput(f"text '{name}': only one kind of character, {text.kinds!r}; there is nothing to predict")
    has_test = len(text.test) > 0
    return Dataset(
        name=name,
        train_x=text.train,
        train_y=text.train,
        valid_x=text.validation,
        valid_y=text.validation,
        sha256=sha256,
        test_x=text.test if has_test else None,
        test_y=text.test if has_test else None,
        kinds=len(text.kinds),
    )


def kinds_of(data: Dataset) -> int:
    """Count the kinds of symbols in a text: as it says, else one more than the largest number in any of its splits."""
    if data.kinds is not None:
        return data.kinds
    splits = [data.train_x, data.valid_x] + ([] if data.test_x is None else [data.test_x])
    return 1 + max(int(split.max()) for split in splits)


@dataclass(frozen=True)
class Excerpt:
    """A task's `load`: so much of a text.

    Each part is the beginning of its split.

    Args:
        source: the text.
        train, validation, test: symbols; None for the whole split.
    """

    source: TextSource
    train: int | None = None
    validation: int | None = None
    test: int | None = None

    def __call__(self, folder: Path | None, split_seed: int) -> Dataset:
        """The data; without a folder, from `./data`. A text is split by place, so the seed changes nothing.

        Raises:
            BadInput: the text is not there, not whole, or not what was published.
        """
        found = self.source.read(folder or Path("data"))
        whole = found.text
        part = Text(
            whole.train[: self.train], whole.validation[: self.validation], whole.test[: self.test], whole.kinds
        )
        cut = len(part.train) < len(whole.train)
        name = f"{self.source.name}, {len(part.train):,} of its {len(whole.train):,} training symbols"
        return text_data(name if cut else self.source.name, part, found.sha256)
