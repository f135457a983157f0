"""A program of known layers, with direct convolutions of a few cells at a time, so that they stay in the cache."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from trainers.engine.direct import LANES, features
from trainers.engine.direct.layers import How, Layer
from trainers.engine.program import Instruction, last_uses
from trainers.engine.stack import Buffers, TensorLayout

TOGETHER = 4 << 20
"""Results of layers, in numbers, that the cells which go through the program together may have: what they leave for
the backward pass then stays in the last-level cache, and small networks still share the cost of a call."""


class Direct:
    """Runs a program of known layers.

    Args:
        program: as `read` gives it.
        layout: where the module's parameters lie.
    """

    def __init__(self, program: list[Instruction], layout: TensorLayout) -> None:
        self.program, self.layout = fuse_norms(program), layout
        self._convolves = any(instruction.kind == "conv" for instruction in program)
        self._done = last_uses(self.program)
        self._latest: tuple[Tensor, int, Tensor] | None = None

    def __call__(self, params: Tensor, buffers: Buffers, inputs: Tensor, training: bool) -> Tensor:
        """See `trainers.engine.stack.Stacked`."""
        laid, few = self._laid(inputs), self.together(inputs)
        outputs = []
        for at, part in enumerate(params.split(few)):
            cells = slice(few * at, few * (at + 1))
            own = {name: b[cells] for name, b in buffers.items()}
            outputs.append(self._cells(part, own, laid if len(laid) == 1 else laid[cells], inputs.shape[1], training))
        return outputs[0] if len(outputs) == 1 else torch.cat(outputs)

    def together(self, inputs: Tensor) -> int:
        """For how many cells at once a forward and a backward pass are fastest. No value depends on it."""
        if not self._convolves:
            return 1 << 30
        return max(1, TOGETHER // max(1, inputs.shape[1] * self._results(*inputs.shape[3:])))

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

    def _laid(self, inputs: Tensor) -> Tensor:
        """The inputs in slices where they are convolved, which are kept, since the next cells often share them; else as
        features, or images to be flattened, with the batch last."""
        if not self._convolves:
            return inputs.movedim(1, -1).contiguous()
        if self._latest is None or self._latest[0] is not inputs or self._latest[1] != inputs._version:
            self._latest = inputs, inputs._version, to_slices(inputs)
        return self._latest[2]

    def _cells(self, params: Tensor, buffers: Buffers, inputs: Tensor, batch: int, training: bool) -> Tensor:
        tensors = {**buffers, **self.layout.views(params)}
        # Results that all cells share, as the input where one seed's cells train, have a first dimension of 1.
        results: dict[int, Tensor] = {-1: inputs}
        for at, instruction in enumerate(self.program):
            own = {role: tensors[name] for role, name in instruction.tensors.items()}
            values = [results[source] for source in instruction.inputs]
            results[at] = _layer(instruction, values, own, training, len(params), batch)
            for source in self._done[at]:
                del results[source]
        return results[len(self.program) - 1].transpose(1, 2)


def _layer(
    instruction: Instruction, values: list[Tensor], tensors: dict[str, Tensor], training: bool, cells: int, batch: int
) -> Tensor:
    """The result of a layer, whose input is of six dimensions where it is in slices."""
    x, numbers = values[0], instruction.numbers
    match instruction.kind:
        case "linear":
            return features.linear(tensors["weight"], x.expand(cells, *x.shape[1:]), tensors.get("bias"))
        case "conv":
            how, bias = How(batch, numbers["stride"], numbers["padding"]), tensors.get("bias")
            y = Layer.apply(x, tensors["weight"], None, None, None, None, how)[0]
            return y if bias is None else y + bias.view(len(bias), 1, 1, 1, -1, 1)
        case "norm" if x.dim() == 3:
            return features.norm(x, tensors, training, numbers["eps"], numbers["momentum"], numbers["relu"])
        case "norm" | "conv_norm":
            return _norm(x, tensors, numbers, training, batch)
        case "relu":
            return x.relu()
        case "identity":
            return x
        case "flatten":
            return from_slices(x, batch).flatten(1, 3) if x.dim() == 6 else x.flatten(1, -2)
        case "max_pool":
            size = numbers["size"]
            high, wide = x.shape[2] // size, x.shape[3] // size
            whole = x[:, :, : high * size, : wide * size]
            return whole.unflatten(3, (wide, size)).unflatten(2, (high, size)).amax(dim=(3, 5))
        case "mean":
            return x.mean(dim=(2, 3), keepdim=True)
        case "add":
            return x + values[1]
    raise NotImplementedError(instruction.kind)


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
    """A batch norm of slices, after the convolution with its `filter` where there is one."""
    mean, variance = tensors["running_mean"], tensors["running_var"]
    how = How(batch, numbers.get("stride", 1), numbers.get("padding", 0), numbers["eps"], numbers["relu"], training)
    known = (None, None) if training else (mean, variance)
    y, batch_mean, batch_variance = Layer.apply(
        x, tensors.get("filter"), tensors["weight"], tensors["bias"], *known, how
    )
    if training:
        positions = batch * y.shape[2] * y.shape[3]
        features.update_statistics(mean, variance, batch_mean, batch_variance, numbers["momentum"], positions)
    return y
