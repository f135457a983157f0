"""Select the execution backend of a network: `vmap` runs any network, a faster one only layers that it knows."""

import importlib
from types import ModuleType

import torch
from torch import nn

from trainers.engine.batch_last import BatchLast
from trainers.engine.grouped import Grouped
from trainers.engine.program import read
from trainers.engine.stack import Stacked, TensorLayout, VmapStacked

BACKENDS = ("vmap", "batch_last", "compiled", "direct", "grouped", "channels_last")
"""The simple one; on a CPU batched matrix products by torch alone, the same with kernels that numba compiles, and
direct convolutions in register tiles (images); on a GPU grouped convolutions (images) in torch's memory format, and in
that of tensor cores."""

LARGE = 10_000
"""Weights of a network's convolutions from which on `direct` is the default on a CPU, measured by `make bench`."""


def stack(network: nn.Module, dims: int, device: torch.device, backend: str | None = None) -> Stacked:
    """The network for all cells at once.

    Args:
        network: any plain module.
        dims: of its input `[batch, ...]`.
        device: where it will run.
        backend: one of `BACKENDS`; by default `direct` or `compiled` on a CPU (`batch_last` without numba) and
            `grouped` on a GPU where every layer is known, else `vmap`.

    Raises:
        ValueError: there is no such backend, or it does not know a layer of this network.
    """
    if backend not in (None, *BACKENDS):
        raise ValueError(f"unknown backend '{backend}' (known: {', '.join(BACKENDS)})")
    program = None if backend == "vmap" else read(network, dims)
    if program is None:
        if backend not in (None, "vmap"):
            raise ValueError(f"{backend} does not know every layer of this network")
        return VmapStacked(network)
    layout = TensorLayout(network)
    match backend or ("grouped" if device.type == "cuda" else default_on_cpu(network, dims)):
        case "grouped":
            return Grouped(program, layout)
        case "channels_last":
            return Grouped(program, layout, torch.channels_last)
        case "direct" if dims == 4:  # of features alone there is nothing to convolve
            if _compiled() is None:
                raise ValueError("direct needs numba")
            from trainers.engine.direct.network import Direct

            return Direct(program, layout, _compiled())
        case "compiled" | "direct":
            return BatchLast(program, layout, _compiled())
        case _:
            return BatchLast(program, layout)


def default_on_cpu(network: nn.Module, dims: int) -> str:
    """The default on a CPU: `direct` for large convolutions, else `compiled`; `vmap` for unknown layers.

    The choice follows from the network alone, so that every machine and every block makes the same one; only where
    numba was not installed it is `batch_last`, which rounds otherwise.
    """
    program = read(network, dims)
    if program is None:
        return "vmap"
    if _compiled() is None:
        return "batch_last"
    tensors = dict(network.named_parameters())
    weights = sum(tensors[i.tensors["weight"]].numel() for i in program if i.kind == "conv")
    return "direct" if weights >= LARGE else "compiled"


def _compiled() -> ModuleType | None:
    """The compiled kernels; None without numba, as on a machine that trains from a copy of the source alone."""
    try:
        return importlib.import_module("trainers.engine.native")
    except ImportError:
        return None
