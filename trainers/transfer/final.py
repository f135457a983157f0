"""The data of a final training: what it trains on, and the examples that judge it once, at the end."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from grids.errors import BadInput
from trainers.dataset import Dataset

Examples = tuple[Tensor, Tensor]
"""Inputs and targets."""


@dataclass(frozen=True)
class Fold:
    """One final training's data.

    Args:
        data: what it trains on. Its validation part is some of the training examples, as many as there are for
            validation: the engine looks at them to see that outputs are finite, and nothing is chosen by them.
        judged: reads the examples that judge it; to be called once, after all training.
    """

    data: Dataset
    judged: Callable[[], Examples]

    def at_the_end(self) -> Dataset:
        """The data with the judging examples in the place of those of validation."""
        x, y = self.judged()
        if len(x) != len(y):
            raise BadInput(f"data set '{self.data.name}': {len(x)} test inputs but {len(y)} test targets")
        return replace(self.data, valid_x=x, valid_y=y)


def final_folds(data: Dataset, split_seed: int) -> tuple[Fold, ...]:
    """One final training on all that the data set gives to it, judged by its test set; or one for each fold.

    Args:
        data: as a task loads it.
        split_seed: of the folds' examples.

    Raises:
        BadInput: there is neither a test set nor a number of folds.
    """
    if data.test_x is not None and data.test_y is not None:
        joined = _joined(data) if data.join else (data.train_x, data.train_y)
        return (Fold(_of(data, *joined), lambda: (_plain(data.test_x), _plain(data.test_y))),)
    if data.folds < 2:
        raise BadInput(
            f"data set '{data.name}' has no test examples (test_x, test_y) and no number of folds: there is nothing to "
            "judge a final training by"
        )
    x, y = _joined(data)
    order = torch.from_numpy(np.random.default_rng(split_seed).permutation(len(y)))
    parts = order.tensor_split(data.folds)
    found = []
    for number, part in enumerate(parts):
        others = torch.cat([other for at, other in enumerate(parts) if at != number])
        found.append(Fold(_of(data, x[others], y[others]), lambda part=part: (x[part], y[part])))  # type: ignore[misc]
    return tuple(found)


def in_words(data: Dataset) -> str:
    """The way in which a final training is judged, for its record."""
    if data.test_x is None:
        return f"{data.folds}-fold cross-validation over all {len(data.train_x) + len(data.valid_x):,} examples"
    examples = "training and validation examples" if data.join else "training examples"
    return f"the test set's {len(data.test_x):,} examples, after training on the {examples}"


def _joined(data: Dataset) -> Examples:
    return torch.cat([data.train_x, data.valid_x]), torch.cat([data.train_y, data.valid_y])


def _of(data: Dataset, x: Tensor, y: Tensor) -> Dataset:
    some = min(len(y), len(data.valid_y))
    return replace(
        data, train_x=x, train_y=y, valid_x=x[:some], valid_y=y[:some], test_x=None, test_y=None, join=False, folds=0
    )


def _plain(part: Tensor | None) -> Tensor:
    assert part is not None
    return part.as_subclass(Tensor)
