"""The result of a block of cells, and the snapshot from which its training continues."""

import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor


class BlockResult(NamedTuple):
    """The outcome of every cell of a block.

    Args:
        value: the metric after the last epoch, float64 `[cells]`; its failure value where diverged.
        diverged: bool `[cells]`.
        curve: the metric after each epoch, float32 `[cells, epochs]`; its failure value from the epoch in which a
            cell diverged.
        train_loss: mean training loss of the last epoch, float64 `[cells]`; NaN where diverged.
        numbers: further numbers at the end of the training by name, float64 `[cells]`; NaN where diverged.
    """

    value: np.ndarray
    diverged: np.ndarray
    curve: np.ndarray
    train_loss: np.ndarray
    numbers: dict[str, np.ndarray]


@dataclass(frozen=True)
class Snapshot:
    """A block between two epochs: continuing from here gives what never stopping gives.

    Args:
        epoch: epochs done.
        alive: numbers of the cells that the state still holds, int64 `[held]` (see `trainers.engine.sizes`).
        state: every tensor of the procedure's state, in order. Of a block on a GPU, whose state it is, good until the
            next epoch begins.
        diverged: bool `[cells]`.
        curve: float64 `[cells, epochs]`, filled up to `epoch`.
        train_loss: float64 `[cells]`, of the epoch just done.
        seconds: each cell's share of the time that its block took up to `epoch`, float64 `[cells]`: an epoch's time is
            divided among the cells that have not diverged. None in snapshots from before it was measured. It differs
            from run to run, which a `BlockResult` does not.
    """

    epoch: int
    alive: Tensor
    state: list[Tensor]
    diverged: Tensor
    curve: Tensor
    train_loss: Tensor
    seconds: Tensor | None = None

    @property
    def lasting(self) -> bool:
        """Whether the state is a copy, rather than the one that a block is training."""
        return all(tensor.device.type == "cpu" for tensor in self.state)

    def keeping(self) -> Callable[[], bytes]:
        """Begin to copy the state from its device without waiting; the returned function waits, and gives `to_bytes`.

        The device finishes the copy before it begins any work that it is given after this call.
        """
        if self.lasting:
            return self.to_bytes
        copies = [_begin_copy(tensor) for tensor in self.state]
        copied = torch.cuda.Event()
        copied.record()

        def finish() -> bytes:
            copied.synchronize()
            return replace(self, state=copies).to_bytes()

        return finish

    def to_bytes(self) -> bytes:
        """The snapshot as bytes, which `from_bytes` reads without running any code."""
        buffer = io.BytesIO()
        torch.save({**vars(self), "state": [tensor.cpu() for tensor in self.state]}, buffer)
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> "Snapshot":
        """The inverse."""
        return cls(**torch.load(io.BytesIO(content), weights_only=True))


def _begin_copy(tensor: Tensor) -> Tensor:
    """A copy in pinned memory, which a device writes to while the program goes on."""
    if tensor.device.type == "cpu":
        return tensor.clone()
    return torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True).copy_(tensor, non_blocking=True)
