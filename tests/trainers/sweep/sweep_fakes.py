"""A sweep that trains in no time: its values are a formula of cell and seed, and it keeps a log of what it trained."""

import functools
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from grids.space import Axis, Space
from trainers.blocks.block import Block, Record, Result
from trainers.blocks.saved_state import State
from trainers.blocks.worker import Worker
from trainers.sweep.folder import SweepFolder
from trainers.sweep.merge import merge
from trainers.sweep.sweep import Sweep

SPACE = Space((Axis("alpha", (0.01, 0.1, 1.0, 10.0)), Axis("epsilon", (1e-8, 1e-4, 1.0))))
EPOCHS = 4
ABOUT = {"metric": "fake error", "unit": "", "failure": 90.0, "targets": (0.5,), "optimizer_label": "Adam"}


def sweep(block: int = 5, **other: Any) -> Sweep:
    """12 cells; in blocks of 5 they make 3 shards of 4 cells."""
    identity = {
        "task": "fake",
        "optimizer": "adam",
        "space": SPACE.to_json(),
        "fixed": {"epochs": EPOCHS, "beta1": 0.9},
        "data": {"name": "none", "sha256": "0"},
    }
    return Sweep({**identity, **other}, block)


def blocks(sweep: Sweep, seeds: Iterable[int]) -> list[Block]:
    return [sweep.block_of(shard) for shard in sweep.shards(seeds)]


@dataclass
class FakeState:
    epoch: int
    content: bytes
    lasting: bool = True

    def keeping(self) -> Callable[[], bytes]:
        return lambda: self.content


@dataclass
class FakeTrainer:
    """Trains by formula, epoch by epoch; its state is a running sum, so that a wrong resume shows in the values."""

    log: Path | None = None
    epoch_seconds: float = 0.0
    began: list[tuple[str, int]] = field(default_factory=list)
    epochs: int = EPOCHS
    keeps_state: bool = False

    def __call__(self, block: Block, state: bytes | None, on_epoch: Callable[[State], None]) -> Result:
        hyper = block.hyper
        first, curve = 0, np.zeros((block.cells, EPOCHS), np.float32)
        if state is not None:
            first, curve = state[0], np.frombuffer(state[1:], np.float32).reshape(curve.shape).copy()
        self.began.append((block.name, first))
        if self.log is not None:
            with self.log.open("a") as file:
                file.write(f"{block.name}\n")
        for epoch in range(first, EPOCHS):
            time.sleep(self.epoch_seconds)
            before = curve[:, epoch - 1] if epoch else np.float32(0)
            curve[:, epoch] = before + np.log10(hyper["alpha"]) ** 2 + block.seeds + hyper["epsilon"] / (epoch + 1)
            on_epoch(FakeState(epoch + 1, bytes([epoch + 1]) + curve.tobytes()))
        diverged = hyper["alpha"] > 5
        value = np.where(diverged, 90.0, curve[:, -1]).astype(np.float64)
        numbers = {"double": np.where(diverged, np.nan, 2 * value)}
        return Result(value, diverged, curve, np.where(diverged, np.nan, value), numbers)

    def record(self) -> Record:
        return Record("fake", 1000, {"fake": "1"})


def main(out: str, log: str, epoch_seconds: str) -> None:
    """One worker process on a folder: two seeds, until all is there; then it merges."""
    folder = SweepFolder.of(Path(out), "fake", "adam")
    one = folder.adopt(sweep(), 2, None, False)
    trainer = FakeTrainer(Path(log), float(epoch_seconds))
    pause = functools.partial(time.sleep, 0.02)
    Worker(folder.store(one), trainer, save_every=0.0, pause=pause).run(blocks(one, range(2)))
    merge(folder, one, range(2), "test", print, ABOUT)


if __name__ == "__main__":
    main(*sys.argv[1:])
