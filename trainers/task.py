"""What is trained in a cell: a data set, a network and a schedule."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True)
class Dataset:
    """A split data set, whole in memory.

    Args:
        name: the data set's name.
        train_x: inputs `[examples, ...]`, ready for the network (already normalised), float32; or uint8 images
            `[examples, channels, height, width]` where `normalize` says how they become floats.
        train_y: classes `[examples]`, int64.
        valid_x, valid_y: the same for validation.
        sha256: digest of the source data, lower-case hex.
        normalize: (mean, std) for each channel, on the scale 0..255; None where the inputs are floats already.
    """

    name: str
    train_x: Tensor
    train_y: Tensor
    valid_x: Tensor
    valid_y: Tensor
    sha256: str
    normalize: tuple[tuple[float, ...], tuple[float, ...]] | None = None


Augment = Callable[[Tensor, torch.Generator], Tensor]
"""Changes one batch of inputs `[batch, ...]`; every random draw comes from the generator."""


@dataclass(frozen=True)
class Task:
    """Dataset + network + schedule. Every number here is a default that an option may replace.

    Args:
        name: what users type.
        summary: one line for `tunecost grid tasks`.
        network: makes a plain module, freshly initialised from torch's global generator (the engine seeds it).
        load: `load(folder, split_seed)` gives the data; `folder` is the user's `--data`, ignored where not needed.
        classes: number of classes; guessing has an error of 100 − 100/classes %.
        epochs, batch_size: the schedule's length, and examples a step (a last, smaller batch is dropped).
        milestones: fractions of the epochs after which α is multiplied by `factor`.
        weight_decay: default of the rules' hyperparameter of that name.
        augment: per-batch augmentation, the same for all cells.
        loss: mean loss from outputs `[batch, classes]` and classes `[batch]`.
        needs_data: whether `--data` must hold files.
    """

    name: str
    summary: str
    network: Callable[[], nn.Module]
    load: Callable[[Path | None, int], Dataset]
    classes: int
    epochs: int
    batch_size: int
    milestones: tuple[float, ...] = (0.3, 0.6, 0.8)
    factor: float = 0.2
    weight_decay: float = 5e-4
    augment: Augment | None = None
    loss: Callable[[Tensor, Tensor], Tensor] = field(default=functional.cross_entropy)
    needs_data: bool = False

    @property
    def guessing(self) -> float:
        """The error of guessing, in %: what a diverged run is worth."""
        return 100.0 - 100.0 / self.classes
