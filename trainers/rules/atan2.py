"""Adam-atan2: Adam without ε."""

from itertools import count

import torch
from torch import Tensor
from torch.nn import functional

from trainers.rules.adam import AdamState, adam_init, adam_scales, update_adam_state
from trainers.rules.base import Hyper, Rule, Shapes
from trainers.rules.moments import bias_correction, column, decayed, rms_sqrt, sqrt_v_factor
from trainers.rules.shipped import Trajectory, Values, register


def atan2_equation(w: Tensor, shapes: Shapes, h: Values) -> Trajectory:
    """Adam-atan2: m/√v of Adam replaced by atan2(m, √v), with no ε."""
    exp_avg, exp_avg_sq = torch.zeros_like(w), torch.zeros_like(w)
    for t in count(1):
        grad = yield w
        exp_avg = h.beta1 * exp_avg + (1 - h.beta1) * grad
        exp_avg_sq = h.beta2 * exp_avg_sq + (1 - h.beta2) * grad**2
        update = torch.atan2(exp_avg / (1 - h.beta1**t), (exp_avg_sq / (1 - h.beta2**t)).sqrt())
        w = w - h.alpha * (update + h.weight_decay * w)


@register("adam-atan2", label="Adam-atan2", equation=atan2_equation)
def adam_atan2() -> Rule:
    """Adam-atan2 (Everett et al. 2024, section 5), weight decay decoupled.

    Where v is large against m it is Adam without ε, and no gradient is too small for it, since atan2 does not change
    when both its arguments are scaled.
    """

    def step(params: Tensor, grads: Tensor, state: AdamState, hyper: Hyper) -> tuple[Tensor, AdamState]:
        scales = {name: column(value, params) for name, value in adam_scales(hyper).items()}
        after = update_adam_state(state, grads, {**scales, "step": state.step + 1}, inplace=False)
        factor = bias_correction(hyper["beta1"], after.step) * sqrt_v_factor(hyper["beta2"], after.step)
        update = _atan2(after.exp_avg, after.exp_sum_sq.sqrt().mul_(column(factor, params)))
        return torch.addcmul(decayed(params, hyper), update, column(-hyper["alpha"], params)), after

    defaults = {"alpha": 1e-3, "beta1": 0.9, "beta2": 0.999, "weight_decay": 0.0}
    summary = "Adam with atan2 in place of the division and ε (Everett et al. 2024), decoupled weight decay"
    numbers = {"rms_sqrt_v": lambda state, hyper: rms_sqrt(state.exp_sum_sq, hyper["beta2"])}
    return Rule("adam-atan2", defaults, adam_init, step, summary, numbers=numbers)


VECTORS = 64
"""A multiple of the elements that any CPU's vector unit takes at once, twice over."""


def _atan2(y: Tensor, x: Tensor) -> Tensor:
    """`torch.atan2`, the same for an element wherever it stands.

    On a CPU torch takes what does not fill a vector by another routine, which rounds otherwise: a cell's numbers would
    depend on how many stand before it. So every row is filled up.
    """
    if y.device.type != "cpu":
        return torch.atan2(y, x)
    n, more = y.shape[1], -y.shape[1] % VECTORS
    return torch.atan2(functional.pad(y, (0, more)), functional.pad(x, (0, more), value=1.0))[:, :n]
