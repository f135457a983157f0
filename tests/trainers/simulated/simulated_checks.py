"""What is run on the simulated GPU, in its own process."""

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from simulated_device import DEVICE, Watch, simulated
from torch import nn

from trainers.blocks.epochs import train_block
from trainers.blocks.measure import measure
from trainers.dataset import Dataset
from trainers.engine import graphs
from trainers.procedures import procedure_of
from trainers.rules import get_rule
from trainers.task import Task
from trainers.tasks import get_task
from trainers.tasks.gan.features.base import Features
from trainers.tasks.gan.shipped import gan_data
from trainers.tasks.gan.task import GanTask
from trainers.tasks.language.task import LanguageTask
from trainers.tasks.language.text import number as numbered
from trainers.tasks.language.text import text_data

CELLS = 3
STEPS = 2


def stand_in(task: Task) -> Dataset:
    """Data of a task's shape, zeros where its own would have to be brought."""
    if not task.needs_data:
        return task.load(None, 0)
    if task.name.startswith("ptb"):
        letters = "".join(chr(ord("A") + k) for k in range(50))
        few = letters * (30 * task.batch_size)
        return text_data("letters", numbered(few, few[: len(few) // 4]), sha256="made up")
    if isinstance(task, GanTask):
        images = torch.zeros(4 * task.batch_size, 3, 32, 32, dtype=torch.uint8)
        # Large features, so that a distance of 1, which is what comes from the device, is better than failure.
        torch.manual_seed(0)
        network = nn.Sequential(nn.AvgPool2d(16), nn.Flatten(), nn.Linear(12, 8))
        pooled = Features("pooled pixels", 8, (3, 32, 32), network, "0" * 64, lambda images: 10 * images)
        return gan_data("zeros", images, images[:64], pooled, 64, "0" * 64, "zeros")
    channels, side = (1, 28) if task.name.startswith("fashion") else (3, 32)
    x = torch.zeros(STEPS * task.batch_size, channels, side, side, dtype=torch.uint8)
    y = torch.zeros(len(x), dtype=torch.int64)
    scale = ((125.0,) * channels, (60.0,) * channels)
    filters = torch.zeros(12, 3, 2, 2) if task.name == "cifar10-convnet" else None
    few = task.batch_size // 2
    return Dataset("zeros", x, y, x[:few], y[:few], "0" * 64, normalize=scale, filters=filters)


def few_steps(task: Task, data: Dataset) -> tuple[Task, Dataset]:
    """The same task with as few steps as make an epoch of more than one, and short segments of a text."""
    if isinstance(task, LanguageTask):
        task = replace(task, segment=min(task.segment, 12))
    kind = procedure_of(task)
    whole = kind.size(task, data)
    return kind.part(task, data, replace(whole, steps=min(STEPS, whole.steps), evaluation=min(whole.evaluation, 0.5)))


def trains(name: str, optimizer: str = "adam", backend: str | None = None, keep: bool = True) -> dict[str, Any]:
    """Train a few cells for two epochs; what was seen of it."""
    task = get_task(name)
    rule = get_rule(optimizer)
    task, data = few_steps(task, stand_in(task))
    with simulated():
        planned = measure(task, data, rule, DEVICE, CELLS, backend).memory
    with simulated() as watch:
        hyper = {rule.rate: np.full(CELLS, 1e-3)}
        kept: list[bytes] = []
        result = train_block(
            task,
            data,
            rule,
            hyper,
            0,
            epochs=2,
            device=DEVICE,
            backend=backend,
            on_epoch=(lambda snapshot: kept.append(snapshot.keeping()())) if keep else None,
        )
    return {
        "value": result.value.tolist(),
        "recordings": watch.recordings,
        "replays": watch.replays,
        "peak": watch.peak,
        "planned": planned,
        "kept": len(kept),
        "to_host": watch.to_host,
        "operations": sorted(watch.recorded),
    }


def _layer(inputs: int, outputs: int, pool: bool) -> list[nn.Module]:
    convolution = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
    return [convolution, *([nn.MaxPool2d(2)] if pool else []), nn.BatchNorm2d(outputs), nn.ReLU()]


def first_convnet() -> nn.Module:
    """The network that `cifar10-convnet` had when its memory and traffic were first counted."""
    return nn.Sequential(
        *_layer(3, 32, pool=True),
        *_layer(32, 64, pool=True),
        *_layer(64, 128, pool=False),
        *_layer(128, 256, pool=True),
        *_layer(256, 256, pool=False),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(256, 10),
    )


def first_task() -> tuple[Task, Dataset]:
    task = replace(get_task("cifar10-convnet"), network=first_convnet, batch_size=128)
    x, y = torch.zeros(4 * 128, 3, 32, 32, dtype=torch.uint8), torch.zeros(4 * 128, dtype=torch.int64)
    return task, Dataset("zeros", x, y, x, y, "0" * 64, normalize=((125.0,) * 3, (60.0,) * 3))


def traffic(cells: int, backend: str = "grouped") -> tuple[dict[str, int], int]:
    """Bytes that one recorded step of the first convnet moves, by operation; and the most in use, training and
    judging."""
    task, data = first_task()
    watch = Watch()
    with simulated(watch):
        hyper = {"alpha": np.full(cells, 1e-3)}
        train_block(task, data, get_rule("adam"), hyper, 0, epochs=2, device=DEVICE, backend=backend)
    return dict(watch.recorded), watch.peak


PARTS = {
    "convolution": ("convolution", "convolution_backward"),
    "pooling": ("max_pool2d_with_indices", "max_pool2d_with_indices_backward", "mean", "div"),
    "norm": ("native_batch_norm", "native_batch_norm_backward", "cudnn_batch_norm", "cudnn_batch_norm_backward"),
    "ReLU": ("relu_", "threshold_backward"),
    "layout": ("copy_", "_to_copy", "cat", "clone"),
    "rule": ("addcmul", "addcdiv", "lerp", "pow", "add_", "sqrt", "mul_"),
}


def part_of(operation: str) -> str:
    """The part of a step that an operation belongs to."""
    return next((part for part, names in PARTS.items() if operation in names), "rest")


def misuses(which: str) -> None:
    """Record a step that does what it must not."""

    def step(state: Any, inputs: torch.Tensor, targets: torch.Tensor, hyper: Any) -> tuple[Any, torch.Tensor]:
        losses = state.sum(dim=1).double()
        match which:
            case "item":
                losses = losses * float(losses[0])
            case "to_host":
                losses.cpu()
            case "from_host":
                losses = losses + torch.ones(len(losses)).to(DEVICE)
            case "draw":
                losses = losses + torch.rand(len(losses), device=DEVICE)
            case "mixed":
                losses = losses + torch.ones(len(losses))
        return state, losses

    with simulated():
        state = torch.zeros(CELLS, 2, device=DEVICE)
        graphs.RecordedStep(step, state, state, state, {"alpha": state})
