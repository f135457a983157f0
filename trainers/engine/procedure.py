"""How a task trains: what the engine asks for in every epoch, and supervised learning as the one answer so far."""

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor

from grids.errors import BadInput
from trainers.engine.graphs import RecordedStep, record
from trainers.engine.stack import Buffers, Layout, initial
from trainers.engine.ways import mean_losses, stack
from trainers.order import augment_generator, batches, network_draws
from trainers.rules.base import Rule
from trainers.rules.cells import select_cells
from trainers.task import Dataset, Task

EVALUATION = 4
"""Batches evaluated at once: without a backward pass they need less memory than one batch of training."""

Hyper = Mapping[str, Tensor]


class Outcome(NamedTuple):
    """One number for each cell `[cells]`, and whether all that led to it was finite."""

    value: Tensor
    finite: Tensor


class Procedure(Protocol):
    """A way to train a block of cells. Recurrent state or several optimizers in turn live in its own state.

    The state is a pytree of tensors, and the whole of what an epoch depends on besides its number.
    """

    def start(self, cells: int) -> Any:
        """The state before the first epoch."""

    def train(self, state: Any, hyper: Hyper, epoch: int) -> tuple[Any, Outcome]:
        """One epoch: the next state, and the mean training loss. May reuse the memory of the state it is given."""

    def evaluate(self, state: Any) -> Outcome:
        """The validation error in %."""

    def keep(self, state: Any, which: Tensor) -> Any:
        """The state of some of its cells: `which` is bool `[cells]`."""


class State(NamedTuple):
    """Supervised learning: one network and one rule."""

    params: Tensor
    buffers: Buffers
    rule: Any


