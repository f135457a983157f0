"""Many copies of one plain module: their parameters side by side, and the simple backend that runs them all, `vmap`."""

import warnings
from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor, nn
from torch.autograd import Function
from torch.func import functional_call, vmap

# Torch warns of operations that vmap runs one cell at a time; users can do nothing about it.
warnings.filterwarnings("ignore", message="There is a performance drop")

Buffers = dict[str, Tensor]
"""What a module carries besides parameters (batch norm's running statistics), each `[cells, ...]`."""


class Stacked(Protocol):
    """A network run for all cells at once."""

    def __call__(self, params: Tensor, buffers: Buffers, inputs: Tensor, training: bool) -> Tensor:
        """Outputs `[cells, batch, ...]` from params `[cells, n]` and inputs `[cells, batch, ...]`.

        Inputs that all cells share are `[1, batch, ...]`. A cell's outputs are the same either way. Differentiable in
        params. In training, buffers are updated in place.
        """


@runtime_checkable
class FewAtOnce(Protocol):
    """A stacked network whose forward and backward passes are fastest for a few cells at a time."""

    def together(self, inputs: Tensor) -> int:
        """For how many cells, with such inputs. No value depends on it."""


def trained(network: nn.Module) -> dict[str, nn.Parameter]:
    """The parameters that are trained, in the order of `named_parameters`; frozen ones stay in the module."""
    return {name: parameter for name, parameter in network.named_parameters() if parameter.requires_grad}


class TensorLayout:
    """The places of a module's trained tensors in a cell's flat row of parameters."""

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
    make: Callable[[], nn.Module], seeds: Tensor, device: torch.device, dtype: torch.dtype
) -> tuple[nn.Module, Tensor, Buffers]:
    """The module that the first seed makes, and what the modules of all cells hold.

    Initialised on the CPU, so that every device starts from the same numbers. Returns the module, the parameters
    `[cells, n]` and the buffers. Frozen parameters stay in the module where all cells have one seed, and are among
    the buffers where they differ from cell to cell.

    Args:
        make: makes a module, drawing from torch's global generator.
        seeds: of the cells, int64 `[cells]`.
        device, dtype: where, and in what precision.
    """
    distinct, place = torch.unique(seeds, return_inverse=True)
    networks = [_made(make, int(seed)).to(device=device, dtype=dtype) for seed in distinct]
    first = networks[int(place[0])]
    place = place.to(device)
    rows = [torch.cat([p.detach().reshape(-1) for p in trained(network).values()]) for network in networks]
    held = [dict(network.named_buffers()) for network in networks]
    if len(networks) > 1:
        for network, mine in zip(networks, held, strict=True):
            mine |= {name: p for name, p in network.named_parameters() if not p.requires_grad}
    buffers = {name: torch.stack([mine[name].detach() for mine in held])[place] for name in held[0]}
    return first, torch.stack(rows)[place], buffers


def _made(make: Callable[[], nn.Module], seed: int) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        return make()


class _ContiguousGrad(Function):
    """Its argument; the gradient that comes back is contiguous."""

    @staticmethod
    def forward(ctx: Any, outputs: Tensor) -> Tensor:
        return outputs.view_as(outputs)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        return grad.contiguous()


class VmapStacked:
    """Any module, by `torch.func.vmap` over `functional_call`: the simple backend, the oracle of the faster ones.

    On a CPU a cell's numbers are the same whatever the others are: inputs that cells share are given to each as its
    own, a cell alone runs next to a copy of itself, and gradients come in one memory layout. Torch computes products
    that are not batched, batched over one, or of transposed matrices by other routines, which round otherwise. Only
    its batched convolutions and batch norms are out of reach: there the last digit may depend on the number of cells.
    """

    def __init__(self, network: nn.Module) -> None:
        self.network = network
        self.layout = TensorLayout(network)

    def __call__(self, params: Tensor, buffers: Buffers, inputs: Tensor, training: bool) -> Tensor:
        """See `Stacked`."""
        self.network.train(training)
        if params.device.type == "cpu":
            inputs = inputs.expand(len(params), *inputs.shape[1:]).contiguous()
            if len(params) == 1:
                return self._doubled(params, buffers, inputs)
        shared = len(inputs) == 1
        return self._mapped(params, buffers, inputs[0] if shared else inputs, shared)

    def _mapped(self, params: Tensor, buffers: Buffers, inputs: Tensor, shared: bool) -> Tensor:
        def one(cell_params: dict[str, Tensor], cell_buffers: Buffers, cell_inputs: Tensor) -> Tensor:
            return functional_call(self.network, (cell_params, cell_buffers), (cell_inputs,))

        # randomness="same": dropout must not tell cells apart, else a cell would depend on its block.
        mapped = vmap(one, in_dims=(0, 0, None if shared else 0), randomness="same")
        outputs = mapped(self.layout.views(params), buffers, inputs)
        return _ContiguousGrad.apply(outputs) if params.device.type == "cpu" else outputs

    def _doubled(self, params: Tensor, buffers: Buffers, inputs: Tensor) -> Tensor:
        twice = {name: torch.cat((b, b)) for name, b in buffers.items()}
        outputs = self._mapped(torch.cat((params, params)), twice, torch.cat((inputs, inputs)), shared=False)
        for name, b in buffers.items():
            b.copy_(twice[name][:1])
        return outputs[:1]
