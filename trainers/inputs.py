"""Convert a data set's examples to a network's inputs: type, normalisation, fixed filters."""

import torch
from torch import Tensor

from trainers.dataset import Dataset
from trainers.whitening import responses


class Inputs:
    """Turns examples of one data set into inputs: floats in the precision of arithmetic, normalised; symbols as given.

    Args:
        data: whose `normalize` and `filters` say how.
        device, dtype: where the examples lie, and the precision.
    """

    def __init__(self, data: Dataset, device: torch.device, dtype: torch.dtype) -> None:
        self.dtype = dtype
        self._scale: tuple[Tensor, Tensor] | None = None
        if data.normalize is not None:
            mean, deviation = (torch.tensor(numbers, dtype=dtype, device=device) for numbers in data.normalize)
            self._scale = mean.view(-1, 1, 1), deviation.view(-1, 1, 1)
        self._filters = None if data.filters is None else data.filters.to(device=device, dtype=dtype)

    def __call__(self, examples: Tensor) -> Tensor:
        """Inputs `[examples, ...]`."""
        if self._scale is not None:
            examples = (examples.to(self.dtype) - self._scale[0]) / self._scale[1]
        elif examples.is_floating_point():
            examples = examples.to(self.dtype)
        return examples if self._filters is None else responses(examples, self._filters)
