"""The CPU backends `batch_last` and `compiled`: batched matrix products on `[cells, channels, ..., batch]`."""

from types import ModuleType

import torch
from torch import Tensor
from torch.nn import functional

from trainers.engine import kernels
from trainers.engine.program import Instruction, last_uses
from trainers.engine.stack import Buffers, TensorLayout


class BatchLast:
    """Runs a program of known layers.

    Args:
        program: as `read` gives it.
        layout: where the module's parameters lie.
        compiled: the module of compiled kernels (`native`); None for those of torch alone.
    """

    def __init__(self, program: list[Instruction], layout: TensorLayout, compiled: ModuleType | None = None) -> None:
        self.program, self.layout, self.compiled = program, layout, compiled
        self._done = last_uses(program)

    def __call__(self, params: Tensor, buffers: Buffers, inputs: Tensor, training: bool) -> Tensor:
        """See `trainers.engine.stack.Stacked`."""
        tensors = {**buffers, **self.layout.views(params)}
        # Results that all cells share, as the input where one seed's cells train, have a first dimension of 1.
        results: dict[int, Tensor] = {-1: inputs.movedim(1, -1).contiguous()}
        for at, instruction in enumerate(self.program):
            mine = {role: tensors[name] for role, name in instruction.tensors.items()}
            values = [results[source] for source in instruction.inputs]
            results[at] = self._run(instruction, values, mine, training, len(params))
            for source in self._done[at]:
                del results[source]
        return results[len(self.program) - 1].transpose(1, 2)

    def _run(
        self, instruction: Instruction, values: list[Tensor], tensors: dict[str, Tensor], training: bool, cells: int
    ) -> Tensor:
        x, numbers = values[0], instruction.numbers
        match instruction.kind:
            case "linear":
                return _affine(tensors["weight"], x.expand(cells, *x.shape[1:]), tensors.get("bias"))
            case "conv":
                return self._convolve(instruction, x, tensors)
            case "norm":
                return self._norm(x, tensors, training, numbers["eps"], numbers["momentum"], numbers["relu"])
            case "relu":
                return x.relu()
            case "identity":
                return x
            case "flatten":
                return x.flatten(1, -2)
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

    def _convolve(self, instruction: Instruction, x: Tensor, tensors: dict[str, Tensor]) -> Tensor:
        weight, bias = tensors["weight"], tensors.get("bias")
        stride, padding, size = instruction.numbers["stride"], instruction.numbers["padding"], weight.shape[3]
        if self.compiled is not None and size == 3:
            y = self.compiled.Convolution.apply(x, weight, stride, padding)
        else:
            y = kernels.Convolution.apply(x, weight, stride, padding)
        return y if bias is None else y + bias.view(*bias.shape, 1, 1, 1)

    def _norm(
        self, x: Tensor, tensors: dict[str, Tensor], training: bool, eps: float, momentum: float, relu: bool
    ) -> Tensor:
        weight, bias = tensors["weight"], tensors["bias"]
        mean, variance = tensors["running_mean"], tensors["running_var"]
        flat = x.flatten(2).to(weight.dtype)  # statistics stay float32 where products are bfloat16
        if training:
            apply = (self.compiled or kernels).NormRelu.apply
            y, batch_mean, batch_variance = apply(flat, weight, bias, eps, relu)
            mean.lerp_(batch_mean, momentum)
            positions = flat.shape[2]
            variance.lerp_(batch_variance * (positions / (positions - 1)), momentum)
        else:
            scale = weight * (variance + eps).rsqrt()
            y = flat * scale.unsqueeze(2) + (bias - mean * scale).unsqueeze(2)
            y = functional.relu(y, inplace=True) if relu else y
        return y.view(x.shape)


def _affine(weight: Tensor, x: Tensor, bias: Tensor | None) -> Tensor:
    """weight `[cells, outputs, inputs]` times x `[cells, inputs, batch]`, plus bias `[cells, outputs]`."""
    outputs, batch = weight.shape[1], x.shape[2]
    if min(outputs, batch, x.shape[1]) == 1:
        # A dimension of 1 makes a product of matrix and vector, which libraries sum otherwise for one cell than for
        # many: with a row of zeros added, it is a product of matrices.
        weight, x = _two(_two(weight, 1), 2), _two(_two(x, 1), 2)
        bias = None if bias is None else _two(bias, 1)
    y = torch.bmm(weight, x) if bias is None else torch.baddbmm(bias.unsqueeze(2), weight, x)
    return y[:, :outputs, :batch]


def _two(tensor: Tensor, dim: int) -> Tensor:
    """`tensor`, with zeros added where the dimension has a size of 1."""
    return tensor if tensor.shape[dim] > 1 else torch.cat((tensor, torch.zeros_like(tensor)), dim)
