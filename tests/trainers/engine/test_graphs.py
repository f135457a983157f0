"""A recorded step must read and write the right memory. A stand-in records by remembering the call."""

import gc
import weakref
from contextlib import nullcontext
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils import _pytree as pytree

from trainers.blocks.epochs import hyper_tensors
from trainers.engine import graphs
from trainers.procedures.supervised import Supervised
from trainers.rules import get_rule
from trainers.task import Dataset
from trainers.tasks import get_task

CPU = torch.device("cpu")


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Streams that do nothing, and a graph whose replay calls the step again."""
    stream = SimpleNamespace(wait_stream=lambda other: None)
    monkeypatch.setattr(torch.cuda, "Stream", lambda device: stream)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda device: stream)
    monkeypatch.setattr(torch.cuda, "stream", lambda one: nullcontext())
    monkeypatch.setattr(torch.cuda, "synchronize", lambda device: None)
    monkeypatch.setattr(torch.cuda, "CUDAGraph", SimpleNamespace)
    monkeypatch.setattr(torch.cuda, "graph", lambda one: nullcontext())

    class Recorded(graphs.RecordedStep):
        def __init__(self, step: graphs.Step, state: Any, *args: Any) -> None:
            before = pytree.tree_map(torch.clone, state)
            super().__init__(step, state, *args)
            graphs.copy_tree(before, self.state)  # recording a step, unlike remembering it, does not run it
            # By weak references, as a graph holds no Python object.
            me, owner = weakref.ref(self), weakref.WeakMethod(step)  # type: ignore[arg-type]
            self._graph.replay = lambda: me()._once(owner())  # type: ignore[assignment, arg-type, union-attr]

    monkeypatch.setattr(graphs, "RecordedStep", Recorded)


def few_digits() -> Dataset:
    data = get_task("digits-mlp").load(None, 0)
    return Dataset("few", data.train_x[:256], data.train_y[:256], data.valid_x, data.valid_y, data.sha256)


def procedure(optimizer: str) -> Supervised:
    return Supervised(get_task("digits-mlp"), few_digits(), get_rule(optimizer), CPU, torch.float32, 3)


@pytest.mark.usefixtures("recorder")
@pytest.mark.parametrize("optimizer", ["sgd", "adam", "avagrad"])
def test_replaying_equals_running(optimizer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    results = []
    for recorded in (False, True):
        one = procedure(optimizer)
        if recorded:
            monkeypatch.setattr(one, "run_steps", one.replay_steps)
        seeds = torch.zeros(3, dtype=torch.int64)
        state, losses = one.start(seeds), []
        for epoch in range(3):
            hyper = hyper_tensors(one.task, one.rule, {"alpha": np.array([0.001, 0.01, 0.1])}, CPU, torch.float32)
            hyper = {name: value[: len(state.params)] for name, value in hyper.items()}
            state, outcome = one.train(state, hyper, seeds[: len(state.params)], epoch)
            losses.append(outcome.value)
            if epoch == 1:  # another number of cells is another recording
                state = one.keep(state, torch.tensor([True, True, False]))
        assert (one.recorded is not None) == recorded
        results.append([*pytree.tree_leaves(state), *losses])
    for ran, replayed in zip(*results, strict=True):
        assert torch.equal(ran, replayed)


@pytest.mark.usefixtures("recorder")
def test_a_step_that_cannot_be_recorded_runs_launch_by_launch(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object) -> None:
        raise RuntimeError("operation not permitted when stream is capturing\nmore")

    monkeypatch.setattr(graphs, "RecordedStep", fail)
    one = procedure("sgd")
    hyper, seeds = hyper_tensors(one.task, one.rule, {}, CPU, torch.float32), torch.zeros(1, dtype=torch.int64)
    batch = next(one.batches_of(seeds, 0))
    expected, _ = one.run_steps(one.start(seeds), hyper, [1.0, 0.5], [batch, batch])
    with pytest.warns(UserWarning, match="without a CUDA graph: operation not permitted when stream is capturing"):
        state, _ = one.replay_steps(one.start(seeds), hyper, [1.0, 0.5], [batch, batch])
    assert one.recorded is None
    assert not one.recordable
    assert torch.equal(state.params, expected.params)


@pytest.mark.usefixtures("recorder")
def test_a_recording_outlives_its_procedure_no_longer_than_it_is_used() -> None:
    """Else a block that was measured would still hold the device's memory when the next one is."""
    gc.collect()
    gc.disable()
    try:
        one = procedure("sgd")
        hyper, seeds = hyper_tensors(one.task, one.rule, {}, CPU, torch.float32), torch.zeros(1, dtype=torch.int64)
        one.replay_steps(one.start(seeds), hyper, [1.0], [next(one.batches_of(seeds, 0))])
        params = weakref.ref(one.recorded.state.params)  # type: ignore[union-attr]
        assert params() is not None
        del one
        assert params() is None
    finally:
        gc.enable()


