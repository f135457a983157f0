"""The pieces that update rules share: weight decay, moving averages, bias corrections, divisors.

Shapes: vectors of a network are `[cells, n]`, hyperparameters and what follows from them `[cells, 1]`, the step
counter has no dimension. Hyperparameters may be of another float type than the vectors; what is computed from them
alone is computed in float64.

A rule is bound by memory, so each pass over `[cells, n]` counts: factors that are the same for a whole cell are
brought together into one (second moments never carry their 1 − β2, an update is one division), and what is new here
is gone on with in place. Functions return new tensors; none changes an argument, unless it is given as `out` for the
result to be written into.
"""

import torch
from torch import Tensor

from trainers.rules.base import Hyper


def column(value: Tensor, like: Tensor) -> Tensor:
    """`value` in the float type of `like`, so that an elementwise operation keeps that type."""
    return value.to(like.dtype)


def decayed(params: Tensor, hyper: Hyper) -> Tensor:
    """(1 − α·λ)·w: decoupled weight decay; the parameters themselves where there is none."""
    if "weight_decay" not in hyper:
        return params
    return params * column(1.0 - hyper["alpha"].double() * hyper["weight_decay"], params)


def average(mean: Tensor, value: Tensor, fresh: Tensor, out: Tensor | None = None) -> Tensor:
    """The moving average β·mean + (1 − β)·value (equation 5); `fresh` is 1 − β."""
    return torch.lerp(mean, value, fresh, out=out)


def discounted_squares(total: Tensor, value: Tensor, beta: Tensor, out: Tensor | None = None) -> Tensor:
    """β·total + value²: the moving average v of squares (equation 6) without its factor, v / (1 − β).

    Not by `lerp`, whose inf − inf would turn an element that overflowed once into NaN for ever: as in torch.optim
    such an element merely stops moving.
    """
    squares = value.square()
    return torch.addcmul(squares, total, beta, out=squares if out is None else out)


def correction(beta: Tensor, step: Tensor) -> Tensor:
    """The bias correction 1 − β^t in float64, `[cells, 1]`.

    The counter is taken to be at least 1: before the first step an average is 0, and 0 over the correction of
    step 1 is the 0 that 0/0 stands for there.
    """
    return 1.0 - torch.pow(beta.double(), step.clamp(min=1))


def root_gain(beta: Tensor, step: Tensor | None = None) -> Tensor:
    """What √total must be multiplied by to be √v, or √v/√(1 − β^t) where `step` is given; float64 `[cells, 1]`."""
    gain = (1.0 - beta.double()).sqrt()
    return gain if step is None else gain * correction(beta, step).rsqrt()


def root(total: Tensor, shift: Tensor) -> Tensor:
    """√total + shift, `[cells, n]`: with shift = ε/gain it is √v + ε but for the factor `gain`.

    ε = 0 is replaced by a number so small that it only decides what 0/0 is: 0, the limit for ε → 0.
    """
    limits = torch.finfo(total.dtype)
    return torch.sqrt(total).add_(shift.clamp(min=limits.tiny / limits.eps))


def divisor_scales(gain: Tensor, epsilon: Tensor, factor: Tensor) -> dict[str, Tensor]:
    """`shift` and `scale` of `divisors`, `[cells, 1]`."""
    return {"shift": epsilon / gain, "scale": gain / factor}


def divisors(total: Tensor, scales: Hyper) -> Tensor:
    """(√v + ε) / factor, `[cells, n]`: infinite where the factor is 0, so that nothing moves."""
    return root(total, scales["shift"]).mul_(scales["scale"])


def clipped(values: Tensor, scales: Hyper) -> Tensor:
    """`values` `[cells, n]`, in place, no smaller than `least` and no larger than `most`, `[cells, 1]`.

    Two passes, since `clamp_` with tensors for bounds takes three times as long as both on a CPU.
    """
    return torch.minimum(torch.maximum(values, scales["least"], out=values), scales["most"], out=values)


def rms_root(total: Tensor, beta: Tensor, weights: Tensor | None = None) -> Tensor:
    """The root mean square of √v over a network's parameters, which is √(mean of v); float64 `[cells]`.

    Section 6 of the paper: ε matters where it is not small against √v.

    Args:
        total: v/(1 − β2), `[cells, n]`, or `[cells, tensors]` with how many parameters each tensor has in `weights`.
        beta: β2, `[cells, 1]`.
        weights: `[tensors]`.
    """
    total = total.double()
    mean = total.mean(dim=1) if weights is None else total @ weights.to(total) / weights.sum()
    return (mean * (1.0 - beta.double().squeeze(1))).sqrt()
