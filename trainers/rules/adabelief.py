"""AdaBelief: Adam with the variance of the gradient about its moving average in place of its square."""

from itertools import count
from typing import NamedTuple

import torch
from torch import Tensor

from trainers.rules.adam import adam_defaults, adam_init, adam_scales, corrected_step_size
from trainers.rules.adaptive import AdaptiveRule, Parts, Scales, adaptive
from trainers.rules.base import Hyper, Shapes
from trainers.rules.moments import denom_of, denom_scales, discounted_sum, moving_average, rms_sqrt, sqrt_v_factor
from trainers.rules.radam import length_of_mean, rectification, rectified_denom, rectified_scales
from trainers.rules.shipped import Trajectory, Values, register


def adabelief_equation(
    w: Tensor, shapes: Shapes, h: Values, rectify: bool = False, decouple: bool = False
) -> Trajectory:
    """AdaBelief, as github.com/juntang-zhuang/Adabelief-Optimizer computes it at 9b8bb0a."""
    exp_avg, exp_avg_var = torch.zeros_like(w), torch.zeros_like(w)
    for t in count(1):
        grad = yield w
        if decouple:
            w = w - h.alpha * h.weight_decay * w
        else:
            grad = grad + h.weight_decay * w
        exp_avg = h.beta1 * exp_avg + (1 - h.beta1) * grad
        exp_avg_var = h.beta2 * exp_avg_var + (1 - h.beta2) * (grad - exp_avg) ** 2 + h.epsilon
        correction, update = 1 - h.beta2**t, exp_avg / (1 - h.beta1**t)
        rho, rho_inf = length_of_mean(t, h.beta2), 2 / (1 - h.beta2) - 1
        if not rectify:
            update = update / (exp_avg_var.sqrt() / correction**0.5 + h.epsilon)
        elif rho >= 5:
            r = (rho - 4) / (rho_inf - 4) * (rho - 2) / rho * rho_inf / (rho_inf - 2)
            update = update * (correction * r) ** 0.5 / (exp_avg_var.sqrt() + h.epsilon)
        w = w - h.alpha * update


class AdaBeliefState(NamedTuple):
    """The state of AdaBelief.

    `step` (no dimension): gradients so far. `exp_avg` `[cells, n]`: m. `exp_sum_var` `[cells, n]`: s/(1 − β2), s being
    the moving average of (g − m)².
    """

    step: Tensor
    exp_avg: Tensor
    exp_sum_var: Tensor


@register("adabelief", label="AdaBelief", study=8, equation=adabelief_equation)
def adabelief(*, rectify: bool = False, decouple: bool = False) -> AdaptiveRule:
    """AdaBelief (Zhuang et al. 2020) as its authors' code stands at the version the paper names, 9b8bb0a.

    ε enters twice: the code adds it to s in place, so that its part in s grows to ε/(1 − β2), and again outside the
    root; the publication has it in s alone. A grid of ε for AdaBelief therefore lies much lower than one for Adam.

    Args:
        rectify: take the steps of RAdam, whose first ones are not adapted.
        decouple: decoupled weight decay. The code's defaults are true for both; its table for image classification,
            and a study that compares coupled with coupled, say false.
    """

    def init(params: Tensor, shapes: Shapes) -> AdaBeliefState:
        return AdaBeliefState(*adam_init(params, shapes))

    def scales(v_step: Tensor, step: Tensor, hyper: Hyper) -> dict[str, Tensor]:
        if rectify:
            rho, rectifier = rectification(hyper["beta2"], v_step)
            own = rectified_scales(rho >= 5.0, rectifier, v_step, step, hyper)
        else:
            factor = sqrt_v_factor(hyper["beta2"], v_step)
            own = denom_scales(factor, hyper["epsilon"], corrected_step_size(step, hyper))
        added = hyper["epsilon"] / (1.0 - hyper["beta2"].double())
        return adam_scales(hyper) | own | {"added": added}

    def update(state: AdaBeliefState, grads: Tensor, scales: Scales, inplace: bool) -> AdaBeliefState:
        exp_avg, exp_sum_var = (state.exp_avg, state.exp_sum_var) if inplace else (None, None)
        exp_avg = moving_average(state.exp_avg, grads, scales["one_minus_beta1"], out=exp_avg)
        exp_sum_var = discounted_sum(state.exp_sum_var, grads - exp_avg, scales["beta2"], out=exp_sum_var)
        return AdaBeliefState(scales["step"], exp_avg, exp_sum_var.add_(scales["added"]))

    def denom(state: AdaBeliefState, scales: Scales) -> Tensor:
        return rectified_denom(state.exp_sum_var, scales) if rectify else denom_of(state.exp_sum_var, scales)

    def rms_sqrt_s(state: AdaBeliefState, beta2: Tensor) -> Tensor:
        return rms_sqrt(state.exp_sum_var, beta2)

    parts = Parts(scales=scales, update=update, denom=denom, rms_sqrt_v=rms_sqrt_s, decoupled=decouple)
    summary = "AdaBelief (Zhuang et al. 2020, their code at 9b8bb0a; unrectified, weight decay coupled)"
    return adaptive("adabelief", adam_defaults(), init, parts, summary)
