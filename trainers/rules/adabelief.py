"""AdaBelief: Adam with the variance of the gradient about its moving average in place of its square."""

from typing import NamedTuple

from torch import Tensor

from trainers.rules.adam import adam_defaults, adam_init, corrected_direction
from trainers.rules.adaptive import AdaptiveRule, adaptive
from trainers.rules.base import Hyper
from trainers.rules.moments import average, average_square, column, correction, decoupled, quotient, shifted_root
from trainers.rules.radam import adapted, rectification


class AdaBeliefState(NamedTuple):
    """Gradients seen (no dimension), and the averages of gradient and of squared surprise, `[cells, n]`."""

    step: Tensor
    mean: Tensor
    surprise: Tensor


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

    def init(params: Tensor, sizes: tuple[int, ...]) -> AdaBeliefState:
        return AdaBeliefState(*adam_init(params, sizes))

    def advance(state: AdaBeliefState, grads: Tensor, hyper: Hyper) -> AdaBeliefState:
        mean = average(state.mean, grads, hyper["beta1"])
        surprise = average_square(state.surprise, grads - mean, hyper["beta2"])
        return AdaBeliefState(state.step + 1, mean, surprise.add_(column(hyper["epsilon"], mean)))

    def rates(state: AdaBeliefState, hyper: Hyper, factor: Tensor) -> Tensor:
        root = correction(hyper["beta2"], state.step).sqrt()
        if not rectify:
            return quotient(factor, shifted_root(state.surprise, root.reciprocal(), hyper["epsilon"]))
        length, rectifier = rectification(hyper["beta2"], state.step)
        denominator = shifted_root(state.surprise, None, hyper["epsilon"])
        return adapted(length >= 5.0, factor * rectifier * root, factor, denominator)

    def decay(params: Tensor, state: AdaBeliefState, hyper: Hyper) -> Tensor:
        return decoupled(params, hyper)

    return adaptive(
        "adabelief",
        adam_defaults(),
        init,
        advance,
        corrected_direction,
        rates,
        decay=decay if decouple else None,
        summary="AdaBelief (Zhuang et al. 2020, their code at 9b8bb0a; unrectified, weight decay coupled)",
    )
