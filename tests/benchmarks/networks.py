"""What the benchmarks time: the cells of the paper's grid, one at a time and many at once."""

import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import nn

from grids.space import PRESETS
from trainers.axes import own_name
from trainers.blocks.epochs import train_block
from trainers.device import prepared
from trainers.inputs import Inputs
from trainers.order import batches
from trainers.rules import get_rule
from trainers.task import Dataset
from trainers.tasks import get_task

DATA = Path(os.environ.get("TUNECOST_DATA", "data"))


def hyper_of_paper() -> dict[str, np.ndarray]:
    """The 441 cells of the paper's grid, mixed, so that every block has its share of those that diverge."""
    space = PRESETS["paper-cifar"]
    grids = np.meshgrid(*(np.asarray(axis.values, dtype=np.float64) for axis in space.axes), indexing="ij")
    mixed = np.random.default_rng(0).permutation(grids[0].size)
    return {axis.name: grid.ravel()[mixed] for axis, grid in zip(space.axes, grids, strict=True)}


def load(name: str) -> Dataset:
    return get_task(name).load(DATA if get_task(name).needs_data else None, 0)


def as_floats(data: Dataset) -> Dataset:
    """The same data with its inputs as a network takes them: the plain loop is not charged for that."""
    as_inputs = Inputs(data, torch.device("cpu"), torch.float32)
    return replace(data, train_x=as_inputs(data.train_x), valid_x=as_inputs(data.valid_x), normalize=None, filters=None)


@prepared(torch.device("cpu"))
def alone(name: str, cells: list[int], threads: int) -> float:
    """Seconds for these cells by the plainest loop: `torch.optim.Adam` at its defaults, denormals flushed like ours."""
    task, data, hyper = get_task(name), as_floats(load(name)), hyper_of_paper()
    torch.set_num_threads(threads)
    start = time.perf_counter()
    for cell in cells:
        alpha, epsilon = hyper["alpha"][cell], hyper["epsilon"][cell]
        torch.manual_seed(0)
        network = task.network()
        optimizer = torch.optim.Adam(network.parameters(), lr=alpha, eps=epsilon, weight_decay=task.weight_decay)
        for epoch in range(task.epochs):
            order = batches(len(data.train_y), task.batch_size, 0, epoch)
            (factor,) = set(task.schedule.factors(epoch, task.epochs, len(order)))  # the shipped ones are of epochs
            for group in optimizer.param_groups:
                group["lr"] = alpha * factor
            network.train()
            for batch in order:
                loss = task.loss(network(data.train_x[batch]), data.train_y[batch])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            network.eval()
            with torch.no_grad():
                score = task.metric.score
                assert score is not None
                score(network(data.valid_x), data.valid_y).mean().item()
    return time.perf_counter() - start


def fused(name: str, cells: list[int], optimizer: str = "adam") -> float:
    """Seconds for these cells in one block on one thread, as a worker of `grid run` trains them."""
    torch.set_num_threads(1)
    data, rule = load(name), get_rule(optimizer)
    start = time.perf_counter()
    hyper = {own_name(axis, rule): values[cells] for axis, values in hyper_of_paper().items()}
    train_block(get_task(name), data, rule, hyper, seed=0, on_epoch=lambda snapshot: None)
    return time.perf_counter() - start


def random_images(name: str, steps: int) -> Dataset:
    """As many images as so many steps take, of the task's shape, drawn at random: only time is asked for."""
    task = get_task(name)
    with torch.device("meta"):
        first = next(m for m in task.network().modules() if isinstance(m, nn.Conv2d))
    sizes = {"digits-conv": 8, "fashion-conv": 28}
    generator = torch.Generator().manual_seed(0)
    shape = (steps * task.batch_size, first.in_channels, *[sizes.get(name, 32)] * 2)
    x = torch.randn(shape, generator=generator)
    y = torch.randint(task.classes or 2, shape[:1], generator=generator)
    return Dataset("random", x, y, x[: task.batch_size], y[: task.batch_size], "0" * 64)


def step_operations(name: str, data: Dataset) -> int:
    """Floating-point operations of convolutions and linear layers for one image in one step of training.

    Two for each multiplication; as many again for the weights' gradient, and for the inputs' but in the first layer.
    Taps of a filter that lie outside the image are counted, as is usual.
    """
    network, total = get_task(name).network(), 0

    def count(module: nn.Module, inputs: object, output: torch.Tensor) -> None:
        nonlocal total
        assert isinstance(module, nn.Conv2d | nn.Linear)
        positions = output.numel() // output.shape[1]
        total += 2 * (2 if total == 0 else 3) * module.weight.numel() * positions

    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            module.register_forward_hook(count)
    network.eval()(data.train_x[:1])
    return total


@prepared(torch.device("cpu"))
def plain_step(name: str, data: Dataset, repeats: int, clock: Callable[[], float]) -> float:
    """Seconds of one training step of one network by the plainest loop, at its best."""
    network = get_task(name).network()
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-6)
    size, best = get_task(name).batch_size, float("inf")
    x, y = data.train_x[:size], data.train_y[:size]
    for _ in range(repeats):
        start = clock()
        loss = nn.functional.cross_entropy(network(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        best = min(best, clock() - start)
    return best


def warm_up(name: str, optimizer: str = "adam") -> None:
    """Import, compile and load all that `fused` needs in this process."""
    torch.set_num_threads(1)
    rule = get_rule(optimizer)
    train_block(get_task(name), load(name), rule, {rule.rate: np.array([1e-3])}, seed=0, epochs=1)