def test_a_recording_that_does_not_fit_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(graphs, "RecordedStep", fail)
    empty = torch.empty(0)
    with pytest.raises(torch.OutOfMemoryError):
        graphs.record(lambda *args: (None, empty), None, empty, empty, {})


@pytest.mark.usefixtures("recorder")
def test_a_state_that_moves_on_in_its_own_memory_is_recorded_right() -> None:
    """A window of gradients: every tensor of the next state but one is a tensor of the last, in another place."""

    def step(state: list[torch.Tensor], inputs: torch.Tensor, targets: Any, hyper: Any) -> Any:
        return [*state[1:], state[0] + inputs], inputs.sum(dim=1)

    def ring(state: list[torch.Tensor], inputs: torch.Tensor, targets: Any, hyper: Any) -> Any:
        return [*state[1:], state[0].add_(inputs)], inputs.sum(dim=1)

    inputs, hyper = torch.ones(2, 3), {"alpha": torch.zeros(2, 1)}
    for function in (step, ring):
        start = [torch.full((2, 3), float(k)) for k in range(4)]
        expected: Any = [one.clone() for one in start]
        recorded = graphs.RecordedStep(Owner(function).step, start, inputs, inputs, hyper)
        recorded.begin(recorded.state, hyper)
        for _ in range(6):
            expected, _ = step(expected, inputs, inputs, hyper)
            recorded(inputs, inputs)
        for one, other in zip(recorded.end()[0], expected, strict=True):
            assert torch.equal(one, other)


class Owner:
    """Keeps a step alive as a method, of which the stand-in holds a weak reference."""

    kept: list["Owner"] = []  # noqa: RUF012

    def __init__(self, function: Any) -> None:
        self.function = function
        self.kept.append(self)

    def step(self, *arguments: Any) -> Any:
        return self.function(*arguments)


def test_a_recording_that_fails_leaves_the_stream_that_was_current(
    recorder: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    current: list[Any] = ["the usual one"]
    monkeypatch.setattr(torch.cuda, "current_stream", lambda device: SimpleNamespace(wait_stream=lambda other: None))
    monkeypatch.setattr(torch.cuda, "set_stream", current.append)

    def capture(graph: Any) -> Any:
        current.append("the capture's own")
        raise RuntimeError("operation not permitted when stream is capturing")

    monkeypatch.setattr(torch.cuda, "graph", capture)
    inputs = torch.ones(2, 3)
    with pytest.warns(UserWarning, match="without a CUDA graph"):
        assert (
            graphs.record(
                Owner(lambda state, *_: (state, state.sum(dim=1))).step, inputs, inputs, inputs, {"a": inputs}
            )
            is None
        )
    assert isinstance(current[-1], SimpleNamespace)


@pytest.mark.usefixtures("recorder")
def test_recording_draws_nothing_from_a_network_that_drops(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a training that was resumed, which records at another epoch, would drop other units."""
    plain, results = get_task("digits-mlp"), []
    task = replace(plain, network=lambda: torch.nn.Sequential(torch.nn.Dropout(), *plain.network().children()))
    for recorded in (False, True):
        one = Supervised(task, few_digits(), get_rule("sgd"), CPU, torch.float32, 3)
        if recorded:
            monkeypatch.setattr(one, "run_steps", one.replay_steps)
        hyper, seeds = hyper_tensors(task, one.rule, {}, CPU, torch.float32), torch.zeros(1, dtype=torch.int64)
        results.append(one.train(one.start(seeds), hyper, seeds, 0)[0].params)
    assert torch.equal(*results)
