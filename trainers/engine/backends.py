"""Select the execution backend of a network: `vmap` runs any network, a faster one only layers that it knows."""

import importlib.util

import torch
from torch import nn

from trainers.engine.grouped import Grouped
from trainers.engine.program import read
from trainers.engine.stack import Stacked, TensorLayout, VmapStacked

BACKENDS = ("vmap", "direct", "grouped", "channels_last")
"""The simple one; on a CPU direct convolutions in register tiles and batched matrix products; on a GPU grouped
convolutions (images) in torch's memory format, and in that of tensor cores."""

FORMER = {"compiled": "direct", "batch_last": "direct"}
"""Backends of earlier versions, whose folders of sweeps name them, and what runs in their place."""


def stack(network: nn.Module, dims: int, device: torch.device, backend: str | None = None) -> Stacked:
    """The network for all cells at once.

    Args:
        network: any plain module.
        dims: of its input `[batch, ...]`.
        device: where it will run.
        backend: one of `BACKENDS` or `FORMER`; by default `direct` on a CPU and `grouped` on a GPU where every layer is
            known, else `vmap`. The choice follows from the network alone, so that every machine and every block makes
            the same one; only without numba, as on a machine that trains from a copy of the source alone, it is `vmap`.

    Raises:
        ValueError: there is no such backend, or it does not know a layer of this network.
    """
    if backend not in (None, *BACKENDS, *FORMER):
        raise ValueError(f"unknown backend '{backend}' (known: {', '.join(BACKENDS)})")
    asked = None if backend is None else FORMER.get(backend, backend)
    program = None if asked == "vmap" else read(network, dims)
    if program is None:
        if asked not in (None, "vmap"):
            raise ValueError(f"{backend} does not know every layer of this network")
        return VmapStacked(network)
    layout = TensorLayout(network)
    match asked or ("grouped" if device.type == "cuda" else "direct" if has_numba() else "vmap"):
        case "grouped":
            return Grouped(program, layout)
        case "channels_last":
            return Grouped(program, layout, torch.channels_last)
        case "direct":
            if not has_numba():
                raise ValueError("direct needs numba")
            from trainers.engine.direct.network import Direct

            return Direct(program, layout)
        case _:
            return VmapStacked(network)


def has_numba() -> bool:
    """Whether numba, which compiles `direct`, is installed."""
    try:
        return importlib.util.find_spec("numba") is not None
    except ImportError:  # where something keeps it from being found
        return False
