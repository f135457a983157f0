"""A data set as tasks load it: inputs and targets for training, for validation, and for the test after tuning."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor


@dataclass(frozen=True)
class Dataset:
    """A split data set, whole in memory. Inputs and targets have the example first, and any type and shape.

    Args:
        name: the data set's name.
        train_x: inputs `[examples, ...]`. Floats are ready for the network (already normalised) and are computed with
            in its precision; uint8 images `[examples, channels, height, width]` become floats where `normalize` says
            how; other whole numbers (symbols for an embedding) stay as they are.
        train_y: targets `[examples, ...]`: classes int64, or numbers.
        valid_x, valid_y: the same for validation.
        sha256: digest of the source data, lower-case hex.
        normalize: (mean, std) for each channel, on the scale 0..255; None where the inputs are as the network takes
            them.
        filters: fixed filters `[filters, channels, size, size]`, for normalised images: a network takes what these and
            their negatives make of an image, rectified (see `data.whitening`); None where it takes the image.
        test_x, test_y: the same for a test set, where there is one. Nothing but `tunecost transfer` reads them, once,
            at the end; no surface is ever made from them.
        join: whether a final training, judged by the test set, takes the validation examples too.
        folds: where there is no test set: a final training is judged by cross-validation over all examples in so many
            folds; 0 where that is not wanted either.
        kinds: of symbols, of a text: one more than the largest number that may occur; None to look for it.
        about: further facts about the data for a surface's header, as JSON; part of a sweep's identity.
    """

    name: str
    train_x: Tensor
    train_y: Tensor
    valid_x: Tensor
    valid_y: Tensor
    sha256: str
    normalize: tuple[tuple[float, ...], tuple[float, ...]] | None = None
    filters: Tensor | None = None
    test_x: Tensor | None = None
    test_y: Tensor | None = None
    join: bool = False
    folds: int = 0
    kinds: int | None = None
    about: Mapping[str, Any] = field(default_factory=dict)
