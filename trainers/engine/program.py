"""Translate a plain module into a list of known layers, which the fast backends run."""

import operator
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import fx, nn
from torch.nn import functional

FUNCTIONS: dict[Any, str] = {
    functional.relu: "relu",
    torch.relu: "relu",
    operator.add: "add",
    operator.iadd: "add",
    torch.add: "add",
    torch.flatten: "flatten",
}
METHODS: dict[Any, str] = {"relu": "relu", "flatten": "flatten", "add": "add"}


@dataclass(frozen=True)
class Instruction:
    """One layer.

    Args:
        kind: `linear`, `conv`, `norm`, `relu`, `flatten`, `max_pool`, `mean` (over all positions) or `add`.
        inputs: positions of the instructions whose results it takes; −1 is the network's input.
        shared: whether its input is still the network's own, which all cells of one seed share.
        tensors: names of the parameters and buffers it uses, by their role; an absent one is not here.
        numbers: stride, padding, size, eps, momentum; `dims` of the input where only that is known; `relu`, whether
            a norm is followed by one.
    """

    kind: str
    inputs: tuple[int, ...]
    shared: bool
    tensors: Mapping[str, str] = field(default_factory=dict)
    numbers: Mapping[str, Any] = field(default_factory=dict)


def last_uses(program: list[Instruction]) -> list[tuple[int, ...]]:
    """For each instruction, the results that no later one takes: their memory is free once it is done.

    The last result is the network's, and stays; −1, the network's input, goes as the others do.
    """
    last = {source: at for at, instruction in enumerate(program) for source in instruction.inputs}
    return [tuple(source for source, use in last.items() if use == at) for at in range(len(program))]


class Unknown(Exception):
    """A layer that the fast backends do not know."""


def read(network: nn.Module, dims: int) -> list[Instruction] | None:
    """The module's program; None where any layer is unknown, so that only `vmap` can run it.

    Args:
        network: any plain module.
        dims: of its input: 2 for `[batch, features]`, 4 for images `[batch, channels, height, width]`.
    """
    if dims not in (2, 4) or not all(p.requires_grad for p in network.parameters()):
        return None
    was_training = network.training
    try:
        graphs = [fx.Tracer().trace(network.train(mode)) for mode in (True, False)]
        if str(graphs[0]) != str(graphs[1]):
            return None
        return _fuse_relu(_Reader(network, dims).instructions(graphs[0]))
    except Exception:
        # Tracing runs the user's code on symbolic values: any exception there means that it cannot be translated.
        return None
    finally:
        network.train(was_training)


class _Reader:
    def __init__(self, network: nn.Module, dims: int) -> None:
        self.network, self.dims = network, dims
        self.names = {id(t): name for name, t in (*network.named_parameters(), *network.named_buffers())}

    def instructions(self, graph: fx.Graph) -> list[Instruction]:
        position: dict[fx.Node, int] = {}
        program: list[Instruction] = []
        dims = {-1: self.dims}  # of each result: a layer known for images may do something else to features
        for node in graph.nodes:
            if node.op == "placeholder":
                if position or node.args:
                    raise Unknown("more than one input")
                position[node] = -1
            elif node.op == "output":
                if not program or not isinstance(node.args[0], fx.Node) or position[node.args[0]] != len(program) - 1:
                    raise Unknown("the output is not the last layer's")
                if dims[position[node.args[0]]] != 2:
                    raise Unknown("the output is not one row for each example")
            else:
                kind, inputs, tensors, numbers = self._layer(node)
                sources = tuple(position[source] for source in inputs)
                shared = [
                    source == -1 or (program[source].kind == "flatten" and program[source].shared) for source in sources
                ]
                if any(shared) and kind not in ("linear", "conv", "flatten"):
                    raise Unknown(f"{kind} on the network's input")
                if {dims[source] for source in sources} - {numbers.get("dims", dims[sources[0]])}:
                    raise Unknown(f"{kind} on an input of other dimensions")
                if kind == "identity":
                    position[node] = sources[0]
                    continue
                position[node] = len(program)
                dims[len(program)] = 2 if kind == "flatten" else dims[sources[0]]
                program.append(Instruction(kind, sources, any(shared), tensors, numbers))
        return program

    def _layer(self, node: fx.Node) -> tuple[str, tuple[fx.Node, ...], dict[str, str], dict[str, Any]]:
        inputs = tuple(a for a in node.args if isinstance(a, fx.Node))
        if self._in_place(node) and inputs and len(inputs[0].users) > 1:
            raise Unknown("a result changed in place that others take as well")
        if node.op == "call_module":
            module = self.network.get_submodule(str(node.target))
            if len(inputs) != 1 or len(node.args) != 1 or node.kwargs or _hooked(module):
                raise Unknown(node.name)
            kind, roles, numbers = _module(module)
            tensors = {r: self.names[id(t)] for r in roles if (t := getattr(module, r)) is not None}
            return kind, inputs, tensors, numbers
        kind = {**FUNCTIONS, **METHODS}.get(node.target, "")
        rest: tuple[Any, ...] = tuple(a for a in node.args if not isinstance(a, fx.Node))
        wanted: dict[str, tuple[int, Any]] = {"relu": (1, ()), "add": (2, ()), "flatten": (1, (1,))}
        options = dict(node.kwargs)
        options.pop("inplace", None)
        if kind == "flatten" and "start_dim" in options:
            rest = (*rest, options.pop("start_dim"))
        if kind not in wanted or (len(inputs), rest) != wanted[kind] or options:
            raise Unknown(node.name)
        return kind, inputs, {}, {}

    def _in_place(self, node: fx.Node) -> bool:
        module = self.network.get_submodule(str(node.target)) if node.op == "call_module" else None
        return node.target is operator.iadd or bool(node.kwargs.get("inplace") or getattr(module, "inplace", False))


