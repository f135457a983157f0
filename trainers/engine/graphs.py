"""A training step whose launches a GPU has recorded: for many small kernels, launching costs more than running."""

import warnings
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.utils import _pytree as pytree

Step = Callable[[Any, Any, Tensor, Mapping[str, Tensor]], tuple[Any, Tensor]]

WARM_UPS = 3
"""Steps before recording: libraries choose their kernels and allocate their workspaces in the first ones."""


class RecordedStep:
    """The step for one number of cells, with all that it reads and writes at fixed addresses.

    Args:
        step: `step(state, inputs, targets, hyper)` gives the next state and the losses `[cells]`. It must not wait
            for the device, and must launch the same kernels each time.
        state, inputs, targets, hyper: examples with the shapes to record; none of them is changed. State and inputs
            are pytrees of tensors.

    Raises:
        RuntimeError: the step cannot be recorded.
    """

    def __init__(self, step: Step, state: Any, inputs: Any, targets: Tensor, hyper: Mapping[str, Tensor]) -> None:
        self.cells = len(next(iter(hyper.values())))
        self._state, self._inputs = pytree.tree_map(torch.clone, state), pytree.tree_map(torch.clone, inputs)
        self._targets = targets.clone()
        self._hyper = {name: value.clone() for name, value in hyper.items()}
        self._total = torch.zeros(self.cells, dtype=torch.float64, device=targets.device)
        side = torch.cuda.Stream(targets.device)
        side.wait_stream(torch.cuda.current_stream(targets.device))
        with torch.cuda.stream(side):
            for _ in range(WARM_UPS):
                self._once(step)
        torch.cuda.current_stream(targets.device).wait_stream(side)
        self._graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self._graph):
            self._once(step)

    def _once(self, step: Step) -> None:
        # The step is handed in, not kept: a recording that its own step's owner holds would be a cycle, and its memory
        # would wait for the garbage collector while the next block is measured.
        state, losses = step(self._state, self._inputs, self._targets, self._hyper)
        _copy(state, self._state)
        self._total += losses

    def begin(self, state: Any, hyper: Mapping[str, Tensor]) -> None:
        """Take this state and these hyperparameters, and forget the losses so far."""
        _copy(state, self._state)
        self.set_hyper(hyper)
        self._total.zero_()

    def set_hyper(self, hyper: Mapping[str, Tensor]) -> None:
        """Take these hyperparameters from the next step on."""
        _copy(dict(hyper), self._hyper)

    def __call__(self, inputs: Any, targets: Tensor) -> None:
        """One step."""
        _copy(inputs, self._inputs)
        self._targets.copy_(targets)
        self._graph.replay()

    def end(self) -> tuple[Any, Tensor]:
        """The state reached, and each cell's sum of losses, float64 `[cells]`."""
        return pytree.tree_map(torch.clone, self._state), self._total.clone()


def record(step: Step, state: Any, inputs: Any, targets: Tensor, hyper: Mapping[str, Tensor]) -> RecordedStep | None:
    """The step recorded, or None where that cannot be done (it then runs launch by launch).

    Raises:
        torch.OutOfMemoryError: there is no room for a recording.
    """
    try:
        return RecordedStep(step, state, inputs, targets, hyper)
    except torch.OutOfMemoryError:
        raise
    except RuntimeError as error:
        reason = str(error).strip().partition("\n")[0]
        warnings.warn(f"the training step runs without a CUDA graph: {reason}", stacklevel=2)
        torch.cuda.synchronize(targets.device)
        return None


def _copy(source: Any, target: Any) -> None:
    for new, old in zip(pytree.tree_leaves(source), pytree.tree_leaves(target), strict=True):
        if new is not old:
            old.copy_(new)
