"""RAdam: Adam whose first steps, while v is a mean of too few gradients, are not adapted."""

import torch
from torch import Tensor

from trainers.rules.adam import AdamState, adam_advance, adam_defaults, adam_init, average_scales, corrected_alpha
from trainers.rules.adaptive import AdaptiveRule, Parts, Scales, adaptive
from trainers.rules.base import Hyper
from trainers.rules.moments import clipped, correction, divisor_scales, divisors, root_gain
from trainers.rules.shipped import register


@register("radam", label="RAdam", study=5)
def radam() -> AdaptiveRule:
    """RAdam (Liu et al. 2020, algorithm 2), as torch.optim.RAdam has it: weight decay coupled.

    With m, v, c1 and c2 as in Adam, and ρ_t, r_t of `rectification`: where ρ_t > 5,
    w ← w − α·r_t·√c2/c1 · m / (√v + ε), and w ← w − α/c1 · m before. Those first steps (five at β2 = 0.999) are
    not divided by anything of the size of ε: an α that suits a large ε blows them up.
    """

    def scales(rated: Tensor, seen: Tensor, hyper: Hyper) -> dict[str, Tensor]:
        length, rectifier = rectification(hyper["beta2"], rated)
        return average_scales(hyper) | rectified_scales(length > 5.0, rectifier, rated, seen, hyper)

    def divisor(state: AdamState, scales: Scales) -> Tensor:
        return rectified_divisors(state.squares, scales)

    summary = "RAdam, rectified Adam (Liu et al. 2020; as torch.optim.RAdam)"
    parts = Parts(scales=scales, advance=adam_advance, divisors=divisor)
    return adaptive("radam", adam_defaults(), adam_init, parts, summary)


def rectification(beta: Tensor, step: Tensor) -> tuple[Tensor, Tensor]:
    """ρ_t and r_t, `[cells, 1]` float64: how many gradients v is a mean of, and the rectifier of its variance.

    ρ_∞ = 2/(1 − β) − 1, ρ_t = ρ_∞ − 2·t·β^t/(1 − β^t),
    r_t = √((ρ_t − 4)(ρ_t − 2)ρ_∞ / ((ρ_∞ − 4)(ρ_∞ − 2)ρ_t)), or 1 where ρ_t ≤ 4 and the root has no meaning.
    """
    beta = beta.double()
    steps = step.clamp(min=1)
    longest = 2.0 / (1.0 - beta) - 1.0
    length = longest - 2.0 * steps * torch.pow(beta, steps) / correction(beta, step)
    square = (length - 4.0) * (length - 2.0) * longest / ((longest - 4.0) * (longest - 2.0) * length)
    return length, torch.where(length > 4.0, square, 1.0).sqrt()


def rectified_scales(known: Tensor, rectifier: Tensor, rated: Tensor, seen: Tensor, hyper: Hyper) -> dict[str, Tensor]:
    """The scales of `rectified_divisors`; `known` `[cells, 1]` says in which cells the variance is."""
    factor = corrected_alpha(seen, hyper)
    adapted = factor * rectifier * correction(hyper["beta2"], rated).sqrt()
    scales = divisor_scales(root_gain(hyper["beta2"]), hyper["epsilon"], adapted)
    # An infinite lower and upper limit leave a divisor as it is; two equal ones replace it.
    never = torch.full_like(factor, torch.inf)
    return scales | {
        "least": torch.where(known, -never, 1.0 / factor),
        "most": torch.where(known, never, 1.0 / factor),
    }


def rectified_divisors(total: Tensor, scales: Scales) -> Tensor:
    """(√v + ε) / (α·r·√c2/c1) where the variance is known, c1/α elsewhere; `[cells, n]`."""
    return clipped(divisors(total, scales), scales)