def _hooked(module: nn.Module) -> bool:
    return bool(module._forward_hooks or module._forward_pre_hooks)


def _one(value: Any) -> int:
    """The number that holds for every dimension."""
    sizes = set(value) if isinstance(value, tuple) else {value}
    if len(sizes) != 1 or not isinstance(size := sizes.pop(), int):
        raise Unknown("unequal sizes")
    return size


def _module(module: nn.Module) -> tuple[str, tuple[str, ...], dict[str, Any]]:
    """Kind, roles of the tensors, and numbers; by exact type, since a subclass may do anything."""
    match module:
        case nn.Linear() if type(module) is nn.Linear:
            return "linear", ("weight", "bias"), {"dims": 2}
        case nn.Conv2d() if type(module) is nn.Conv2d:
            _one(module.kernel_size)
            plain = module.groups == 1 and _one(module.dilation) == 1 and module.padding_mode == "zeros"
            if not plain or isinstance(module.padding, str):
                raise Unknown("convolution")
            sizes = {"stride": _one(module.stride), "padding": _one(module.padding)}
            return "conv", ("weight", "bias"), {"dims": 4, **sizes}
        case nn.BatchNorm1d() | nn.BatchNorm2d() if type(module) in (nn.BatchNorm1d, nn.BatchNorm2d):
            if not module.affine or not module.track_running_stats or module.momentum is None:
                raise Unknown("batch norm")
            roles = ("weight", "bias", "running_mean", "running_var")
            numbers: dict[str, Any] = {"eps": module.eps, "momentum": module.momentum, "relu": False}
            return "norm", roles, {"dims": 2 if type(module) is nn.BatchNorm1d else 4, **numbers}
        case nn.ReLU() if type(module) is nn.ReLU:
            return "relu", (), {}
        case nn.Identity() if type(module) is nn.Identity:
            return "identity", (), {}
        case nn.Flatten() if type(module) is nn.Flatten and (module.start_dim, module.end_dim) == (1, -1):
            return "flatten", (), {}
        case nn.MaxPool2d() if type(module) is nn.MaxPool2d:
            size = _one(module.kernel_size)
            plain = _one(module.stride) == size and _one(module.padding) == 0 and _one(module.dilation) == 1
            if not plain or module.ceil_mode or module.return_indices:
                raise Unknown("pooling")
            return "max_pool", (), {"dims": 4, "size": size}
        case nn.AdaptiveAvgPool2d() if type(module) is nn.AdaptiveAvgPool2d and _one(module.output_size) == 1:
            return "mean", (), {"dims": 4}
        case _:
            raise Unknown(type(module).__name__)


def _fuse_relu(program: list[Instruction]) -> list[Instruction]:
    """A norm whose result only a ReLU takes does the ReLU as well; that one becomes a step that does nothing."""
    users = [sum(i.inputs.count(at) for i in program) for at in range(len(program))]
    fused = list(program)
    for at, instruction in enumerate(program):
        source = instruction.inputs[0]
        if instruction.kind == "relu" and source >= 0 and program[source].kind == "norm" and users[source] == 1:
            fused[source] = replace(program[source], numbers={**program[source].numbers, "relu": True})
            fused[at] = replace(instruction, kind="identity")
    return fused
