"""Supervised learning: one network, one rule, batches of examples with targets."""

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.utils import _pytree as pytree

from grids.errors import BadInput, unknown
from trainers.engine.backends import BACKENDS, FORMER, stack
from trainers.engine.program import read
from trainers.engine.stack import Buffers, FewAtOnce, Stacked, TensorLayout, initial
from trainers.inputs import Inputs
from trainers.order import augment_generator, batches
from trainers.procedures.base import Hyper, Outcome, Size
from trainers.procedures.loop import StepLoop
from trainers.procedures.per_cell import mean_losses, scores
from trainers.procedures.update import clipped
from trainers.rules.base import Rule, sizes_of
from trainers.rules.cells import numbers_in_state, select_cells
from trainers.task import Dataset, Task

EVALUATION = 4
"""Batches evaluated at once on a CPU. A GPU, whose memory a block fills, takes the batch of training."""

STATISTICS = 50
"""Batches that batch norm's statistics are gathered from, where a network is evaluated at other parameters than it
trains, as the authors of schedule-free methods advise."""

COPIES = 5
"""Parameter-sized arrays in use at once besides the state: parameters old and new, gradients, two inside a step."""


class State(NamedTuple):
    """One network and one rule."""

    params: Tensor
    buffers: Buffers
    rule: Any


