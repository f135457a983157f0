"""Schedule-free AdamW: an average of iterates that is evaluated, in place of a schedule of the learning rate."""

from itertools import count
from typing import NamedTuple

import torch
from torch import Tensor

from trainers.rules.base import Hyper, Rule, Shapes
from trainers.rules.moments import column, denom_of, denom_scales, discounted_sum, rms_sqrt, sqrt_v_factor
from trainers.rules.shipped import Trajectory, Values, register


def schedulefree_equation(w: Tensor, shapes: Shapes, h: Values) -> Trajectory:
    """Schedule-free AdamW, algorithm 1 of its paper, at a constant α: w is where gradients are taken, x is judged."""
    z, x, exp_avg_sq = w, w, torch.zeros_like(w)
    for t in count(1):
        grad = yield w
        exp_avg_sq = h.beta2 * exp_avg_sq + (1 - h.beta2) * grad**2
        denom = (exp_avg_sq / (1 - h.beta2**t)).sqrt() + h.epsilon
        z = z - h.alpha * (grad / denom + h.weight_decay * w)
        x = (1 - 1 / t) * x + z / t
        w = (1 - h.beta1) * z + h.beta1 * x


class ScheduleFreeState(NamedTuple):
    """Gradients so far (no dimension); v/(1 − β2), the iterate z and its average x, `[cells, n]`; and of the average's
    weights the sum and the largest α so far, float64 `[cells, 1]`."""

    step: Tensor
    exp_sum_sq: Tensor
    z: Tensor
    x: Tensor
    weight_sum: Tensor
    alpha_max: Tensor


@register("schedulefree-adamw", label="Schedule-Free AdamW", equation=schedulefree_equation)
def schedulefree_adamw() -> Rule:
    """Schedule-free AdamW (Defazio et al. 2024, algorithm 1), as `schedulefree.AdamWScheduleFree`.

    Where α changes, the weight of a z in the average x is the square of the largest α so far. Gradients are taken at y,
    networks are evaluated at x. Made for a constant α: `--schedule constant`, with a warm-up.
    """

    def init(params: Tensor, shapes: Shapes) -> ScheduleFreeState:
        step = torch.zeros((), dtype=torch.int64, device=params.device)
        weight_sum, alpha_max = (torch.zeros_like(params[:, :1], dtype=torch.float64) for _ in range(2))
        return ScheduleFreeState(step, torch.zeros_like(params), params.clone(), params.clone(), weight_sum, alpha_max)

    def step(params: Tensor, grads: Tensor, state: ScheduleFreeState, hyper: Hyper) -> tuple[Tensor, ScheduleFreeState]:
        count, alpha = state.step + 1, hyper["alpha"].double()
        exp_sum_sq = discounted_sum(state.exp_sum_sq, grads, column(hyper["beta2"], params))
        scales = denom_scales(sqrt_v_factor(hyper["beta2"], count), hyper["epsilon"], torch.ones_like(alpha))
        update = grads / denom_of(exp_sum_sq, {name: column(value, params) for name, value in scales.items()})
        if "weight_decay" in hyper:
            update.addcmul_(params, column(hyper["weight_decay"], params))
        z = torch.addcmul(state.z, update, column(-alpha, params))
        alpha_max = torch.maximum(alpha, state.alpha_max)
        weight_sum = state.weight_sum + alpha_max.square()
        share = torch.where(weight_sum > 0, alpha_max.square() / weight_sum, 0.0)
        x = torch.lerp(state.x, z, column(share, params))
        return trained_at(z, x, hyper["beta1"]), ScheduleFreeState(count, exp_sum_sq, z, x, weight_sum, alpha_max)

    defaults = {"alpha": 2.5e-3, "epsilon": 1e-8, "beta1": 0.9, "beta2": 0.999, "weight_decay": 0.0}
    return Rule(
        "schedulefree-adamw",
        defaults,
        init,
        step,
        "AdamW that averages its iterates in place of a schedule (Defazio et al. 2024, their code)",
        numbers={"rms_sqrt_v": lambda state, hyper: rms_sqrt(state.exp_sum_sq, hyper["beta2"])},
        evaluated_at=lambda params, state: state.x.clone(),
    )


def trained_at(z: Tensor, x: Tensor, beta1: Tensor) -> Tensor:
    """y, where gradients are taken: (1 − β1)·z + β1·x."""
    return torch.lerp(x, z, column(1.0 - beta1.double(), x))
