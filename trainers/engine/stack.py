"""Many copies of one plain module: their parameters side by side, and the simple way to run them all."""

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

Buffers = dict[str, Tensor]
"""What a module carries besides parameters (batch norm's running statistics), each `[cells, ...]`."""


class Stacked(Protocol):
    """A network run for all cells at once."""

    def __call__(self, params: Tensor, buffers: Buffers, inputs: Tensor, training: bool) -> Tensor:
        """Outputs `[cells, batch, ...]` from params `[cells, n]` and inputs `[batch, ...]` shared by all cells.

        Differentiable in params. In training, buffers are updated in place.
        """


def trained(network: nn.Module) -> dict[str, nn.Parameter]:
    """The parameters that are trained, in the order of `named_parameters`; frozen ones stay in the module."""
    return {name: parameter for name, parameter in network.named_parameters() if parameter.requires_grad}


class Layout:
    """Where each trained tensor of a module lies in a cell's flat row of parameters."""

    def __init__(self, network: nn.Module) -> None:
        named = trained(network)
        self.names = tuple(named)
        self.shapes = tuple(p.shape for p in named.values())
        self.sizes = tuple(p.numel() for p in named.values())

    def views(self, params: Tensor) -> dict[str, Tensor]:
        """Each tensor `[cells, *shape]`, a view of params `[cells, n]`."""
        pieces = params.split(self.sizes, dim=1)
        return {
            name: piece.view(-1, *shape) for name, shape, piece in zip(self.names, self.shapes, pieces, strict=True)
        }


def initial(
    make: Callable[[], nn.Module], cells: int, seed: int, device: torch.device, dtype: torch.dtype
) -> tuple[nn.Module, Tensor, Buffers]:
    """The module a seed makes, and `cells` equal copies of what it holds.

    Initialised on the CPU, so that every device starts from the same numbers. Returns the module, its parameters
    `[cells, n]` and its buffers.
    """
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        network = make()
    network.to(device=device, dtype=dtype)
    row = torch.cat([p.detach().reshape(-1) for p in trained(network).values()])
    buffers = {
        name: b.detach().expand(cells, *b.shape).clone(memory_format=torch.contiguous_format)
        for name, b in network.named_buffers()
    }
    return network, row.expand(cells, -1).contiguous(), buffers


class VmapStacked:
    """Any module, by `torch.func.vmap` over `functional_call`: the simple way, and the oracle of the faster ones."""

    def __init__(self, network: nn.Module) -> None:
        self.network = network
        self.layout = Layout(network)

    def __call__(self, params: Tensor, buffers: Buffers, inputs: Tensor, training: bool) -> Tensor:
        self.network.train(training)

        def one(cell_params: dict[str, Tensor], cell_buffers: Buffers) -> Tensor:
            return functional_call(self.network, (cell_params, cell_buffers), (inputs,))

        # randomness="same": dropout must not tell cells apart, else a cell would depend on its block.
        return vmap(one, randomness="same")(self.layout.views(params), buffers)
