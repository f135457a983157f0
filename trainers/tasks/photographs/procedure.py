"""Supervised learning on photographs that are read from files while training, one cell after another."""

import math
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from grids.errors import BadInput
from trainers.engine.one_by_one import OneByOne
from trainers.engine.stack import TensorLayout, initial
from trainers.order import batches, photo_generator
from trainers.procedures.base import Outcome
from trainers.procedures.supervised import State, Supervised
from trainers.rules.base import Rule
from trainers.task import Dataset, Task
from trainers.tasks.photographs.folder import Photographs
from trainers.tasks.photographs.photos import SIZE, Broken, for_judging, for_training, read

AHEAD = 3
"""Batches that are read while others are computed with."""


class FromFiles(Supervised):
    """Cells one after another; images are decoded by threads, ahead of the steps that need them.

    An image's augmentation follows from the seed, the epoch and the image alone, so neither the number of threads nor
    a resume changes it.
    """

    reads_files = True
    data: Photographs

    def prepare(self, data: Dataset) -> None:
        """See `Supervised`; the files are read later."""
        assert isinstance(data, Photographs)
        self.task = _in_parts(self.task, data)
        super().prepare(data)
        self.data = data
        self._checked = not data.skip_broken
        self.threads = ThreadPoolExecutor()
        self.recordable = False

    def start(self, seeds: Tensor) -> State:
        """See `Procedure`."""
        network, params, buffers = initial(self.task.network, seeds, self.device, self.dtype)
        self.stacked = OneByOne(network)
        return State(params, buffers, self.rule.init(params, TensorLayout(network).shapes))

    @torch.no_grad()
    def evaluate(self, state: State) -> Outcome:
        """See `Procedure`."""
        if not self._checked:  # of validation images, those that cannot be read are left out
            whole = torch.tensor(list(self.threads.map(self._is_whole, self.valid_x.tolist())), device=self.device)
            self.valid_x, self.valid_y = self.valid_x[whole], self.valid_y[whole]
            self._checked = True
        return super().evaluate(state)

    def _is_whole(self, place: int) -> bool:
        try:
            read(Path(self.data.files[place]))
        except Broken:
            return False
        return True

    def inputs(self, examples: Tensor) -> Tensor:
        """Validation images from the numbers of their files: `[batch, 3, 224, 224]`."""
        return self._read([int(place) for place in examples], lambda pixels, place: for_judging(pixels))

    def batches_of(self, seeds: Tensor, epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
        distinct, place = torch.unique(seeds, return_inverse=True)
        place = place.to(self.device)
        orders = [batches(len(self.train_x), self.task.batch_size, int(seed), epoch) for seed in distinct]

        def begin(step: tuple[Tensor, ...]) -> list[tuple[list[Future[tuple[Tensor, int]]], Tensor]]:
            return [
                (self._begin(self.train_x[batch].tolist(), self._augment(int(seed), epoch)), batch)
                for seed, batch in zip(distinct, step, strict=True)
            ]

        waiting = deque[list[tuple[list[Future[tuple[Tensor, int]]], Tensor]]]()
        steps = iter(zip(*orders, strict=True))
        for step in steps:
            waiting.append(begin(step))
            if len(waiting) > AHEAD:
                yield self._stacked(waiting.popleft(), place)
        while waiting:
            yield self._stacked(waiting.popleft(), place)

    def _augment(self, seed: int, epoch: int) -> Callable[[np.ndarray, int], Tensor]:
        return lambda pixels, place: for_training(pixels, photo_generator(seed, epoch, place))

    def _stacked(
        self, begun: list[tuple[list[Future[tuple[Tensor, int]]], Tensor]], place: Tensor
    ) -> tuple[Tensor, Tensor]:
        pairs = []
        for futures, batch in begun:
            found = [future.result() for future in futures]
            images = torch.stack([image for image, _ in found]).to(self.device, self.dtype)
            pairs.append((images, self._targets([shown for _, shown in found], batch)))
        if len(pairs) == 1:
            return pairs[0][0].unsqueeze(0), pairs[0][1].unsqueeze(0)
        return torch.stack([x for x, _ in pairs])[place], torch.stack([y for _, y in pairs])[place]

    def _targets(self, shown: list[int], batch: Tensor) -> Tensor:
        """The classes of the files that were read, some of them in place of broken ones."""
        asked = self.train_x[batch].tolist()
        targets = self.train_y[batch].clone()
        where = {int(file): at for at, file in enumerate(self.train_x.tolist())} if shown != asked else {}
        for at, (file, wanted) in enumerate(zip(shown, asked, strict=True)):
            if file != wanted:
                targets[at] = self.train_y[where[file]]
        return targets

    def _begin(
        self, places: list[int], change: Callable[[np.ndarray, int], Tensor]
    ) -> list[Future[tuple[Tensor, int]]]:
        return [self.threads.submit(self._one, place, change) for place in places]

    def _one(self, place: int, change: Callable[[np.ndarray, int], Tensor]) -> tuple[Tensor, int]:
        """The image of a file, or of the next that can be read of the training set, where that is asked for."""
        order = [place]
        if self.data.skip_broken and place < len(self.train_x):
            order += [(place + k) % len(self.train_x) for k in range(1, len(self.train_x))]
        for at, other in enumerate(order):
            try:
                return change(read(Path(self.data.files[other])), other), other
            except Broken:
                if at == len(order) - 1:
                    raise
        raise AssertionError

    def _read(self, places: list[int], change: Callable[[np.ndarray, int], Tensor]) -> Tensor:
        found = [future.result()[0] for future in self._begin(places, change)]
        return torch.stack(found).to(self.device, self.dtype)

    @classmethod
    def backends_on_gpu(cls, task: Task, data: Dataset) -> tuple[str | None, ...]:
        """See `Procedure`."""
        return (None,)

    @classmethod
    def check_backend(cls, task: Task, data: Dataset, device: torch.device, backend: str) -> None:
        """See `Procedure`."""
        raise BadInput(f"task '{task.name}' trains its cells one after another; it has no other backend")

    @classmethod
    def bytes_of_cell(cls, task: Task, data: Dataset, rule: Rule, precision: torch.dtype) -> int:
        """See `Supervised`: as for images in memory."""
        shaped = replace(data, train_x=torch.empty(1, 3, SIZE, SIZE, device="meta"))
        return super().bytes_of_cell(_in_parts(task, data), shaped, rule, precision)


def _in_parts(task: Task, data: Dataset) -> Task:
    """The task with batches so small that even a small folder fills four of them."""
    fit = len(data.train_y) // 4
    return task if fit >= task.batch_size else replace(task, batch_size=2 ** int(math.log2(max(fit, 1))))
