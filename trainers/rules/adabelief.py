"""AdaBelief: Adam with the variance of the gradient about its moving average in place of its square."""

from typing import NamedTuple

from torch import Tensor

from trainers.rules.adam import adam_defaults, adam_init, adam_scales, corrected_step_size
from trainers.rules.adaptive import AdaptiveRule, Parts, Scales, adaptive
from trainers.rules.base import Hyper, Shapes
from trainers.rules.moments import denom_of, denom_scales, discounted_sum, moving_average, rms_sqrt, sqrt_v_factor
from trainers.rules.radam import rectification, rectified_denom, rectified_scales
from trainers.rules.shipped import register


class AdaBeliefState(NamedTuple):
    """What AdaBelief remembers.

    `step` (no dimension): gradients so far. `exp_avg` `[cells, n]`: m. `surprise` `[cells, n]`: s/(1 − β2), s being
    the moving average of (g − m)².
    """

    step: Tensor
    exp_avg: Tensor
    surprise: Tensor


@register("adabelief", label="AdaBelief", study=8)
def adabelief(*, rectify: bool = False, decouple: bool = False) -> AdaptiveRule:
    """AdaBelief (Zhuang et al. 2020) as its authors' code stands at the version the paper names, 9b8bb0a.

    m ← β1·m + (1 − β1)·g, s ← β2·s + (1 − β2)·(g − m)² + ε, w ← w − α · (m/c1) / (√s/√c2 + ε). ε enters twice: the
    code adds it to s in place, so that its part in s grows to ε/(1 − β2), and again outside the root; the publication
    has it in s alone. A grid of ε for AdaBelief therefore lies much lower than one for Adam.

    Args:
        rectify: take the steps of RAdam (its first ones not adapted, then w − α·r_t·√c2/c1 · m / (√s + ε)).
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
        exp_avg, surprise = (state.exp_avg, state.surprise) if inplace else (None, None)
        exp_avg = moving_average(state.exp_avg, grads, scales["one_minus_beta1"], out=exp_avg)
        surprise = discounted_sum(state.surprise, grads - exp_avg, scales["beta2"], out=surprise)
        return AdaBeliefState(scales["step"], exp_avg, surprise.add_(scales["added"]))

    def denom(state: AdaBeliefState, scales: Scales) -> Tensor:
        return rectified_denom(state.surprise, scales) if rectify else denom_of(state.surprise, scales)

    def rms_sqrt_s(state: AdaBeliefState, beta2: Tensor) -> Tensor:
        return rms_sqrt(state.surprise, beta2)

    parts = Parts(scales=scales, update=update, denom=denom, rms_sqrt_v=rms_sqrt_s, decoupled=decouple)
    summary = "AdaBelief (Zhuang et al. 2020, their code at 9b8bb0a; unrectified, weight decay coupled)"
    return adaptive("adabelief", adam_defaults(), init, parts, summary)