class Supervised(StepLoop):
    """One network, one rule; cells of the same seed share their batches. Its backends are `backends.BACKENDS`."""

    def prepare(self, data: Dataset) -> None:
        """Bring examples and targets to the device."""
        self.metric = self.task.metric.resolved(data)
        self.train_x, self.train_y = data.train_x.to(self.device), self._precise(data.train_y.to(self.device))
        self.valid_x, self.valid_y = data.valid_x.to(self.device), self._precise(data.valid_y.to(self.device))
        self._as_inputs = Inputs(data, self.device, self.dtype)
        self.stacked: Stacked
        self._network_draws: bool | None = None

    def start(self, seeds: Tensor) -> State:
        """Every cell starts from the parameters of its seed."""
        network, params, buffers = initial(self.task.network, seeds, self.device, self.dtype)
        self.stacked = stack(network, self.train_x.dim(), self.device, self.backend)
        return State(params, buffers, self.rule.init(params, TensorLayout(network).shapes))

    def inputs(self, examples: Tensor) -> Tensor:
        """Examples as the network takes them, see `Inputs`."""
        return self._as_inputs(examples)

    def _precise(self, numbers: Tensor) -> Tensor:
        return numbers.to(self.dtype) if numbers.is_floating_point() else numbers

    def forward(self, state: State, params: Tensor, inputs: Tensor, training: bool) -> Tensor:
        """Outputs `[cells, batch, ...]`, in the precision of the parameters.

        Inputs are `[1, batch, ...]` where all cells share them, else `[cells, batch, ...]`.
        """
        # No cache of cast weights: a recorded step must cast them itself each time.
        with torch.autocast(self.device.type, self.autocast, self.autocast is not None, cache_enabled=False):
            return self.stacked(params, state.buffers, inputs, training).to(self.dtype)

    def train(self, state: State, hyper: Hyper, seeds: Tensor, epoch: int) -> tuple[State, Outcome]:
        """See `Procedure`."""
        steps = len(self.train_x) // self.task.batch_size
        if steps == 0:
            few, size = len(self.train_x), self.task.batch_size
            raise BadInput(f"task '{self.task.name}': {few} training examples do not fill one batch of {size}")
        factors = self.task.schedule.factors(epoch, self.epochs, steps)
        given = self.batches_of(seeds, epoch)
        several = bool((seeds != seeds[0]).any())
        with self.draws.of_epoch(seeds, epoch, several and self._draws(state)):
            recordable = self.device.type == "cuda" and not self.draws.apart and not self.rule.by_value
            run = self.replay_steps if recordable else self.run_steps
            state, total = run(state, hyper, factors, given)
        # A sum stays non-finite once it is, so this latches every step; a last bad update shows in the parameters.
        finite = total.isfinite() & state.params.abs().amax(dim=1).isfinite()
        return state, Outcome(total / steps, finite)

    def _draws(self, state: State) -> bool:
        """Whether the network draws random numbers in training: tested once, on a copy of one cell."""
        if self._network_draws is None:
            one = State(state.params[:1], {name: b[:1].clone() for name, b in state.buffers.items()}, None)
            inputs = self.inputs(self.train_x[: self.task.batch_size]).unsqueeze(0)
            with torch.no_grad():
                self._network_draws = self.draws.happen(lambda: self.forward(one, one.params, inputs, training=True))
        return self._network_draws

    def batches_of(self, seeds: Tensor, epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Each step's inputs and targets: `[1, batch, ...]` where cells share a seed, else `[cells, batch, ...]`."""
        distinct, place = torch.unique(seeds, return_inverse=True)
        place = place.to(self.device)
        size = self.task.batch_size
        orders = [batches(len(self.train_x), size, int(seed), epoch).to(self.device) for seed in distinct]
        generators = [augment_generator(int(seed), epoch, self.device) for seed in distinct]
        for step in zip(*orders, strict=True):
            if self.task.augment is None and len(distinct) > 1:  # all seeds' examples in one go
                index = torch.stack(step)[place]
                yield self.inputs(self.train_x[index]), self.train_y[index]
                continue
            pairs = [self._batch(batch, generator) for batch, generator in zip(step, generators, strict=True)]
            if len(pairs) == 1:
                yield pairs[0][0].unsqueeze(0), pairs[0][1].unsqueeze(0)
            else:
                yield torch.stack([x for x, _ in pairs])[place], torch.stack([y for _, y in pairs])[place]

    def _batch(self, batch: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        examples = self.train_x[batch]
        if self.task.augment is not None:
            examples = self.task.augment(examples, generator)
        return self.inputs(examples), self.train_y[batch]

    def step(self, state: State, inputs: Tensor, targets: Tensor, hyper: Hyper) -> tuple[State, Tensor]:
        """One update of every cell; no cell's numbers touch another's, so one that diverged needs no masking."""
        losses, grads = self._gradients(state, inputs, targets)
        with torch.no_grad():
            if self.task.clip is not None:
                grads = clipped(grads, self.task.clip)
            params, rule_state = self._step(state.params, grads, state.rule, hyper)
        return State(params, state.buffers, rule_state), losses

    def _gradients(self, state: State, inputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Each cell's loss `[cells]` and its gradient `[cells, n]`, by as many cells at a time as is fastest."""
        if isinstance(self.stacked, FewAtOnce) and not self.draws.apart:
            few = self.stacked.together(inputs)
            if few < len(state.params):
                parts = [
                    self._gradients(_some(state, cells), *(t if len(t) == 1 else t[cells] for t in (inputs, targets)))
                    for cells in (slice(at, at + few) for at in range(0, len(state.params), few))
                ]
                losses, grads = zip(*parts, strict=True)
                return torch.cat(losses), torch.cat(grads)
        params = state.params.detach().requires_grad_()
        loss = mean_losses(self.task.loss, self._outputs(state, params, inputs), targets)
        (grad,) = torch.autograd.grad(loss.sum(), params)
        return loss.detach(), grad

    def _outputs(self, state: State, params: Tensor, inputs: Tensor) -> Tensor:
        """The training forward pass: cells of several seeds apart where the network itself draws random numbers."""

        def run(cells: Tensor | None) -> Tensor:
            if cells is None:
                return self.forward(state, params, inputs, training=True)
            buffers = {name: b[cells] for name, b in state.buffers.items()}
            some = State(params[cells], buffers, None)
            outputs = self.forward(some, some.params, inputs[cells[:1]], training=True)  # one seed: the same inputs
            for name, b in buffers.items():
                state.buffers[name][cells] = b
            return outputs

        return self.draws.for_each_seed(run)

    @torch.no_grad()
    def evaluate(self, state: State) -> Outcome:
        """See `Procedure`."""
        state = self._judged(state)
        cells = len(state.params)
        total = torch.zeros(cells, dtype=torch.float64, device=self.device)
        finite = torch.ones(cells, dtype=torch.bool, device=self.device)
        size = self.task.batch_size * (EVALUATION if self.device.type == "cpu" else 1)
        assert self.metric.score is not None
        for x, y in zip(self.valid_x.split(size), self.valid_y.split(size), strict=True):
            outputs = self.forward(state, state.params, self.inputs(x).unsqueeze(0), training=False)
            total += scores(self.metric.score, outputs, y.unsqueeze(0)).double().sum(dim=1)
            finite &= outputs.flatten(1).isfinite().all(dim=1)
        return Outcome(total / len(self.valid_y), finite & total.isfinite())

    def _judged(self, state: State) -> State:
        """The state at the parameters that the rule is evaluated at, where they differ from those in training.

        Batch norm's statistics belong to the parameters: they are gathered anew, on a copy, from the first batches of
        the training set in its own order, the same for every cell and epoch.
        """
        if self.rule.evaluated_at is None:
            return state
        params = self.rule.evaluated_at(state.params, state.rule)
        judged = State(params, {name: b.clone() for name, b in state.buffers.items()}, state.rule)
        if judged.buffers:
            examples = self.train_x[: STATISTICS * self.task.batch_size].split(self.task.batch_size)
            with self.draws.of_epoch(torch.zeros(1, dtype=torch.int64), 0, draws=False):
                for x in examples:
                    if len(x) == self.task.batch_size:
                        self.forward(judged, params, self.inputs(x).unsqueeze(0), training=True)
        return judged

    def keep(self, state: State, which: Tensor) -> State:
        """See `Procedure`."""
        buffers = {name: b[which] for name, b in state.buffers.items()}
        return State(state.params[which], buffers, select_cells(state.rule, which))

    @classmethod
    def backends_on_gpu(cls, task: Task, data: Dataset) -> tuple[str | None, ...]:
        """See `Procedure`."""
        with torch.device("meta"):
            network = task.network()
        known = read(network, data.train_x.dim()) is not None
        return ("grouped", "channels_last") if known and data.train_x.dim() == 4 else (None,)

    @classmethod
    def check_backend(cls, task: Task, data: Dataset, device: torch.device, backend: str) -> None:
        """See `Procedure`."""
        if backend not in (*BACKENDS, *FORMER):
            raise unknown("backend", backend, BACKENDS)
        with torch.device("meta"):
            network = task.network()
        try:
            stack(network, data.train_x.dim(), device, backend)
        except ValueError as error:
            raise BadInput(f"task '{task.name}': {error}; leave --backend out, or use vmap") from None

    @classmethod
    def bytes_of_cell(cls, task: Task, data: Dataset, rule: Rule, precision: torch.dtype) -> int:
        """Its parameters, its rule's state, and what a batch leaves for the backward pass."""
        with torch.device("meta"):
            network = task.network()
        shapes = tuple(parameter.shape for parameter in network.parameters())
        size = sum(sizes_of(shapes))
        state = numbers_in_state(rule, shapes)
        as_inputs = Inputs(data, torch.device("meta"), torch.float32)
        examples = data.train_x
        batch = as_inputs(torch.empty(task.batch_size, *examples.shape[1:], device="meta", dtype=examples.dtype))
        # An activation is kept in the forward pass, and has a gradient of the same size in the backward pass.
        element = torch.empty(0, dtype=precision).element_size()
        return 4 * (COPIES * size + state) + 2 * activations(network, batch) * element

    @classmethod
    def size(cls, task: Task, data: Dataset) -> Size:
        """See `Procedure`."""
        return Size(task.batch_size, max(len(data.train_y) // task.batch_size, 1), len(data.valid_y) / task.batch_size)

    @classmethod
    def part(cls, task: Task, data: Dataset, size: Size) -> tuple[Task, Dataset]:
        """See `Procedure`."""
        train, valid = size.steps * size.batch, max(1, round(size.evaluation * size.batch))
        cut = replace(
            data,
            train_x=data.train_x[:train],
            train_y=data.train_y[:train],
            valid_x=data.valid_x[:valid],
            valid_y=data.valid_y[:valid],
        )
        return replace(task, batch_size=size.batch), cut


def _some(state: State, cells: slice) -> State:
    """Some of the cells, without the rule's state; views, so that what is done to their buffers is done to all."""
    return State(state.params[cells], {name: b[cells] for name, b in state.buffers.items()}, None)


def activations(network: nn.Module, batch: Tensor) -> int:
    """The count of numbers in all layers' outputs for a batch."""
    total = 0

    def count(module: nn.Module, inputs: object, output: object) -> None:
        nonlocal total
        total += sum(leaf.numel() for leaf in pytree.tree_leaves(output) if isinstance(leaf, Tensor))

    leaves = [module for module in network.modules() if not list(module.children())]
    handles = [module.register_forward_hook(count) for module in leaves]
    try:
        network(batch)
    finally:
        for handle in handles:
            handle.remove()
    return max(total, math.prod(batch.shape))
