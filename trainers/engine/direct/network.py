"""A program of known layers with direct convolutions, a few cells at a time, so that they stay in the cache."""

from dataclasses import replace
from types import ModuleType

import torch
from torch import Tensor
from torch.nn import functional

from trainers.engine.batch_last import BatchLast
from trainers.engine.direct import LANES
from trainers.engine.direct.layers import Convolution, ConvolutionNorm, Norm, normalised
from trainers.engine.program import Instruction
from trainers.engine.stack import Buffers, Layout

TOGETHER = 1 << 20
"""Activations (numbers that enter the program's layers) of the cells that go through it together."""


class Direct:
    """Runs a program whose input is images `[batch, channels, height, width]`.

    Args:
        program: as `read` gives it.
        layout: where the module's parameters lie.
        compiled: the module of compiled kernels for features (`native`).
    """

    def __init__(self, program: list[Instruction], layout: Layout, compiled: ModuleType | None) -> None:
        self.program, self.layout = fuse_norms(program), layout
        self.features = BatchLast(program, layout, compiled)

    def __call__(self, params: Tensor, buffers: Buffers, inputs: Tensor, training: bool) -> Tensor:
        images, few = to_slices(inputs).unsqueeze(0), 1
        parts = params.split(few)
        return torch.cat(
            [
                self._cells(part, {n: b[few * at : few * (at + 1)] for n, b in buffers.items()}, images, inputs, training)
                for at, part in enumerate(parts)
            ]
        )

    def _cells(self, params: Tensor, buffers: Buffers, images: Tensor, inputs: Tensor, training: bool) -> Tensor:
        tensors = {**buffers, **self.layout.views(params)}
        results: dict[int, Tensor] = {-1: images}
        for at, instruction in enumerate(self.program):
            own = {role: tensors[name] for role, name in instruction.tensors.items()}
            values = [results[source] for source in instruction.inputs]
            results[at] = self._layer(instruction, values, own, training, len(params), len(inputs))
        return results[len(self.program) - 1].transpose(1, 2)

    def _layer(
        self,
        instruction: Instruction,
        values: list[Tensor],
        tensors: dict[str, Tensor],
        training: bool,
        cells: int,
        batch: int,
    ) -> Tensor:
        x, numbers = values[0], instruction.numbers
        if x.dim() == 6:
            match instruction.kind:
                case "conv":
                    y = Convolution.apply(x, tensors["weight"], numbers["stride"], numbers["padding"], batch)
                    bias = tensors.get("bias")
                    return y if bias is None else y + bias.view(len(bias), 1, 1, 1, -1, 1)
                case "norm" | "conv_norm":
                    return _norm(x, tensors, numbers, training, batch)
                case "flatten":
                    flat = from_slices(x, batch).flatten(1, 3)
                    return flat.squeeze(0) if instruction.shared else flat
        # Height and width lie where the other layout has them, and features are alike in both.
        return self.features._run(instruction, values, tensors, training, cells)


def fuse_norms(program: list[Instruction]) -> list[Instruction]:
    """A convolution whose result only a norm takes is done by the norm (`conv_norm`); itself it then does nothing."""
    users = [sum(i.inputs.count(at) for i in program) for at in range(len(program))]
    fused = list(program)
    for at, norm in enumerate(program):
        source = norm.inputs[0]
        if norm.kind != "norm" or source < 0 or users[source] != 1:
            continue
        conv = program[source]
        if conv.kind == "conv" and "bias" not in conv.tensors:
            tensors = {**norm.tensors, "filter": conv.tensors["weight"]}
            numbers = {**norm.numbers, **conv.numbers}
            fused[at] = Instruction("conv_norm", conv.inputs, conv.shared, tensors, numbers)
            fused[source] = replace(conv, kind="identity", tensors={})
    return fused


def to_slices(images: Tensor) -> Tensor:
    """Images `[batch, channels, height, width]` as `[slices, height, width, channels, LANES]`, filled up with zeros."""
    missing = -len(images) % LANES
    if missing:
        images = functional.pad(images, (0, 0) * 3 + (0, missing))
    return images.unflatten(0, (-1, LANES)).permute(0, 3, 4, 2, 1).contiguous()


def from_slices(x: Tensor, batch: int) -> Tensor:
    """Activations `[cells, slices, height, width, channels, LANES]` as `[cells, channels, height, width, batch]`."""
    return x.permute(0, 4, 2, 3, 1, 5).flatten(4)[..., :batch]


def _norm(x: Tensor, tensors: dict[str, Tensor], numbers: dict[str, float], training: bool, batch: int) -> Tensor:
    weight, bias, filters = tensors["weight"], tensors["bias"], tensors.get("filter")
    mean, variance = tensors["running_mean"], tensors["running_var"]
    eps, relu = numbers["eps"], bool(numbers["relu"])
    if not training:
        if filters is not None:
            x = Convolution.apply(x, filters, numbers["stride"], numbers["padding"], batch)
        return normalised(x, weight, bias, mean, variance, eps, relu)
    if filters is None:
        y, batch_mean, batch_variance = Norm.apply(x, weight, bias, eps, relu, batch)
    else:
        y, batch_mean, batch_variance = ConvolutionNorm.apply(
            x, filters, weight, bias, numbers["stride"], numbers["padding"], eps, relu, batch
        )
    mean.lerp_(batch_mean, numbers["momentum"])
    positions = batch * y.shape[2] * y.shape[3]
    variance.lerp_(batch_variance * (positions / (positions - 1)), numbers["momentum"])
    return y
