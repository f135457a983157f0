"""Trains settings × seeds on every fold, in blocks that are kept after each minute, so that a run can go on."""

import hashlib
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from grids.errors import BadInput
from trainers.data.folder import Photographs
from trainers.dataset import Dataset
from trainers.device import pick
from trainers.engine import Snapshot, judge_block, train_block
from trainers.job import SPLIT_SEED, Job
from trainers.processes import helping
from trainers.rules.base import Rule
from trainers.saved_state import KIND, SavedState
from trainers.task import Task
from trainers.transfer.final import Fold, final_folds

Run = tuple[int, int]
"""A setting's number, and a seed."""
Say = Callable[[str], None]


@dataclass(frozen=True)
class Unit:
    """What is trained together: some runs on one fold's data."""

    fold: int
    runs: tuple[Run, ...]


@dataclass(frozen=True)
class Training:
    """Settings of one optimizer, each with the same seeds, on one task. Picklable, for worker processes.

    Args:
        task_text, optimizer, epochs, device_name, data_folder: as in a sweep's job.
        hyper: hyperparameters of each setting.
        seeds: 0 to n − 1.
        final: train on what a final training may take and judge by the test set (or by folds); otherwise as a sweep
            does, by the validation set.
        folder: where unfinished blocks are kept.
        skip_broken: leave out photographs that cannot be read.
    """

    task_text: str
    optimizer: str
    hyper: tuple[dict[str, float], ...]
    seeds: int
    epochs: int | None
    device_name: str
    data_folder: Path | None
    final: bool
    folder: Path
    skip_broken: bool = False

    @cached_property
    def job(self) -> Job:
        """The sweep's job of the same task and optimizer, which knows how to load and check them."""
        return Job(
            self.task_text,
            self.optimizer,
            epochs=self.epochs,
            device_name=self.device_name,
            data_folder=self.data_folder,
        )

    @cached_property
    def data(self) -> Dataset:
        """What the task loads.

        Raises:
            BadInput: as its `load`; or broken photographs are to be skipped where there are none.
        """
        data = self.job.data
        if not self.skip_broken:
            return data
        if not isinstance(data, Photographs):
            raise BadInput(f"--broken skip is for folders of photographs; '{data.name}' has none")
        return replace(data, skip_broken=True)

    @property
    def task(self) -> Task:
        return self.job.task

    @property
    def rule(self) -> Rule:
        return self.job.rule

    @cached_property
    def folds(self) -> tuple[Fold, ...]:
        if self.final:
            return final_folds(self.data, SPLIT_SEED)
        data = self.data
        return (Fold(data, lambda: (data.valid_x, data.valid_y)),)

    def units(self, workers: int) -> list[Unit]:
        """Blocks of equal size: as many as keep all workers busy, and no larger than fits."""
        runs = [(setting, seed) for setting in range(len(self.hyper)) for seed in range(self.seeds)]
        blocks = max(
            math.ceil(len(runs) / self.job.default_block), min(len(runs), math.ceil(workers / len(self.folds)))
        )
        parts = np.array_split(np.arange(len(runs)), blocks)
        return [
            Unit(fold, tuple(runs[at] for at in part)) for fold in range(len(self.folds)) for part in parts if len(part)
        ]

    def identity(self, unit: Unit) -> dict[str, Any]:
        """The training that a saved state must belong to, as JSON."""
        runs = [[self.hyper[setting], seed] for setting, seed in unit.runs]
        more = {"final": self.final, "fold": unit.fold, "runs": runs, "skip_broken": self.skip_broken}
        return {**self.job.identity(None), **more}

    def run(self, workers: int, say: Say, advance: Callable[[int], None]) -> np.ndarray:
        """Train all that is not yet done, then judge it: float64 `[settings, seeds, folds]`, and bool likewise whether
        it diverged, stacked as `[2, settings, seeds, folds]`.

        Args:
            workers: processes.
            say: gets a line where a person should know.
            advance: called with the number of epochs of units that are done.

        Raises:
            BadInput: data, memory or a user's own task or class is not as it must be.
        """
        units = self.units(workers)
        shares = [units[at::workers] for at in range(workers)]
        with helping(train_units, [(replace(self), share) for share in shares[1:] if share]):  # without what is cached
            for unit in shares[0]:
                self.train(unit, say, advance)
        for share in shares[1:]:  # a helper's that was killed is done here
            for unit in share:
                done = self.kept(unit, say)
                if done is None or done.epoch < self.job.all_epochs:
                    self.train(unit, say, lambda epochs: None)
                advance(self.job.all_epochs)
        found = np.empty((2, len(self.hyper), self.seeds, len(self.folds)))
        for number, fold in enumerate(self.folds):
            data = fold.at_the_end()
            for unit in units:
                if unit.fold == number:
                    found[:, *np.array(unit.runs).T, number] = self._judge(unit, data, say)
        return found

    def train(self, unit: Unit, say: Say, advance: Callable[[int], None]) -> None:
        """Train one unit to its end, from where it was kept."""
        kept = self.kept(unit, say)
        done = 0 if kept is None else kept.epoch
        advance(done)
        if done == self.job.all_epochs:
            return
        saved = self._saved(unit, say)

        def on_epoch(snapshot: Snapshot) -> None:
            advance(1)
            saved.after_epoch(snapshot, now=snapshot.epoch == self.job.all_epochs)

        device = pick(self.device_name)
        seeds = np.array([seed for _, seed in unit.runs])
        with self.job.training(len(unit.runs)), saved.when_interrupted():
            train_block(
                self.task,
                self.folds[unit.fold].data,
                self.rule,
                self._hyper(unit),
                seeds,
                epochs=self.job.all_epochs,
                device=device,
                snapshot=kept,
                on_epoch=on_epoch,
            )

    def kept(self, unit: Unit, say: Say) -> Snapshot | None:
        """The unit's state as it was kept; None where there is none that fits."""
        state = self._saved(unit, say).load()
        return None if state is None else Snapshot.from_bytes(state)

    def _saved(self, unit: Unit, say: Say) -> SavedState:
        return SavedState(self._path(unit), self.identity(unit), say)

    def _judge(self, unit: Unit, data: Dataset, say: Say) -> np.ndarray:
        """Values and whether they diverged, `[2, runs]`."""
        kept = self.kept(unit, say)
        if kept is None:
            raise BadInput(f"{self._path(unit)}: gone or altered while it was needed; run this again")
        device = pick(self.device_name)
        seeds = np.array([seed for _, seed in unit.runs])
        with self.job.training(len(unit.runs)):
            value, diverged = judge_block(self.task, data, self.rule, seeds, kept, device=device)
        return np.stack([value, diverged.astype(np.float64)])

    def _path(self, unit: Unit) -> Path:
        digest = hashlib.sha256(json.dumps(self.identity(unit), sort_keys=True).encode()).hexdigest()
        return self.folder / f"fold{unit.fold}-{digest[:16]}.{KIND}"

    def _hyper(self, unit: Unit) -> dict[str, np.ndarray]:
        rows = [self.hyper[setting] for setting, _ in unit.runs]
        hyper = {name: np.array([row[name] for row in rows]) for name in rows[0]} if rows else {}
        for name, value in self.job.told.items():
            hyper.setdefault(name, np.full(len(rows), value))
        return hyper


def train_units(training: Training, units: Sequence[Unit], say: Say) -> None:
    """A worker process's share."""
    for unit in units:
        training.train(unit, say, lambda epochs: None)
