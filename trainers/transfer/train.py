"""Trainings of settings × seeds on every fold: blocks whose last state is kept, and judged once all are done."""

import hashlib
import json
import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from grids.errors import BadInput
from trainers.blocks import Block, BlockStore, Training, crew, train_blocks
from trainers.blocks.epochs import judge_block
from trainers.blocks.results import Snapshot
from trainers.blocks.worker import saved_state
from trainers.dataset import Dataset
from trainers.job import SPLIT_SEED, Job
from trainers.tasks.photographs.folder import Photographs
from trainers.transfer.final import Fold, final_folds

Say = Callable[[str], None]


@dataclass(frozen=True)
class FoldTraining(Training):
    """Trains a block on its fold's data, and keeps its last state.

    Args:
        final: train on what a final training may take, to be judged by the test set (or by folds); otherwise as a
            sweep does, to be judged by the validation set.
        skip_broken: leave out photographs that cannot be read.
    """

    final: bool = True
    skip_broken: bool = False

    keeps_state = True

    @cached_property
    def loaded(self) -> Dataset:
        """The data that the task loads.

        Raises:
            BadInput: as its `load`; or broken photographs are to be skipped where there are none.
        """
        data = self.job.data
        if not self.skip_broken:
            return data
        if not isinstance(data, Photographs):
            raise BadInput(f"--broken skip is for folders of photographs; '{data.name}' has none")
        return replace(data, skip_broken=True)

    @cached_property
    def folds(self) -> tuple[Fold, ...]:
        data = self.loaded
        if self.final:
            return final_folds(data, SPLIT_SEED)
        return (Fold(data, lambda: (data.valid_x, data.valid_y)),)

    def data(self, block: Block) -> Dataset:
        """See `Training`."""
        return self.folds[block.fold].data


@dataclass(frozen=True)
class Transferring:
    """Settings of one optimizer, each with the same seeds, on one task.

    Args:
        training: of one block.
        hyper: hyperparameters of each setting.
        seeds: 0 to n − 1.
        folder: where blocks are kept.
    """

    training: FoldTraining
    hyper: tuple[dict[str, float], ...]
    seeds: int
    folder: Path

    @property
    def job(self) -> Job:
        return self.training.job

    @cached_property
    def store(self) -> BlockStore:
        """The files of the blocks, whose identity is that of the sweep's job of the same task and optimizer."""
        more = {"final": self.training.final, "skip_broken": self.training.skip_broken}
        return BlockStore(self.folder, {**self.job.identity(None), **more})

    def blocks(self, workers: int) -> list[Block]:
        """Blocks of equal size: as many as keep all workers busy, and no larger than fits."""
        runs = [(setting, seed) for setting in range(len(self.hyper)) for seed in range(self.seeds)]
        folds = len(self.training.folds)
        count = max(math.ceil(len(runs) / self.job.default_block), min(len(runs), math.ceil(workers / folds)))
        parts = [part for part in np.array_split(np.arange(len(runs)), count) if len(part)]
        return [self._block(fold, [runs[at] for at in part]) for fold in range(folds) for part in parts]

    def _block(self, fold: int, runs: list[tuple[int, int]]) -> Block:
        settings, seeds = (np.array(column, np.int64) for column in zip(*runs, strict=True))
        rows = [self.hyper[setting] for setting in settings]
        identity = [self.store.id, fold, rows, seeds.tolist()]
        digest = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()
        hyper = {name: np.array([row[name] for row in rows]) for name in rows[0]}
        return Block(f"fold{fold}-{digest[:16]}", {"setting": settings, "seed": seeds}, hyper, seeds, fold)

    def run(self, workers: int, say: Say, advance: Callable[[int], None]) -> np.ndarray:
        """Train all that is not yet done, then judge it: float64 `[settings, seeds, folds]`, and bool likewise whether
        it diverged, stacked as `[2, settings, seeds, folds]`.

        Args:
            workers: processes.
            say: gets a line where a person should know.
            advance: called with the number of epochs of blocks that are done.

        Raises:
            BadInput: data, memory or a user's own task or class is not as it must be.
        """
        done: Counter[str] = Counter()

        def advance_to(block: Block, epochs: int) -> None:
            advance(epochs - done[block.name])
            done[block.name] = epochs

        epochs = self.training.epochs
        missing = blocks = self.blocks(workers)
        with crew([self.training] * min(workers, len(blocks))) as others:
            while missing:
                train_blocks(
                    missing,
                    self.store,
                    others,
                    say=say,
                    advance=lambda block: advance_to(block, epochs),
                    on_epoch=advance_to,
                )
                missing = [block for block in missing if self._kept(block, say) is None]
                for block in missing:
                    self.store.forget(block)
        found = np.empty((2, len(self.hyper), self.seeds, len(self.training.folds)))
        for number, fold in enumerate(self.training.folds):
            data = fold.at_the_end()
            for block in blocks:
                if block.fold == number:
                    at = block.columns["setting"], block.columns["seed"]
                    found[:, *at, number] = self._judge(block, data, say)
        return found

    def _kept(self, block: Block, say: Say) -> Snapshot | None:
        """A block's last state; None where it is not there, or damaged."""
        state = saved_state(self.store, block, say).load()
        snapshot = None if state is None else Snapshot.from_bytes(state)
        return snapshot if snapshot is not None and snapshot.epoch == self.training.epochs else None

    def _judge(self, block: Block, data: Dataset, say: Say) -> np.ndarray:
        """Values and whether they diverged, `[2, cells]`."""
        kept = self._kept(block, say)
        if kept is None:
            raise BadInput(f"{self.store.state(block.name)}: gone or altered while it was needed; run this again")
        with self.job.training(block.cells):
            judged = judge_block(self.job.task, data, self.job.rule, block.seeds, kept, device=self.job.device)
        return np.stack([judged[0], judged[1].astype(np.float64)])
