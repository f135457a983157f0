"""AdaShift: parameter-wise rates from a gradient ten steps old, which is independent of the direction."""

from itertools import count
from typing import NamedTuple

import torch
from torch import Tensor

from trainers.rules.adam import adam_defaults
from trainers.rules.adaptive import AdaptiveRule, Parts, Scales, adaptive
from trainers.rules.base import Hyper, Shapes, sizes_of
from trainers.rules.moments import denom_of, denom_scales, discounted_sum, rms_sqrt, sqrt_v_factor
from trainers.rules.shipped import Trajectory, Values, register

WINDOW = 10


def adashift_equation(w: Tensor, shapes: Shapes, h: Values) -> Trajectory:
    """AdaShift, algorithm 3 with a window of n = 10 gradients, φ = max over each tensor, v bias-corrected."""
    n, sizes, grads, exp_avg_sq = WINDOW, sizes_of(shapes), [], torch.zeros_like(w)
    weights = [h.beta1**age for age in range(n)]
    for t in count(1):
        grads.append((yield w) + h.weight_decay * w)
        if t > n:
            exp_avg = sum(weight * grads[-1 - age] for age, weight in enumerate(weights)) / sum(weights)
            largest = [piece.max().expand(len(piece)) for piece in (grads[t - n - 1] ** 2).split(sizes)]
            exp_avg_sq = h.beta2 * exp_avg_sq + (1 - h.beta2) * torch.cat(largest)
            denom = (exp_avg_sq / (1 - h.beta2 ** (t - n))).sqrt() + h.epsilon
            w = w - h.alpha * exp_avg / denom


CACHED = 1 << 17
"""Elements of each window tensor that are summed up together on a CPU, so that the sum stays in the cache."""


class AdaShiftState(NamedTuple):
    """The state of AdaShift.

    `step` (no dimension): gradients so far. `sizes` `[tensors]`: how many parameters each tensor of the network has, on
    the host, which cuts tensors by them.
    `exp_sum_sq` `[cells, tensors]`: v/(1 − β2), v the average of the largest squared gradient. The rest,
    `[cells, n]` each: the last ten gradients, oldest first. Ten tensors rather than one, so that the window moves on
    without a copy.
    """

    step: Tensor
    sizes: Tensor
    exp_sum_sq: Tensor
    oldest: Tensor
    second: Tensor
    third: Tensor
    fourth: Tensor
    fifth: Tensor
    sixth: Tensor
    seventh: Tensor
    eighth: Tensor
    ninth: Tensor
    newest: Tensor


@register("adashift", label="AdaShift", study=7, equation=adashift_equation)
def adashift() -> AdaptiveRule:
    """AdaShift (Zhou et al. 2019, algorithm 3) with n = 10 and the spatial function φ = max, their "max-AdaShift".

    The first n steps only fill the window, as in the authors' last code (the publication starts with n gradients in
    hand). Their first code counts g_t twice in m and leaves g_{t−n+1} out, and its maximum is of a v that is not
    averaged over time (`max_mean`): neither is in the publication, nor here. Nor is their special case of a window of 1
    where β1 = 0: here v always comes from ten steps ago.
    """

    def init(params: Tensor, shapes: Shapes) -> AdaShiftState:
        step = torch.zeros((), dtype=torch.int64, device=params.device)
        lengths = torch.tensor(sizes_of(shapes), dtype=torch.int64)
        window = (torch.zeros_like(params) for _ in range(WINDOW))
        return AdaShiftState(step, lengths, params.new_zeros(len(params), len(shapes)), *window)

    def scales(v_step: Tensor, step: Tensor, hyper: Hyper) -> dict[str, Tensor]:
        weights = sum(hyper["beta1"].double() ** age for age in range(WINDOW))
        counted = v_step - WINDOW
        step_size = hyper["alpha"] / weights * (counted > 0)
        factor = sqrt_v_factor(hyper["beta2"], counted)
        return {
            "beta1": hyper["beta1"],
            "beta2": hyper["beta2"],
            **denom_scales(factor, hyper["epsilon"], step_size),
        }

    def update(state: AdaShiftState, grads: Tensor, scales: Scales, inplace: bool) -> AdaShiftState:
        largest = largest_of_each(state.oldest, state.sizes)
        exp_sum_sq = discounted_sum(state.exp_sum_sq, largest, scales["beta2"])
        # A copy, since the caller may write over the gradients.
        newest = state.oldest.copy_(grads) if inplace else grads.clone()
        return AdaShiftState(scales["step"], state.sizes, exp_sum_sq, *state[4:], newest)

    def moment(state: AdaShiftState, scales: Scales) -> Tensor:
        total = state.oldest.clone()
        cells, n = total.shape
        width = max(1, CACHED // cells) if total.device.type == "cpu" else n
        for part, *newer in zip(*(each.split(width, dim=1) for each in (total, *state[4:])), strict=True):
            for each in newer:
                part.mul_(scales["beta1"]).add_(each)
        return total

    def denom(state: AdaShiftState, scales: Scales) -> Tensor:
        return repeat_each(denom_of(state.exp_sum_sq, scales), state.sizes)

    def rms_sqrt_v(state: AdaShiftState, beta2: Tensor) -> Tensor:
        return rms_sqrt(state.exp_sum_sq, beta2, state.sizes)

    parts = Parts(scales=scales, update=update, denom=denom, moment=moment, rms_sqrt_v=rms_sqrt_v)
    summary = "AdaShift (Zhou et al. 2019; window of 10, largest squared gradient of each tensor)"
    return adaptive("adashift", adam_defaults(epsilon=1e-10), init, parts, summary)


def largest_of_each(values: Tensor, sizes: Tensor) -> Tensor:
    """The largest size of the `values` `[cells, n]` in each tensor: `[cells, tensors]`."""
    pieces = values.split(sizes.tolist(), dim=1)
    return torch.stack([torch.linalg.vector_norm(piece, torch.inf, dim=1) for piece in pieces], dim=1)


def repeat_each(each: Tensor, sizes: Tensor) -> Tensor:
    """`each` `[cells, tensors]` for every parameter of its tensor: `[cells, n]`."""
    return torch.cat([each[:, i : i + 1].expand(-1, length) for i, length in enumerate(sizes.tolist())], dim=1)
