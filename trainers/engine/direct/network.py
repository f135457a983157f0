"""A program of known layers with direct convolutions, a few cells at a time, so that they stay in the cache."""

from collections.abc import Mapping
from dataclasses import replace
from types import ModuleType
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from trainers.engine.batch_last import BatchLast
from trainers.engine.direct import LANES
from trainers.engine.direct.layers import Convolution, ConvolutionNorm, Norm, normalised
from trainers.engine.program import Instruction
from trainers.engine.stack import Buffers, TensorLayout

TOGETHER = 4 << 20
"""Results of layers, in numbers, that the cells which go through the program together may have: what they leave for
the backward pass then stays in the last-level cache, and small networks still share the cost of a call."""


class Direct:
    """Runs a program whose input is images `[cells or 1, batch, channels, height, width]`.

    Args:
        program: as `read` gives it.
        layout: where the module's parameters lie.
        compiled: the module of compiled kernels for features (`native`).
    """

    def __init__(self, program: list[Instruction], layout: TensorLayout, compiled: ModuleType | None) -> None:
        self.program, self.layout = fuse_norms(program), layout
        self.features = BatchLast(program, layout, compiled)
        self._latest: tuple[Tensor, int, Tensor] | None = None

    def __call__(self, params: Tensor, buffers: Buffers, inputs: Tensor, training: bool) -> Tensor:
        """See `trainers.engine.stack.Stacked`."""
        images, few = self._slices(inputs), self.together(inputs)
        outputs = []
        for at, part in enumerate(params.split(few)):
            cells = slice(few * at, few * (at + 1))
            own = {name: b[cells] for name, b in buffers.items()}
            given = images if len(images) == 1 else images[cells]
            outputs.append(self._cells(part, own, given, inputs.shape[1], training))
        return outputs[0] if len(outputs) == 1 else torch.cat(outputs)

    def together(self, inputs: Tensor) -> int:
        """For how many cells at once a forward and a backward pass are fastest. No value depends on it."""
        _, batch, _, height, width = inputs.shape
        return max(1, TOGETHER // max(1, batch * self._results(height, width)))

    def _results(self, height: int, width: int) -> int:
        """Numbers that the convolutions put out for one image of that size."""
        total, sizes = 0, {-1: (height, width)}
        shapes = dict(zip(self.layout.names, self.layout.shapes, strict=True))
        for at, instruction in enumerate(self.program):
            high, wide = sizes[instruction.inputs[0]]
            numbers = instruction.numbers
            filters = instruction.tensors.get("filter" if instruction.kind == "conv_norm" else "weight")
            if instruction.kind in ("conv", "conv_norm") and filters is not None:
                outs, _, size, _ = shapes[filters]
                high, wide = ((n + 2 * numbers["padding"] - size) // numbers["stride"] + 1 for n in (high, wide))
                total += outs * high * wide
            elif instruction.kind == "max_pool":
                high, wide = high // numbers["size"], wide // numbers["size"]
            sizes[at] = high, wide
        return total

    def _slices(self, inputs: Tensor) -> Tensor:
        """The inputs in slices; those of the latest call are kept, since the next cells often share them."""
        if self._latest is None or self._latest[0] is not inputs or self._latest[1] != inputs._version:
            self._latest = inputs, inputs._version, to_slices(inputs)
        return self._latest[2]

    def _cells(self, params: Tensor, buffers: Buffers, images: Tensor, batch: int, training: bool) -> Tensor:
        tensors = {**buffers, **self.layout.views(params)}
        results: dict[int, Tensor] = {-1: images}
        for at, instruction in enumerate(self.program):
            own = {role: tensors[name] for role, name in instruction.tensors.items()}
            values = [results[source] for source in instruction.inputs]
            results[at] = self._layer(instruction, values, own, training, len(params), batch)
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
                    return from_slices(x, batch).flatten(1, 3)
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
    """Images `[cells, batch, channels, height, width]` as `[cells, slices, height, width, channels, LANES]`.

    Places that are left in the last slice are filled with zeros.
    """
    missing = -images.shape[1] % LANES
    if missing:
        images = functional.pad(images, (0, 0) * 3 + (0, missing))
    return images.unflatten(1, (-1, LANES)).permute(0, 1, 4, 5, 3, 2).contiguous()


def from_slices(x: Tensor, batch: int) -> Tensor:
    """Activations `[cells, slices, height, width, channels, LANES]` as `[cells, channels, height, width, batch]`."""
    return x.permute(0, 4, 2, 3, 1, 5).flatten(4)[..., :batch]


def _norm(x: Tensor, tensors: dict[str, Tensor], numbers: Mapping[str, Any], training: bool, batch: int) -> Tensor:
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
