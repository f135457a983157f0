"""A sweep that trains in no time: its values are a formula of cell and seed, and it keeps a log of what it trained."""

import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from grids.space import Axis, Space
from trainers.sweep import manifest
from trainers.sweep.claims import Pace
from trainers.sweep.layout import Layout
from trainers.sweep.merge import merge
from trainers.sweep.sweep import Shard, Sweep
from trainers.sweep.worker import OnEpoch, Worker

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


class FakeResult(NamedTuple):
    value: np.ndarray
    diverged: np.ndarray
    curve: np.ndarray
    train_loss: np.ndarray
    numbers: dict[str, np.ndarray]


@dataclass
class FakeTrainer:
    """Trains by formula, epoch by epoch; its state is a running sum, so that a wrong resume shows in the values."""

    sweep: Sweep
    log: Path | None = None
    epoch_seconds: float = 0.0
    began: list[tuple[str, int]] = field(default_factory=list)

    def __call__(self, shard: Shard, state: bytes | None, on_epoch: OnEpoch) -> FakeResult:
        hyper = self.sweep.hyper(shard)
        first, curve = 0, np.zeros((shard.cells, EPOCHS), np.float32)
        if state is not None:
            first, curve = state[0], np.frombuffer(state[1:], np.float32).reshape(curve.shape).copy()
        self.began.append((shard.name, first))
        if self.log is not None:
            with self.log.open("a") as file:
                file.write(f"{shard.name}\n")
        for epoch in range(first, EPOCHS):
            time.sleep(self.epoch_seconds)
            before = curve[:, epoch - 1] if epoch else np.float32(0)
            curve[:, epoch] = before + np.log10(hyper["alpha"]) ** 2 + shard.seed + hyper["epsilon"] / (epoch + 1)
            on_epoch(epoch + 1, lambda done=epoch + 1: lambda: bytes([done]) + curve.tobytes())
        diverged = hyper["alpha"] > 5
        value = np.where(diverged, 90.0, curve[:, -1]).astype(np.float64)
        numbers = {"double": np.where(diverged, np.nan, 2 * value)}
        return FakeResult(value, diverged, curve, np.where(diverged, np.nan, value), numbers)

    def record(self) -> dict[str, Any]:
        return {"device": "fake", "memory": 1000, "software": {"fake": "1"}}


def main(out: str, log: str, epoch_seconds: str) -> None:
    """One worker process on a folder: two seeds, until all is there; then it merges."""
    layout, one = Layout.of(Path(out), "fake", "adam"), sweep()
    one = manifest.adopt(layout, one, 2, None, False)
    trainer = FakeTrainer(one, Path(log), float(epoch_seconds))
    pace = Pace(heartbeat=0.2, stale=60.0, poll=0.02)
    Worker(layout, one, trainer, pace=pace, save_every=0.0).run(one.shards(range(2)))
    merge(layout, one, range(2), "test", print, pace, ABOUT)


if __name__ == "__main__":
    main(*sys.argv[1:])
