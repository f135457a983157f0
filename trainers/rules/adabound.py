"""AdaBound: Adam with parameter-wise rates clipped to bounds that approach the rate of SGD."""

from torch import Tensor

from trainers.rules.adam import AdamState, adam_defaults, adam_init, adam_scales, update_adam_state
from trainers.rules.adaptive import AdaptiveRule, Parts, Scales, adaptive
from trainers.rules.base import Hyper
from trainers.rules.moments import bias_correction, clamped, denom_of, denom_scales, sqrt_v_factor
from trainers.rules.shipped import register


@register("adabound", label="AdaBound", study=6)
def adabound() -> AdaptiveRule:
    """AdaBound (Luo et al. 2019; github.com/Luolc/AdaBound), weight decay coupled.

    w ← w − clip(α·√c2/c1 / (√v + ε), φ·(1 − 1/(γt + 1)), φ·(1 + 1/(γt))) ⊙ m, with m, v, c1 and c2 as in Adam, and
    φ the hyperparameter `final_lr` times the schedule's factor, as in the authors' code. The bounds meet after a
    few thousand steps: from then on it is SGD at rate φ, whatever α and ε are.
    """

    def scales(v_step: Tensor, step: Tensor, hyper: Hyper) -> dict[str, Tensor]:
        step_size = (
            hyper["alpha"] * bias_correction(hyper["beta2"], v_step).sqrt() / bias_correction(hyper["beta1"], v_step)
        )
        final = hyper["final_lr"] * hyper["schedule"]
        speed = hyper["gamma"].double() * v_step.clamp(min=1)
        bounds = {
            "min": 1.0 / (final * (1.0 + 1.0 / speed)),
            "max": 1.0 / (final * (1.0 - 1.0 / (speed + 1.0))),
        }
        factor = sqrt_v_factor(hyper["beta2"])
        return adam_scales(hyper) | denom_scales(factor, hyper["epsilon"], step_size) | bounds

    def denom(state: AdamState, scales: Scales) -> Tensor:
        return clamped(denom_of(state.squares, scales), scales)

    defaults = {**adam_defaults(), "final_lr": 0.1, "gamma": 1e-3}
    parts = Parts(scales=scales, update=update_adam_state, denom=denom)
    return adaptive("adabound", defaults, adam_init, parts, "AdaBound (Luo et al. 2019, their code)")
