"""Scikit-learn's 1,797 real handwritten digits, 8×8 pixels: tasks that need no download and train in seconds."""

import hashlib
from pathlib import Path

import numpy as np
import torch

from trainers.task import Dataset, Task
from trainers.tasks.images.small import digits_conv, digits_mlp
from trainers.tasks.registry import register

VALIDATION = 500
_MEAN, _DEVIATION = 4.8842, 6.0168  # of all pixels, which lie on 0..16


def shuffled(split_seed: int) -> tuple[np.ndarray, np.ndarray, str]:
    """All digits in an order drawn from the seed, the first 500 for validation, and the digest of the set.

    Returns:
        Pixels float32 `[1797, 64]` from 0 to 16, classes int64 `[1797]`, sha256.
    """
    from sklearn.datasets import load_digits

    pixels, classes = load_digits(return_X_y=True)
    pixels, classes = pixels.astype(np.float32), classes.astype(np.int64)
    order = np.random.default_rng(split_seed).permutation(len(classes))
    digest = hashlib.sha256(pixels.tobytes() + classes.tobytes()).hexdigest()
    return pixels[order], classes[order], digest


def _load(split_seed: int, shape: tuple[int, ...]) -> Dataset:
    pixels, classes, digest = shuffled(split_seed)
    inputs = torch.from_numpy((pixels - np.float32(_MEAN)) / np.float32(_DEVIATION)).reshape(-1, *shape)
    targets = torch.from_numpy(classes)
    return Dataset(
        name="digits",
        train_x=inputs[VALIDATION:],
        train_y=targets[VALIDATION:],
        valid_x=inputs[:VALIDATION],
        valid_y=targets[:VALIDATION],
        sha256=digest,
        folds=5,
    )


def load_flat(folder: Path | None, split_seed: int) -> Dataset:
    """1,297 training and 500 validation digits as `[examples, 64]`; the folder is not needed."""
    return _load(split_seed, (64,))


def load_images(folder: Path | None, split_seed: int) -> Dataset:
    """1,297 training and 500 validation digits as `[examples, 1, 8, 8]`; the folder is not needed."""
    return _load(split_seed, (1, 8, 8))


register(
    Task(
        name="digits-mlp",
        summary="8x8 digits, multilayer perceptron 64-32-32-10 with batch norm, 15 epochs",
        network=digits_mlp,
        load=load_flat,
        classes=10,
        epochs=15,
        batch_size=64,
    )
)

register(
    Task(
        name="digits-conv",
        summary="8x8 digits, three convolutions of 8, 16 and 16 channels with batch norm, 10 epochs",
        network=digits_conv,
        load=load_images,
        classes=10,
        epochs=10,
        batch_size=64,
    )
)
