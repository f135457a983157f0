"""Language modelling: a character model, one rule, and a text that is read in order, one segment after another."""

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import torch
from torch import Tensor

from grids.errors import BadInput, unknown
from trainers.engine.stack import TensorLayout, initial
from trainers.order import segment_generator, segment_lengths
from trainers.procedures.base import Hyper, Outcome, Size
from trainers.procedures.loop import StepLoop
from trainers.procedures.update import clipped, scheduled
from trainers.rules.base import Rule
from trainers.rules.cells import numbers_in_state, select_cells
from trainers.task import Dataset, Task
from trainers.tasks.language.network import Carried, LanguageNetwork
from trainers.tasks.language.segments import BACKENDS, Segments, segments, symbol_losses
from trainers.tasks.language.streams import StreamedTask, check, streams
from trainers.tasks.language.text import kinds_of

COPIES = 5
"""Parameter-sized arrays in use at once besides the rule's state: parameters old and new, gradients, two in a step."""


class State(NamedTuple):
    """One network and one rule. What a network carries along is reset in each epoch, and so not part of it."""

    params: Tensor
    rule: Any


class Running(NamedTuple):
    """A state in the middle of an epoch, with what its networks carry from segment to segment."""

    params: Tensor
    rule: Any
    carried: Carried


class Segment(NamedTuple):
    """A piece of every stream: symbols and masks, as the networks take them, and what follows each symbol."""

    inputs: tuple[Tensor, dict[str, Tensor]]
    targets: Tensor


