"""The pieces that update rules share: weight decay, moving averages, bias corrections.

Shapes: vectors of a network are `[cells, n]`, hyperparameters `[cells, 1]`, the step counter has no dimension.
Hyperparameters may be of another float type than the vectors; what is computed from them alone is computed in
float64 (1 − 0.999 in float32 is wrong in the fifth digit) and cast to the vectors' type at the end. The functions
return new tensors: a caller may go on in place on those, which is three times as fast as allocating.
"""

import torch
from torch import Tensor

from trainers.rules.base import Hyper


def column(value: Tensor, like: Tensor) -> Tensor:
    """`value` in the float type of `like`, so that an elementwise operation keeps that type."""
    return value.to(like.dtype)


def coupled(params: Tensor, grads: Tensor, hyper: Hyper) -> Tensor:
    """The gradient with weight decay as an L2 penalty: g + λ·w."""
    return torch.addcmul(grads, params, column(hyper["weight_decay"], params))


def decoupled(params: Tensor, hyper: Hyper) -> Tensor:
    """The parameters after decoupled weight decay: (1 − α·λ)·w (Loshchilov & Hutter 2019, algorithm 2)."""
    return params * column(1.0 - hyper["alpha"].double() * hyper["weight_decay"], params)


def average(mean: Tensor, value: Tensor, beta: Tensor) -> Tensor:
    """The moving average β·mean + (1 − β)·value (equation 5)."""
    return torch.lerp(mean, value, column(1.0 - beta.double(), mean))


def average_square(mean: Tensor, value: Tensor, beta: Tensor) -> Tensor:
    """The moving average of squares β·mean + (1 − β)·value² (equation 6).

    Written without `lerp`, whose inf − inf would turn an element that overflowed once into NaN for ever: as in
    torch.optim such an element merely stops moving.
    """
    square = value.square().mul_(column(1.0 - beta.double(), value))
    return square.addcmul_(mean, column(beta, mean))


def correction(beta: Tensor, step: Tensor) -> Tensor:
    """The bias correction 1 − β^t in float64, `[cells, 1]`.

    The counter is taken to be at least 1: before the first step an average is 0, and 0 over the correction of
    step 1 is the 0 that 0/0 stands for there.
    """
    return 1.0 - torch.pow(beta.double(), step.clamp(min=1))


def shifted_root(second: Tensor, factor: Tensor | None, epsilon: Tensor) -> Tensor:
    """√second · factor + ε, `[cells, n]`; `factor` and `epsilon` are `[cells, 1]`.

    ε = 0 is replaced by a number so small that it only decides what 0/0 is: 0, the limit for ε → 0.
    """
    root = second.sqrt()
    if factor is not None:
        root.mul_(column(factor, root))
    limits = torch.finfo(root.dtype)
    return root.add_(column(epsilon, root).clamp(min=limits.tiny / limits.eps))


def quotient(scale: Tensor, denominator: Tensor) -> Tensor:
    """scale / denominator, `[cells, n]`, written over `denominator`."""
    return torch.div(column(scale, denominator), denominator, out=denominator)
