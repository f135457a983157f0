"""AdaBelief: Adam with the variance of the gradient about its moving average in place of its square."""

from typing import NamedTuple

from torch import Tensor

from trainers.rules.adam import adam_defaults, adam_init, average_scales, corrected_alpha
from trainers.rules.adaptive import AdaptiveRule, Parts, Scales, adaptive
from trainers.rules.base import Hyper, Shapes
from trainers.rules.moments import average, discounted_squares, divisor_scales, divisors, rms_root, root_gain
from trainers.rules.radam import rectification, rectified_divisors, rectified_scales
from trainers.rules.shipped import register


class AdaBeliefState(NamedTuple):
    """Gradients seen (no dimension), m and s/(1 − β2): the averages of gradient and squared surprise, `[cells, n]`."""

    step: Tensor
    mean: Tensor
    surprise: Tensor


@register("adabelief", label="AdaBelief", study=8)
def adabelief(*, rectify: bool = False, decouple: bool = False) -> AdaptiveRule:
    """AdaBelief (Zhuang et al. 2020) as its authors' code stands at the version the paper names, 9b8bb0a.

    m ← β1·m + (1 − β1)·g, s ← β2·s + (1 − β2)·(g − m)² + ε, w ← w − α · (m/c1) / (√s/√c2 + ε). ε enters twice: the
    code adds it to s in place, so that it piles up to ε/(1 − β2), and again outside the root; the publication
    has it in s alone. A grid of ε for AdaBelief therefore lies much lower than one for Adam.

    Args:
        rectify: take the steps of RAdam (its first ones not adapted, then w − α·r_t·√c2/c1 · m / (√s + ε)).
        decouple: decoupled weight decay. The code's defaults are true for both; its table for image classification,
            and a study that compares coupled with coupled, say false.
    """

    def init(params: Tensor, shapes: Shapes) -> AdaBeliefState:
        return AdaBeliefState(*adam_init(params, shapes))

    def scales(rated: Tensor, seen: Tensor, hyper: Hyper) -> dict[str, Tensor]:
        if rectify:
            length, rectifier = rectification(hyper["beta2"], rated)
            divisor = rectified_scales(length >= 5.0, rectifier, rated, seen, hyper)
        else:
            divisor = divisor_scales(root_gain(hyper["beta2"], rated), hyper["epsilon"], corrected_alpha(seen, hyper))
        added = hyper["epsilon"] / (1.0 - hyper["beta2"].double())
        return average_scales(hyper) | divisor | {"added": added}

    def advance(state: AdaBeliefState, grads: Tensor, scales: Scales, inplace: bool) -> AdaBeliefState:
        mean, surprise = (state.mean, state.surprise) if inplace else (None, None)
        mean = average(state.mean, grads, scales["fresh"], out=mean)
        surprise = discounted_squares(state.surprise, grads - mean, scales["beta2"], out=surprise)
        return AdaBeliefState(scales["seen"], mean, surprise.add_(scales["added"]))

    def divisor(state: AdaBeliefState, scales: Scales) -> Tensor:
        return rectified_divisors(state.surprise, scales) if rectify else divisors(state.surprise, scales)

    def rms_root_s(state: AdaBeliefState, beta2: Tensor) -> Tensor:
        return rms_root(state.surprise, beta2)

    parts = Parts(scales=scales, advance=advance, divisors=divisor, rms_root_v=rms_root_s, decoupled=decouple)
    summary = "AdaBelief (Zhuang et al. 2020, their code at 9b8bb0a; unrectified, weight decay coupled)"
    return adaptive("adabelief", adam_defaults(), init, parts, summary)