class Language(StepLoop):
    """Training as salesforce/awd-lstm-lm has it, for many cells.

    The training text is cut into `batch_size` streams of equal length, which are read side by side, `segment` symbols
    a step; a last step may be shorter. What the network carries passes from segment to segment without a gradient, and
    is zero at the beginning of an epoch. α is multiplied by a segment's length over the usual one. Each cell's
    gradient is clipped by its own norm. Masks follow from a cell's seed, the epoch and the segment's number.

    The data are as `trainers.tasks.language.text.text_data` makes them; backends are those of `segments.BACKENDS`.

    Raises:
        BadInput: a text too short for the streams and segments, or no language network.
    """

    task: StreamedTask

    def prepare(self, data: Dataset) -> None:
        """Cut the texts into streams."""
        check(self.task, data)
        self.kinds = kinds_of(data)
        self.train_text = streams(data.train_x, self.task.batch_size).to(self.device)
        self.valid_text = streams(data.valid_x, self.task.evaluation_batch).to(self.device)
        self.network: LanguageNetwork
        self.run: Segments
        self.recordable = self.device.type == "cuda" and not self.rule.by_value

    def start(self, seeds: Tensor) -> State:
        """Every cell starts from the parameters of its seed."""
        network, params, buffers = initial(self.task.network, seeds, self.device, self.dtype)
        if not isinstance(network, LanguageNetwork):
            raise BadInput(
                f"task '{self.task.name}': its network is not a language network (trainers.tasks.language.network)"
            )
        if buffers:
            raise BadInput(
                f"task '{self.task.name}': a language network has parameters only, not {next(iter(buffers))}"
            )
        if network.kinds < self.kinds:
            raise BadInput(
                f"task '{self.task.name}': its text has {self.kinds} kinds of symbols, its network {network.kinds}"
            )
        if network.context is not None and (self.task.segment > network.context or self.task.random_segments):
            what = "random segments" if self.task.random_segments else f"segments of {self.task.segment} symbols"
            raise BadInput(f"task '{self.task.name}': its network takes {network.context} symbols at most, not {what}")
        network.train()
        self.network, self.run = network, segments(network, self.device, self.backend)
        return State(params, self.rule.init(params, TensorLayout(network).shapes))

    def train(self, state: State, hyper: Hyper, seeds: Tensor, epoch: int) -> tuple[State, Outcome]:
        """One epoch; the value is the mean −ln p of the text's symbols."""
        lengths = self.lengths(epoch)
        factors = self.task.schedule.factors(epoch, self.epochs, len(lengths))
        factors = [factor * length / self.task.segment for factor, length in zip(factors, lengths, strict=True)]
        running = Running(state.params, state.rule, self.carried_at_start(len(seeds), self.task.batch_size))
        total = torch.zeros(len(seeds), dtype=torch.float64, device=self.device)
        now, last, recording = scheduled(hyper, factors[0], self.rule.rate), factors[0], None
        for factor, length, segment in zip(factors, lengths, self._segments(lengths, seeds, epoch), strict=True):
            if factor != last:
                now, last = scheduled(hyper, factor, self.rule.rate), factor
            if length == self.task.segment and recording is None:
                recording = self._recording(running, *segment, now)
            if length == self.task.segment and recording is not None:
                recording.set_hyper(now)
                recording(*segment)
                continue
            if recording is not None:
                running, losses = recording.end()
                total, recording = total + losses * self.task.segment, None
            running, losses = self.step(running, *segment, now)
            total += losses * length
        if recording is not None:
            running, losses = recording.end()
            total += losses * self.task.segment
        # A sum stays non-finite once it is, so this latches every step; a last bad update shows in the parameters.
        finite = total.isfinite() & running.params.abs().amax(dim=1).isfinite()
        return State(running.params, running.rule), Outcome(total / sum(lengths), finite)

    def lengths(self, epoch: int) -> list[int]:
        """Symbols of each segment of an epoch: all but the first of a stream are predicted."""
        symbols, usual = len(self.train_text) - 1, self.task.segment
        if self.task.random_segments:
            return segment_lengths(symbols, usual, epoch)
        return [min(usual, symbols - begun) for begun in range(0, symbols, usual)]

    def _segments(self, lengths: list[int], seeds: Tensor, epoch: int) -> Iterator[Segment]:
        """The pieces of the training text, with the masks `[1, ...]` of the one seed, or `[cells, ...]` of several."""
        distinct, place = torch.unique(seeds, return_inverse=True)
        place, begun = place.to(self.device), 0
        for number, length in enumerate(lengths):
            generators = (segment_generator(int(seed), epoch, number, self.device) for seed in distinct)
            drawn = [self.network.masks(self.task.batch_size, generator) for generator in generators]
            masks = {name: torch.stack([mine[name] for mine in drawn]).to(self.dtype) for name in drawn[0]}
            if len(distinct) > 1:
                masks = {name: mask[place] for name, mask in masks.items()}
            end = begun + length
            yield Segment((self.train_text[begun:end], masks), self.train_text[begun + 1 : end + 1])
            begun = end

    def carried_at_start(self, cells: int, batch: int) -> Carried:
        fresh = self.network.carried(batch, self.device, self.dtype)
        return tuple(t.unsqueeze(0).expand(cells, *t.shape).clone() for t in fresh)

    def step(
        self, state: Running, inputs: tuple[Tensor, dict[str, Tensor]], targets: Tensor, hyper: Hyper
    ) -> tuple[Running, Tensor]:
        """One update of every cell; no cell's numbers touch another's, so one that diverged needs no masking."""
        losses, grads, carried = self.gradients(state, inputs, targets)
        with torch.no_grad():
            if self.task.clip is not None:
                grads = clipped(grads, self.task.clip)
            params, rule_state = self._step(state.params, grads, state.rule, hyper)
        return Running(params, rule_state, carried), losses

    def gradients(
        self, state: Running, inputs: tuple[Tensor, dict[str, Tensor]], targets: Tensor
    ) -> tuple[Tensor, Tensor, Carried]:
        """Each cell's mean −ln p `[cells]`, its gradient `[cells, n]`, and what it carries on."""
        symbols, masks = inputs
        losses, carried = [], []
        grads: list[Tensor] = []
        for cells in self._parts(len(state.params)):
            params = state.params[cells].detach().requires_grad_()
            mine = {name: mask if len(mask) == 1 else mask[cells] for name, mask in masks.items()}
            scores, after = self._scores(params, symbols, tuple(t[cells] for t in state.carried), mine)
            loss = symbol_losses(scores, targets).mean(dim=1)
            grads += torch.autograd.grad(loss.sum(), params)
            losses.append(loss.detach())
            carried.append([t.detach() for t in after])
        return torch.cat(losses), torch.cat(grads), tuple(torch.cat(t) for t in zip(*carried, strict=True))

    def _parts(self, cells: int) -> Iterator[slice]:
        few = self.run.together or cells
        return (slice(at, at + few) for at in range(0, cells, few))

    def _scores(
        self, params: Tensor, symbols: Tensor, carried: Carried, masks: dict[str, Tensor]
    ) -> tuple[Tensor, Carried]:
        # No cache of cast weights: a recorded step must cast them itself each time.
        with torch.autocast(self.device.type, self.autocast, self.autocast is not None, cache_enabled=False):
            scores, after = self.run(params, symbols, carried, masks)
        return scores.to(self.dtype), tuple(t.to(self.dtype) for t in after)

    @torch.no_grad()
    def evaluate(self, state: State) -> Outcome:
        """Mean −log2 p of the validation text's symbols, but for the first of each stream."""
        params_at = self.rule.evaluated_at or (lambda params, state: params)
        judged = params_at(state.params, state.rule)
        text, usual, cells = self.valid_text, self.task.segment, len(judged)
        totals = []
        for part in self._parts(cells):
            params = judged[part]
            total = torch.zeros(len(params), dtype=torch.float64, device=self.device)
            carried = self.carried_at_start(len(params), text.shape[1])
            for begun in range(0, len(text) - 1, usual):
                end = min(begun + usual, len(text) - 1)
                scores, carried = self._scores(params, text[begun:end], carried, {})
                total += symbol_losses(scores, text[begun + 1 : end + 1]).double().sum(dim=1)
            totals.append(total)
        every = torch.cat(totals)
        return Outcome(every / (len(text) - 1) / text.shape[1] / math.log(2), every.isfinite())

    def keep(self, state: State, which: Tensor) -> State:
        """See `Procedure`."""
        return State(state.params[which], select_cells(state.rule, which))

    @classmethod
    def check_backend(cls, task: Task, data: Dataset, device: torch.device, backend: str) -> None:
        """See `Procedure`."""
        if backend not in BACKENDS:
            raise unknown("backend of this task", backend, BACKENDS)

    @classmethod
    def bytes_of_cell(cls, task: Task, data: Dataset, rule: Rule, precision: torch.dtype) -> int:
        """Its parameters, its rule's state, and what a segment leaves for the backward pass."""
        assert isinstance(task, StreamedTask)
        with torch.device("meta"):
            network = task.network()
        layout = TensorLayout(network)
        state = numbers_in_state(rule, layout.shapes)
        # Each row of a matrix gives one output for each symbol, which is kept and has a gradient of its size.
        widths = sum(shape[0] for shape in layout.shapes if len(shape) == 2)
        kept = 2 * widths * task.batch_size * task.segment * torch.empty(0, dtype=precision).element_size()
        return 4 * (COPIES * sum(layout.sizes) + state) + kept

    @classmethod
    def size(cls, task: Task, data: Dataset) -> Size:
        """See `Procedure`."""
        assert isinstance(task, StreamedTask)
        steps = math.ceil((len(data.train_x) // task.batch_size - 1) / task.segment)
        return Size(task.batch_size, max(steps, 1), len(data.valid_x) / task.batch_size / task.segment)

    @classmethod
    def part(cls, task: Task, data: Dataset, size: Size) -> tuple[Task, Dataset]:
        """See `Procedure`."""
        assert isinstance(task, StreamedTask)
        train = data.train_x[: size.batch * (size.steps * task.segment + 1)]
        segment = min(task.segment, len(train) // size.batch - 1)
        valid = data.valid_x[: max(round(size.evaluation * size.batch * segment), segment + 1)]
        fewer = max(1, min(task.evaluation_batch, len(valid) // (segment + 1)))
        cut = replace(data, train_x=train, train_y=train, valid_x=valid, valid_y=valid)
        return replace(task, batch_size=size.batch, segment=segment, evaluation_batch=fewer), cut
