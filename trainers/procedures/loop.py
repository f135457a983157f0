"""The steps of an epoch: one after another, or as replays of a recorded step on a GPU."""

from collections.abc import Callable, Iterable
from itertools import chain
from typing import Any

import torch
from torch import Tensor

from trainers.engine.graphs import RecordedStep, record
from trainers.order import NetworkDraws
from trainers.procedures.base import Hyper
from trainers.procedures.update import scheduled
from trainers.rules.base import Rule
from trainers.task import Dataset, Task


class StepLoop:
    """The base class of procedures that take one batch a step.

    A procedure has `step(state, inputs, targets, hyper)`, which gives the next state and each cell's loss `[cells]`,
    and `prepare(data)`, which brings the data to the device.

    Args:
        task, data, rule: what is trained, on what, and how.
        device: where.
        dtype: of arithmetic. With bfloat16, parameters, statistics and the rule stay float32 (autocast).
        epochs: of the whole training, along which the schedule runs.
        backend: the execution backend; None for the default.
    """

    task: Task
    prepare: Callable[[Any], None]
    step: Callable[..., tuple[Any, Tensor]]
    recorded: RecordedStep | None = None
    recordable: bool = True

    def __init__(
        self,
        task: Task,
        data: Dataset,
        rule: Rule,
        device: torch.device,
        dtype: torch.dtype,
        epochs: int,
        backend: str | None = None,
    ) -> None:
        self.task, self.rule, self.device, self.epochs, self.backend = task, rule, device, epochs, backend
        self.autocast = dtype if dtype in (torch.bfloat16, torch.float16) else None
        self.dtype = torch.float32 if self.autocast else dtype
        self.draws = NetworkDraws(device)
        self._step = rule.step_on(device)
        self.prepare(data)

    def numbers(self, state: Any, hyper: Hyper) -> dict[str, Tensor]:
        """The rule's numbers of its state."""
        return {name: read(state.rule, hyper) for name, read in self.rule.numbers.items()}

    @classmethod
    def backends_on_gpu(cls, task: Task, data: Dataset) -> tuple[str | None, ...]:
        """See `Procedure`."""
        return (None,)

    def run_steps(
        self, state: Any, hyper: Hyper, factors: list[float], given: Iterable[tuple[Any, Tensor]]
    ) -> tuple[Any, Tensor]:
        """All steps of an epoch: the state, and each cell's sum of losses, float64 `[cells]`."""
        total = torch.zeros(len(hyper[self.rule.rate]), dtype=torch.float64, device=self.device)
        now, last = scheduled(hyper, factors[0], self.rule.rate), factors[0]
        for factor, (inputs, targets) in zip(factors, given, strict=False):
            if factor != last:
                now, last = scheduled(hyper, factor, self.rule.rate), factor
            state, losses = self.step(state, inputs, targets, now)
            total += losses
        return state, total

    def replay_steps(
        self, state: Any, hyper: Hyper, factors: list[float], given: Iterable[tuple[Any, Tensor]]
    ) -> tuple[Any, Tensor]:
        """The same, by a recorded step where the device can record one."""
        left = iter(given)
        first = next(left)
        now, last = scheduled(hyper, factors[0], self.rule.rate), factors[0]
        recording = self._recording(state, *first, now)
        if recording is None:
            return self.run_steps(state, hyper, factors, chain([first], left))
        for factor, (inputs, targets) in zip(factors, chain([first], left), strict=False):
            if factor != last:
                recording.set_hyper(scheduled(hyper, factor, self.rule.rate))
                last = factor
            recording(inputs, targets)
        return recording.end()

    def _recording(self, state: Any, inputs: Any, targets: Tensor, hyper: Hyper) -> RecordedStep | None:
        """A recorded step that begins with this state; None where the device can record none."""
        if not self.recordable:
            return None
        if self.recorded is None or self.recorded.cells != len(hyper[self.rule.rate]):
            self.recorded = None  # its memory first: two blocks may not fit
            with self.draws.kept():  # a resumed training records at another time
                self.recorded = record(self.step, state, inputs, targets, hyper)
            self.recordable = self.recorded is not None
        if self.recorded is not None:
            self.recorded.begin(state, hyper)
        return self.recorded
