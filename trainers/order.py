"""Every random draw of training, from `(seed, epoch)` alone: the same for all cells, workers, orders and resumes."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor

_ORDER, _AUGMENT, _NETWORK = 0, 1, 2  # what a stream is for: the last number of its key


def _stream(seed: int, epoch: int, purpose: int) -> np.random.SeedSequence:
    return np.random.SeedSequence(entropy=seed, spawn_key=(epoch, purpose))


def batches(examples: int, batch_size: int, seed: int, epoch: int) -> Tensor:
    """The examples of each step of an epoch, int64 `[steps, batch_size]`; the last, smaller batch is dropped.

    Drawn by numpy, so that it is the same on every device and with every version of torch.

    >>> batches(5, 2, seed=0, epoch=0).shape
    torch.Size([2, 2])
    """
    steps = examples // batch_size
    order = np.random.default_rng(_stream(seed, epoch, _ORDER)).permutation(examples)
    return torch.from_numpy(order[: steps * batch_size].reshape(steps, batch_size))


def augment_generator(seed: int, epoch: int, device: torch.device) -> torch.Generator:
    """The generator of one epoch's augmentation, on the device where it happens."""
    return torch.Generator(device=device).manual_seed(_word(seed, epoch, _AUGMENT))


@contextmanager
def network_draws(seed: int, epoch: int, device: torch.device) -> Iterator[None]:
    """Within the body, what a network itself draws (dropout) follows from `(seed, epoch)`.

    Such layers draw from torch's global generators, which are as before afterwards.
    """
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(_word(seed, epoch, _NETWORK))
        yield


def _word(seed: int, epoch: int, purpose: int) -> int:
    return int(_stream(seed, epoch, purpose).generate_state(1, np.uint64)[0] >> np.uint64(1))