class Supervised:
    """One network, one rule, batches of labelled examples shared by all cells.

    Args:
        task, data, rule: what is trained, on what, and how.
        seed: of initialisation, data order and augmentation.
        device: where.
        dtype: of arithmetic. With bfloat16, parameters, statistics and the rule stay float32 (autocast).
        way: how the network is run, one of `ways.WAYS`; by default the best known for it.
    """

    def __init__(
        self,
        task: Task,
        data: Dataset,
        rule: Rule,
        seed: int,
        device: torch.device,
        dtype: torch.dtype,
        way: str | None = None,
    ) -> None:
        self.task, self.rule, self.seed, self.device = task, rule, seed, device
        self.autocast = dtype if dtype in (torch.bfloat16, torch.float16) else None
        self.dtype = torch.float32 if self.autocast else dtype
        self.train_x, self.train_y = data.train_x.to(device), data.train_y.to(device)
        self.valid_x, self.valid_y = data.valid_x.to(device), data.valid_y.to(device)
        self.scale: tuple[Tensor, Tensor] | None = None
        if data.normalize is not None:
            mean, deviation = (torch.tensor(t, dtype=self.dtype, device=device) for t in data.normalize)
            self.scale = mean.view(-1, 1, 1), deviation.view(-1, 1, 1)
        network, _, _ = initial(task.network, 1, seed, device, self.dtype)
        self.stacked = stack(network, data.train_x.dim(), device, way)
        self.sizes = Layout(network).sizes
        self._recorded: RecordedStep | None = None
        self._recordable = True

    def start(self, cells: int) -> State:
        """Every cell starts from the same parameters: those of the seed."""
        _, params, buffers = initial(self.task.network, cells, self.seed, self.device, self.dtype)
        return State(params, buffers, self.rule.init(params, self.sizes))

    def inputs(self, examples: Tensor) -> Tensor:
        """Examples as the network takes them: floats, normalised."""
        examples = examples.to(self.dtype)
        if self.scale is not None:
            examples = (examples - self.scale[0]) / self.scale[1]
        return examples

    def forward(self, state: State, params: Tensor, inputs: Tensor, training: bool) -> Tensor:
        """Outputs `[cells, batch, classes]`, in the precision of the parameters."""
        # No cache of cast weights: a recorded step must cast them itself each time.
        with torch.autocast(self.device.type, self.autocast, self.autocast is not None, cache_enabled=False):
            return self.stacked(params, state.buffers, inputs, training).to(self.dtype)

    def train(self, state: State, hyper: Hyper, epoch: int) -> tuple[State, Outcome]:
        order = batches(len(self.train_x), self.task.batch_size, self.seed, epoch).to(self.device)
        if len(order) == 0:
            few, size = len(self.train_x), self.task.batch_size
            raise BadInput(f"task '{self.task.name}': {few} training examples do not fill one batch of {size}")
        generator = augment_generator(self.seed, epoch, self.device)
        given = (self._batch(batch, generator) for batch in order)
        with network_draws(self.seed, epoch, self.device):
            state, total = (self._replay if self.device.type == "cuda" else self._run)(state, hyper, given)
        # A sum stays non-finite once it is, so this latches every step; a last bad update shows in the parameters.
        finite = total.isfinite() & state.params.abs().amax(dim=1).isfinite()
        return state, Outcome(total / len(order), finite)

    def _batch(self, batch: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        examples = self.train_x[batch]
        if self.task.augment is not None:
            examples = self.task.augment(examples, generator)
        return self.inputs(examples), self.train_y[batch]

    def _run(self, state: State, hyper: Hyper, given: Iterable[tuple[Tensor, Tensor]]) -> tuple[State, Tensor]:
        """All steps of an epoch: the state, and each cell's sum of losses."""
        total = torch.zeros(len(state.params), dtype=torch.float64, device=self.device)
        for inputs, targets in given:
            state, losses = self.step(state, inputs, targets, hyper)
            total += losses
        return state, total

    def _replay(self, state: State, hyper: Hyper, given: Iterable[tuple[Tensor, Tensor]]) -> tuple[State, Tensor]:
        """The same by a recorded step, where the device can record it."""
        batches_left = iter(given)
        first = next(batches_left)
        if self._recorded is None or self._recorded.cells != len(state.params):
            self._recorded = None  # its memory first: two blocks may not fit
            self._recorded = record(self.step, state, *first, hyper) if self._recordable else None
            self._recordable = self._recorded is not None
        if self._recorded is None:
            return self._run(state, hyper, chain([first], batches_left))
        self._recorded.begin(state, hyper)
        for inputs, targets in chain([first], batches_left):
            self._recorded(inputs, targets)
        return self._recorded.end()

    def step(self, state: State, inputs: Tensor, targets: Tensor, hyper: Hyper) -> tuple[State, Tensor]:
        """One update of every cell; no cell's numbers touch another's, so one that diverged needs no masking."""
        params = state.params.detach().requires_grad_()
        outputs = self.forward(state, params, inputs, training=True)
        losses = mean_losses(self.task, outputs, targets)
        (grads,) = torch.autograd.grad(losses.sum(), params)
        with torch.no_grad():
            params, rule_state = self.rule.step(state.params, grads, state.rule, hyper)
        return State(params, state.buffers, rule_state), losses.detach()

    @torch.no_grad()
    def evaluate(self, state: State) -> Outcome:
        cells = len(state.params)
        wrong = torch.zeros(cells, dtype=torch.int64, device=self.device)
        finite = torch.ones(cells, dtype=torch.bool, device=self.device)
        size = EVALUATION * self.task.batch_size
        for x, y in zip(self.valid_x.split(size), self.valid_y.split(size), strict=True):
            outputs = self.forward(state, state.params, self.inputs(x), training=False)
            wrong += (outputs.argmax(dim=2) != y).sum(dim=1)
            finite &= outputs.isfinite().all(dim=2).all(dim=1)
        return Outcome(wrong.double() * 100.0 / len(self.valid_y), finite)

    def keep(self, state: State, which: Tensor) -> State:
        buffers = {name: b[which] for name, b in state.buffers.items()}
        return State(state.params[which], buffers, select_cells(state.rule, which))
