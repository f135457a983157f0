"""Split the training images of a set by a seed into training and validation images."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from grids.errors import BadInput
from trainers.task import Dataset
from trainers.tasks.images.source import Source, read
from trainers.whitening import IMAGES, whitening_filters

DEFAULT_FOLDER = Path("data")


@dataclass(frozen=True)
class Split:
    """A task's `load`: the set from a folder, split.

    The set's training images are put in an order drawn from the seed, without regard to their classes. The first
    `validation` of them are for validation, the next `train` for training, and the rest is not used. The test images
    choose no hyperparameter: they are for a final training on training and validation images together, as in the paper.

    Args:
        source: the image set.
        train, validation: how many images.
        normalize: mean and standard deviation of each channel, on the scale 0..255.
        whiten: the size of the patches, in pixels, that the network's inputs are whitened by (see `whitening`); 0 for
            plain images.
    """

    source: Source
    train: int
    validation: int
    normalize: tuple[tuple[float, ...], tuple[float, ...]]
    whiten: int = 0

    def __call__(self, folder: Path | None, split_seed: int) -> Dataset:
        """The data, uint8 images `[examples, channels, height, width]`; without a folder, from `./data`.

        Where files of training images are missing, the others are split, if they are enough; the data's name then says
        so. Without its test images a set is the same, but nothing can be transferred to it.

        Raises:
            BadInput: they are not there, not whole, or not what was published.
        """
        found = read(self.source, folder or DEFAULT_FOLDER, partly=True)
        x, y = found.images.train_x, found.images.train_y
        used = self.train + self.validation
        if used > len(y):
            absent = f" ({', '.join(found.missing)} missing)" if found.missing else ""
            raise BadInput(f"{found.folder}: {len(y)} training images where {used} are needed{absent}")
        order = torch.from_numpy(np.random.default_rng(split_seed).permutation(len(y)))
        valid_index, train_index = order[: self.validation], order[self.validation : used]
        filters = None
        if self.whiten:
            mean, deviation = (torch.tensor(numbers).view(-1, 1, 1) for numbers in self.normalize)
            filters = whitening_filters((x[train_index[:IMAGES]].float() - mean) / deviation, self.whiten)
        part = "" if used == len(y) else f", {used:,} of its {len(y):,} training images"
        part = "".join(f" without {name}" for name in found.missing) + part
        has_test = len(found.images.test_y) > 0
        return Dataset(
            name=f"{self.source.name}{part}",
            train_x=x[train_index],
            train_y=y[train_index],
            valid_x=x[valid_index],
            valid_y=y[valid_index],
            sha256=found.sha256,
            normalize=self.normalize,
            filters=filters,
            test_x=found.images.test_x if has_test else None,
            test_y=found.images.test_y if has_test else None,
            join=has_test,
            about={"whitened": f"patches of {self.whiten}x{self.whiten} pixels"} if self.whiten else {},
        )
