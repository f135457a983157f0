"""AdaBound: Adam with rates clipped to bounds that close in on those of SGD."""

from torch import Tensor

from trainers.rules.adam import AdamState, adam_advance, adam_defaults, adam_init, average_scales
from trainers.rules.adaptive import AdaptiveRule, Parts, Scales, adaptive
from trainers.rules.base import Hyper
from trainers.rules.moments import clipped, correction, divisor_scales, divisors, root_gain
from trainers.rules.shipped import register


@register("adabound", label="AdaBound", study=6)
def adabound() -> AdaptiveRule:
    """AdaBound (Luo et al. 2019; github.com/Luolc/AdaBound), weight decay coupled.

    w ← w − clip(α·√c2/c1 / (√v + ε), φ·(1 − 1/(γt + 1)), φ·(1 + 1/(γt))) ⊙ m, with m, v, c1 and c2 as in Adam, and
    φ the hyperparameter `final_lr` times the schedule's factor, as in the authors' code. The bounds close after a
    few thousand steps: from then on it is SGD at rate φ, whatever α and ε are.
    """

    def scales(rated: Tensor, seen: Tensor, hyper: Hyper) -> dict[str, Tensor]:
        factor = hyper["alpha"] * correction(hyper["beta2"], rated).sqrt() / correction(hyper["beta1"], rated)
        final = hyper["final_lr"] * hyper["schedule"]
        speed = hyper["gamma"].double() * rated.clamp(min=1)
        bounds = {
            "least": 1.0 / (final * (1.0 + 1.0 / speed)),
            "most": 1.0 / (final * (1.0 - 1.0 / (speed + 1.0))),
        }
        gain = root_gain(hyper["beta2"])
        return average_scales(hyper) | divisor_scales(gain, hyper["epsilon"], factor) | bounds

    def divisor(state: AdamState, scales: Scales) -> Tensor:
        return clipped(divisors(state.squares, scales), scales)

    defaults = {**adam_defaults(), "final_lr": 0.1, "gamma": 1e-3}
    parts = Parts(scales=scales, advance=adam_advance, divisors=divisor)
    return adaptive("adabound", defaults, adam_init, parts, "AdaBound (Luo et al. 2019, their code)")
