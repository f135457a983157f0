"""Every random draw of training, from `(seed, epoch)` alone: the same for all cells, workers, orders and resumes."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import numpy as np
import torch
from torch import Tensor

_ORDER, _AUGMENT, _NETWORK, _LATENT = 0, 1, 2, 3  # what a stream is for: the last number of its key


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


def endless_batches(examples: int, batch_size: int, seed: int, first: int, count: int) -> Tensor:
    """Batches `first` to `first + count - 1` of a stream of passes over the examples, int64 `[count, batch_size]`.

    Each pass is in an order of its own, that of `batches` for an epoch of its number.

    >>> endless_batches(5, 2, seed=0, first=1, count=3).shape
    torch.Size([3, 2])
    """
    each = examples // batch_size
    passes = range(first // each, (first + count - 1) // each + 1)
    stream = torch.cat([batches(examples, batch_size, seed, number) for number in passes])
    return stream[first - passes.start * each :][:count]


def latent_generator(seed: int, epoch: int, device: torch.device) -> torch.Generator:
    """The generator of an epoch's latent vectors, on the device where they are used."""
    return torch.Generator(device=device).manual_seed(_word(seed, epoch, _LATENT))


def augment_generator(seed: int, epoch: int, device: torch.device) -> torch.Generator:
    """The generator of one epoch's augmentation, on the device where it happens."""
    return torch.Generator(device=device).manual_seed(_word(seed, epoch, _AUGMENT))


def photo_generator(seed: int, epoch: int, place: int) -> np.random.Generator:
    """The generator of one photograph's augmentation, the same whichever thread reads it."""
    return np.random.default_rng(np.random.SeedSequence(entropy=seed, spawn_key=(epoch, _AUGMENT, place)))


def segment_generator(seed: int, epoch: int, segment: int, device: torch.device) -> torch.Generator:
    """The generator of what a network drops in one segment of a text, on the device where it happens."""
    stream = np.random.SeedSequence(entropy=seed, spawn_key=(epoch, _NETWORK, segment))
    return torch.Generator(device=device).manual_seed(_first_word(stream))


def segment_lengths(symbols: int, usual: int, epoch: int) -> list[int]:
    """Random lengths of an epoch's segments, which together are `symbols` long; as the text, the same for every seed.

    As salesforce/awd-lstm-lm draws them: from a normal distribution of deviation 5 around `usual`, with probability
    0.05 around half of it, each at least 5; the last one is what is left.

    >>> sum(segment_lengths(1000, 50, epoch=0))
    1000
    """
    rng = np.random.default_rng(_stream(0, epoch, _ORDER))
    found: list[int] = []
    left = symbols
    while left > 0:
        mean = usual if rng.random() < 0.95 else usual / 2
        found.append(min(max(5, int(rng.normal(mean, 5))), left))
        left -= found[-1]
    return found


class NetworkDraws:
    """The random numbers that networks themselves draw in training (dropout), from `(seed, epoch)` alone.

    Such layers draw from torch's global generators. Cells of one seed run together and draw the same. Where a block
    has cells of several seeds and its network does draw, each seed's cells run by themselves, with generators that go
    on from step to step as they would in a block of that seed.
    """

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.apart = False
        """Whether each seed's cells must run by themselves in the epoch under way."""
        self._cells: list[Tensor] = []
        self._states: list[Tensor] = []

    def happen(self, run: Callable[[], object]) -> bool:
        """Whether `run` draws from the global generators, which are as before afterwards."""
        with self._forked():
            before = self._state()
            run()
            return not torch.equal(before, self._state())

    @contextmanager
    def of_epoch(self, seeds: Tensor, epoch: int, draws: bool) -> Iterator[None]:
        """Within the body, draws are those of the epoch; the global generators are as before afterwards.

        Args:
            seeds: of the cells, int64 `[cells]`.
            epoch: counted from 0.
            draws: whether the network draws at all.
        """
        distinct, place = torch.unique(seeds, return_inverse=True)
        self.apart = draws and len(distinct) > 1
        self._cells = [(place == k).nonzero().squeeze(1).to(self.device) for k in range(len(distinct))]
        with self._forked():
            drawn = distinct if self.apart else distinct[:1]  # of several seeds that draw nothing, none is needed
            self._states = [self._state_of(int(seed), epoch) for seed in drawn]
            self._set_state(self._states[0])
            yield

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Within the body, draws are those that would come next; afterwards as if none of them had been made."""
        before = self._state()
        try:
            yield
        finally:
            self._set_state(before)

    def for_each_seed(self, run: Callable[[Tensor | None], Tensor]) -> Tensor:
        """`run(None)` for all cells at once, or `run(cells)` for each seed's; the results in the order of the cells."""
        if not self.apart:
            return run(None)
        parts = []
        for k, cells in enumerate(self._cells):
            self._set_state(self._states[k])
            parts.append(run(cells))
            self._states[k] = self._state()
        return torch.cat(parts)[torch.cat(self._cells).argsort()]

    def _forked(self) -> AbstractContextManager[None]:
        return torch.random.fork_rng(devices=[self.device] if self.device.type == "cuda" else [])

    def _state_of(self, seed: int, epoch: int) -> Tensor:
        torch.manual_seed(_word(seed, epoch, _NETWORK))
        return self._state()

    def _state(self) -> Tensor:
        return torch.cuda.get_rng_state(self.device) if self.device.type == "cuda" else torch.get_rng_state()

    def _set_state(self, state: Tensor) -> None:
        if self.device.type == "cuda":
            torch.cuda.set_rng_state(state, self.device)
        else:
            torch.set_rng_state(state)


def _word(seed: int, epoch: int, purpose: int) -> int:
    return _first_word(_stream(seed, epoch, purpose))


def _first_word(stream: np.random.SeedSequence) -> int:
    return int(stream.generate_state(1, np.uint64)[0] >> np.uint64(1))
