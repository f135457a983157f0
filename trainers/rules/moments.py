"""Arithmetic that update rules share: weight decay, moving averages, bias corrections, the denominator of a step.

Shapes: vectors of a network are `[cells, n]`, hyperparameters and what follows from them `[cells, 1]`, the step
counter has no dimension. Hyperparameters may be of another float type than the vectors; what is computed from them
alone is computed in float64.

A rule is limited by memory, so each pass over `[cells, n]` counts. Second moments are therefore kept without their
factor 1 − β2, as `exp_sum_sq` = Σ β2^(t−i)·g_i² = `exp_avg_sq` / (1 − β2); this factor, the bias corrections and α join
in one factor for each cell, and an update is one division. Functions return new tensors; none changes an argument,
unless it is given as `out` for the result to be written into.
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


def moving_average(exp_avg: Tensor, value: Tensor, weight: Tensor, out: Tensor | None = None) -> Tensor:
    """β·exp_avg + (1 − β)·value (equation 5); `weight` is 1 − β."""
    return torch.lerp(exp_avg, value, weight, out=out)


def discounted_sum(exp_sum_sq: Tensor, value: Tensor, beta2: Tensor, out: Tensor | None = None) -> Tensor:
    """β2·exp_sum_sq + value²: the moving average v of squares (equation 6) without its factor, v / (1 − β2).

    Not by `lerp`, whose inf − inf would turn an element that overflowed once into NaN for ever: as in torch.optim
    such an element only stops moving.
    """
    square = value.square()
    return torch.addcmul(square, exp_sum_sq, beta2, out=square if out is None else out)


def bias_correction(beta: Tensor, step: Tensor) -> Tensor:
    """1 − β^t in float64, `[cells, 1]`.

    The counter is taken to be at least 1: before the first step an average is 0, and 0 over the correction of
    step 1 is the 0 that 0/0 stands for there.
    """
    return 1.0 - torch.pow(beta.double(), step.clamp(min=1))


def sqrt_v_factor(beta2: Tensor, step: Tensor | None = None) -> Tensor:
    """√v / √exp_sum_sq, or √v/√(1 − β2^t) / √exp_sum_sq where `step` is given; float64 `[cells, 1]`."""
    factor = (1.0 - beta2.double()).sqrt()
    return factor if step is None else factor * bias_correction(beta2, step).rsqrt()


def sqrt_plus(exp_sum_sq: Tensor, eps: Tensor) -> Tensor:
    """√exp_sum_sq + eps, `[cells, n]`: with eps = ε/`sqrt_v_factor` it is √v + ε but for that factor.

    ε = 0 is replaced by a number so small that it only decides what 0/0 is: 0, the limit for ε → 0.
    """
    limits = torch.finfo(exp_sum_sq.dtype)
    return torch.sqrt(exp_sum_sq).add_(eps.clamp(min=limits.tiny / limits.eps))


def denom_scales(factor: Tensor, epsilon: Tensor, step_size: Tensor) -> dict[str, Tensor]:
    """`eps` and `scale` of `denom_of`, `[cells, 1]`, from `sqrt_v_factor`, ε and the step size that divides."""
    return {"eps": epsilon / factor, "scale": factor / step_size}


def denom_of(exp_sum_sq: Tensor, scales: Hyper) -> Tensor:
    """(√v + ε) / step_size, `[cells, n]`: infinite where the step size is 0, so that nothing moves."""
    return sqrt_plus(exp_sum_sq, scales["eps"]).mul_(scales["scale"])


def clamped(values: Tensor, scales: Hyper) -> Tensor:
    """`values` `[cells, n]`, in place, no smaller than `min` and no larger than `max`, `[cells, 1]`.

    Two passes, since `clamp_` with tensors for bounds takes three times as long as both on a CPU.
    """
    return torch.minimum(torch.maximum(values, scales["min"], out=values), scales["max"], out=values)


def rms_sqrt(exp_sum_sq: Tensor, beta2: Tensor, sizes: Tensor | None = None) -> Tensor:
    """The root mean square of √v over a network's parameters, which is √(mean of v); float64 `[cells]`.

    Section 6 of the paper: ε matters where it is not small against √v.

    Args:
        exp_sum_sq: v/(1 − β2), `[cells, n]`, or `[cells, tensors]` where a tensor of the network has one v.
        beta2: β2, `[cells, 1]`.
        sizes: `[tensors]`, in the second case how many parameters each tensor has.
    """
    exp_sum_sq = exp_sum_sq.double()
    mean = exp_sum_sq.mean(dim=1) if sizes is None else exp_sum_sq @ sizes.to(exp_sum_sq) / sizes.sum()
    return (mean * (1.0 - beta2.double().squeeze(1))).sqrt()
