"""A training step recorded as a CUDA graph: many small kernels take longer to launch than to run."""

import warnings
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.utils import _pytree as pytree

Step = Callable[[Any, Any, Tensor, Mapping[str, Tensor]], tuple[Any, Tensor]]

WARM_UPS = 3
"""Steps before the recording: in the first ones, libraries choose their kernels and allocate their workspaces."""


class RecordedStep:
    """A recorded step for one number of cells, with all that it reads and writes at fixed addresses.

    Args:
        step: `step(state, inputs, targets, hyper)` gives the next state and the losses `[cells]`. It must not wait
            for the device, and must launch the same kernels each time. It may write into the state it is given.
        state, inputs, targets, hyper: with the shapes to record. State and inputs are pytrees of tensors. The state's
            memory becomes that of the recording, which changes it from then on; the others are copied.

    Raises:
        RuntimeError: the step cannot be recorded.
    """

    def __init__(self, step: Step, state: Any, inputs: Any, targets: Tensor, hyper: Mapping[str, Tensor]) -> None:
        self.cells = len(next(iter(hyper.values())))
        device = targets.device
        self._inputs, self._targets = pytree.tree_map(torch.clone, inputs), targets.clone()
        self._hyper = {name: value.clone() for name, value in hyper.items()}
        self._total = torch.zeros(self.cells, dtype=torch.float64, device=device)
        self.state = pytree.tree_map(torch.clone, state)
        current = torch.cuda.current_stream(device)
        side = torch.cuda.Stream(device)
        side.wait_stream(current)
        with torch.cuda.stream(side):
            for _ in range(WARM_UPS):
                self._once(step)
        current.wait_stream(side)
        self.state = _apart(state)
        self._graph = torch.cuda.CUDAGraph()
        try:
            with torch.cuda.graph(self._graph):
                self._once(step)
        except BaseException:
            torch.cuda.set_stream(current)  # a recording that fails may leave its own stream as the current one
            raise

    def _once(self, step: Step) -> None:
        # The step is handed in, not kept: a recording that its own step's owner holds would be a cycle, and its memory
        # would wait for the garbage collector while the next block is measured.
        state, losses = step(self.state, self._inputs, self._targets, self._hyper)
        copy_tree(state, self.state)
        self._total += losses

    def begin(self, state: Any, hyper: Mapping[str, Tensor]) -> None:
        """Begin with this state and these hyperparameters, and set the sum of losses to zero.

        A state that `end` gave, or the one that was recorded with, is in its place already.
        """
        copy_tree(state, self.state)
        self.set_hyper(hyper)
        self._total.zero_()

    def set_hyper(self, hyper: Mapping[str, Tensor]) -> None:
        """Use these hyperparameters from the next step on."""
        copy_tree(dict(hyper), self._hyper)

    def __call__(self, inputs: Any, targets: Tensor) -> None:
        """One step."""
        copy_tree(inputs, self._inputs)
        self._targets.copy_(targets)
        self._graph.replay()

    def end(self) -> tuple[Any, Tensor]:
        """The state reached, which the next step changes, and each cell's sum of losses, float64 `[cells]`."""
        return self.state, self._total.clone()


def record(step: Step, state: Any, inputs: Any, targets: Tensor, hyper: Mapping[str, Tensor]) -> RecordedStep | None:
    """The step recorded; None, after a warning, where it cannot be recorded.

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


def _apart(state: Any) -> Any:
    """The state with every tensor in memory of its own: shared memory would be written to twice."""
    seen: set[int] = set()

    def own(tensor: Tensor) -> Tensor:
        if _memory(tensor) in seen or not tensor.is_contiguous():
            tensor = tensor.clone(memory_format=torch.contiguous_format)
        seen.add(_memory(tensor))
        return tensor

    return pytree.tree_map(own, state)


def copy_tree(source: Any, target: Any) -> None:
    """Copy a state's tensors into those of another, some of which may be the same tensors in other places."""
    pairs = zip(pytree.tree_leaves(source), pytree.tree_leaves(target), strict=True)
    left = [(new, old) for new, old in pairs if new is not old]
    while left:
        read = Counter(_memory(new) for new, _ in left)
        free = (k for k, (new, old) in enumerate(left) if read[_memory(old)] == (_memory(old) == _memory(new)))
        at = next(free, None)
        if at is None:  # they form a cycle, which one copy breaks
            left[0] = (left[0][0].clone(), left[0][1])
        else:
            new, old = left.pop(at)
            old.copy_(new)


def _memory(tensor: Tensor) -> int:
    return int(tensor.untyped_storage()._cdata)
