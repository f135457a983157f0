"""Which way a network is run: the simple one always can, a faster one only where it knows every layer."""

import importlib
from types import ModuleType

import torch
from torch import Tensor, nn
from torch.func import vmap
from torch.nn import functional

from trainers.engine.batch_last import BatchLast
from trainers.engine.grouped import Grouped
from trainers.engine.program import read
from trainers.engine.stack import Layout, Stacked, VmapStacked
from trainers.task import Task

WAYS = ("vmap", "batch_last", "compiled", "grouped", "channels_last")
"""The simple way; batches of matrix products, by torch or with numba's kernels (CPU only); grouped convolutions on
images as torch or as tensor cores have them."""


def stack(network: nn.Module, dims: int, device: torch.device, way: str | None = None) -> Stacked:
    """The network for all cells at once.

    Args:
        network: any plain module.
        dims: of its input, the batch among them.
        device: where it will run.
        way: one of `WAYS`; by default `compiled` on a CPU (`batch_last` without numba) and `grouped` on a GPU where
            every layer is known, else `vmap`.

    Raises:
        ValueError: there is no such way, or it does not know a layer of this network.
    """
    if way not in (None, *WAYS):
        raise ValueError(f"unknown way '{way}' (known: {', '.join(WAYS)})")
    program = None if way == "vmap" else read(network, dims)
    if program is None:
        if way not in (None, "vmap"):
            raise ValueError(f"{way} does not know every layer of this network")
        return VmapStacked(network)
    layout = Layout(network)
    match way or ("grouped" if device.type == "cuda" else "compiled"):
        case "grouped":
            return Grouped(program, layout)
        case "channels_last":
            return Grouped(program, layout, torch.channels_last)
        case "compiled":
            return BatchLast(program, layout, _compiled())
        case _:
            return BatchLast(program, layout)


def _compiled() -> ModuleType | None:
    """The compiled kernels, where numba can be had and finds a folder for what it compiled."""
    try:
        return importlib.import_module("trainers.engine.native")
    except (ImportError, RuntimeError):
        return None


def mean_losses(task: Task, outputs: Tensor, targets: Tensor) -> Tensor:
    """The task's loss for each cell `[cells]`, from outputs `[cells, batch, classes]` and targets `[batch]`."""
    if task.loss is functional.cross_entropy:
        every = functional.cross_entropy(outputs.transpose(1, 2), targets.expand(len(outputs), -1), reduction="none")
        return every.mean(dim=1)
    return vmap(task.loss, in_dims=(0, None))(outputs, targets)
