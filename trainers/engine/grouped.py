"""The GPU backends `grouped` and `channels_last`: convolutions with a group for each cell.

Activations are `[batch, cells·channels, height, width]`. The first convolution, where all cells share its input, is one
dense convolution with cells·channels results. Batch norm, ReLU and pooling run as for one wide network.
"""

import torch
from torch import Tensor
from torch.nn import functional

from trainers.engine.laid_out import LaidOut
from trainers.engine.program import Instruction, last_uses
from trainers.engine.stack import Buffers, TensorLayout


class Grouped:
    """Runs a program of known layers.

    Args:
        program: as `read` gives it.
        layout: where the module's parameters lie.
        memory_format: of images: `torch.contiguous_format` or `torch.channels_last`.
    """

    def __init__(
        self,
        program: list[Instruction],
        layout: TensorLayout,
        memory_format: torch.memory_format = torch.contiguous_format,
    ) -> None:
        self.program, self.layout, self.memory_format = program, layout, memory_format
        self._done = last_uses(program)
        roles = {name: instruction.kind for instruction in program for name in instruction.tensors.values()}
        self._products = tuple(roles[name] in ("conv", "linear") for name in layout.names)

    def __call__(self, params: Tensor, buffers: Buffers, inputs: Tensor, training: bool) -> Tensor:
        """See `trainers.engine.stack.Stacked`."""
        cells = len(params)
        low = torch.get_autocast_dtype(params.device.type) if torch.is_autocast_enabled(params.device.type) else None
        kinds = tuple(low if low is not None and product else params.dtype for product in self._products)
        laid = LaidOut.apply(params, self.layout, kinds, self.memory_format)
        # Channels, outputs and features of all cells side by side: `[cells·first dimension, ...]`.
        tensors = {name: b.flatten(0, 1) if b.dim() > 1 else b for name, b in buffers.items()}
        tensors |= dict(zip(self.layout.names, laid, strict=True))
        shared = len(inputs) == 1
        inputs = inputs.transpose(0, 1).flatten(1, 2)
        if inputs.dim() == 4:
            inputs = inputs.contiguous(memory_format=self.memory_format)
        results: dict[int, Tensor] = {-1: inputs}
        for at, instruction in enumerate(self.program):
            mine = {role: tensors[name] for role, name in instruction.tensors.items()}
            values = [results[source] for source in instruction.inputs]
            results[at] = self._run(instruction, values, mine, training, cells, shared and instruction.shared)
            del values
            for source in self._done[at]:
                del results[source]
        scores = results[len(self.program) - 1].flatten(1)
        return scores.view(len(scores), cells, -1).transpose(0, 1)

    def _run(
        self,
        instruction: Instruction,
        values: list[Tensor],
        tensors: dict[str, Tensor],
        training: bool,
        cells: int,
        shared: bool,
    ) -> Tensor:
        x, numbers = values[0], instruction.numbers
        match instruction.kind:
            case "linear":
                return _linear(x, tensors["weight"], tensors.get("bias"), shared, cells)
            case "conv":
                groups = 1 if shared else cells
                weight, bias = tensors["weight"], tensors.get("bias")
                return functional.conv2d(x, weight, bias, numbers["stride"], numbers["padding"], groups=groups)
            case "norm":
                mean, variance = tensors["running_mean"], tensors["running_var"]
                weight, bias = tensors["weight"], tensors["bias"]
                y = functional.batch_norm(
                    x, mean, variance, weight, bias, training, numbers["momentum"], numbers["eps"]
                )
                return functional.relu(y, inplace=True) if numbers["relu"] else y
            case "relu":
                return functional.relu(x)
            case "identity":
                return x
            case "flatten":
                return x.flatten(1)
            case "max_pool":
                return functional.max_pool2d(x, numbers["size"])
            case "mean":
                return x.mean(dim=(2, 3), keepdim=True)
            case "add":
                return x + values[1]
        raise NotImplementedError(instruction.kind)


def _linear(x: Tensor, weight: Tensor, bias: Tensor | None, shared: bool, cells: int) -> Tensor:
    """From `[batch, features]` where shared, else `[batch, cells·features]`, to `[batch, cells·outputs]`."""
    batch = len(x)
    own = x.expand(cells, *x.shape) if shared else x.view(batch, cells, -1).transpose(0, 1)
    y = torch.bmm(own, weight.unflatten(0, (cells, -1)).transpose(1, 2))
    if bias is not None:
        y = y + bias.view(cells, 1, -1)
    return y.transpose(0, 1).reshape(batch, -1)
