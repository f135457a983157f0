"""Adam's relatives for any training loop."""

import functools
from typing import Any

from trainers.optimizers.base import RuleOptimizer
from trainers.rules.adabelief import adabelief
from trainers.rules.adabound import adabound
from trainers.rules.adam import adam, adamw, amsgrad, dynamic_adam
from trainers.rules.adaptive import delayed
from trainers.rules.adashift import adashift
from trainers.rules.base import Rule
from trainers.rules.radam import radam

Betas = tuple[float, float]

_adam, _adamw, _amsgrad = functools.cache(adam), functools.cache(adamw), functools.cache(amsgrad)
_radam, _adabound, _adashift = functools.cache(radam), functools.cache(adabound), functools.cache(adashift)
_adabelief, _dynamic_adam = functools.cache(adabelief), functools.cache(dynamic_adam)


@functools.cache
def _delayed_adam(first: str) -> Rule:
    return delayed(adam(), first)


class Adam(RuleOptimizer):
    """Adam, as torch.optim.Adam. The arguments of its relatives below mean the same.

    Args:
        params: parameters or groups of them.
        lr, betas, eps: α, (β1, β2), ε.
        weight_decay: λ, coupled (an L2 penalty).
    """

    def __init__(
        self, params: Any, lr: float = 1e-3, betas: Betas = (0.9, 0.999), eps: float = 1e-8, weight_decay: float = 0.0
    ) -> None:
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay})

    def rule(self, group: dict[str, Any]) -> Rule:
        return _adam()


class AMSGrad(Adam):
    """Adam with the largest v so far, as torch.optim.Adam with `amsgrad=True`."""

    def rule(self, group: dict[str, Any]) -> Rule:
        return _amsgrad()


class AdamW(Adam):
    """Adam with decoupled weight decay, as torch.optim.AdamW."""

    def __init__(
        self, params: Any, lr: float = 1e-3, betas: Betas = (0.9, 0.999), eps: float = 1e-8, weight_decay: float = 1e-2
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay)

    def rule(self, group: dict[str, Any]) -> Rule:
        return _adamw()


class RAdam(Adam):
    """Rectified Adam, as torch.optim.RAdam."""

    def rule(self, group: dict[str, Any]) -> Rule:
        return _radam()


class AdaShift(Adam):
    """AdaShift with a window of 10 gradients: the first ten steps only fill it (see `trainers.rules.adashift`)."""

    whole = True

    def __init__(
        self, params: Any, lr: float = 1e-3, betas: Betas = (0.9, 0.999), eps: float = 1e-10, weight_decay: float = 0.0
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay)

    def rule(self, group: dict[str, Any]) -> Rule:
        return _adashift()


class AdaBound(RuleOptimizer):
    """AdaBound: rates clipped to bounds that close in on `final_lr`, at the speed `gamma`.

    A schedule of `lr` scales `final_lr` alike: by lr / initial_lr, the latter what a scheduler noted, or what the
    group was made with.
    """

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        betas: Betas = (0.9, 0.999),
        final_lr: float = 0.1,
        gamma: float = 1e-3,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        defaults = {"lr": lr, "betas": betas, "final_lr": final_lr, "gamma": gamma, "eps": eps}
        super().__init__(params, {**defaults, "weight_decay": weight_decay})

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        super().add_param_group(param_group)
        group = self.param_groups[-1]
        group["first_lr"] = float(group["lr"])

    def rule(self, group: dict[str, Any]) -> Rule:
        return _adabound()

    def hyperparameters(self, group: dict[str, Any]) -> dict[str, float]:
        initial = float(group.get("initial_lr", group["first_lr"]))
        # A group of rate 0 stays where it is, also one that began so, which the bounds would otherwise move.
        schedule = float(group["lr"]) / initial if initial else float(group["lr"] != 0)
        extra = {"final_lr": group["final_lr"], "gamma": group["gamma"], "schedule": schedule}
        return {**super().hyperparameters(group), **extra}


class AdaBelief(RuleOptimizer):
    """AdaBelief, as its authors' code at 9b8bb0a; their defaults are true for both switches (see the rule).

    Args:
        params, lr, betas, eps, weight_decay: as in `Adam`; mind that a good `eps` is far smaller than Adam's.
        weight_decouple: decoupled weight decay.
        rectify: the rectified steps of RAdam.
    """

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        betas: Betas = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        weight_decouple: bool = False,
        rectify: bool = False,
    ) -> None:
        defaults = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        super().__init__(params, {**defaults, "weight_decouple": weight_decouple, "rectify": rectify})

    def rule(self, group: dict[str, Any]) -> Rule:
        return _adabelief(rectify=group["rectify"], decouple=group["weight_decouple"])


class DelayedAdam(RuleOptimizer):
    """Adam whose rates come from the step before (the paper, section 8).

    Args:
        params, lr, betas, eps, weight_decay: as in `Adam`.
        first: the first step, which has no rates from before: `literal` takes 1/ε, `skip` moves nothing.
    """

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        betas: Betas = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        first: str = "literal",
    ) -> None:
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "first": first})

    def rule(self, group: dict[str, Any]) -> Rule:
        return _delayed_adam(group["first"])


class DynamicEpsilonAdam(RuleOptimizer):
    """Adam with ε_t = eps · t^power (the paper, Theorem 2)."""

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        betas: Betas = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        power: float = 0.5,
    ) -> None:
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "power": power})

    def rule(self, group: dict[str, Any]) -> Rule:
        return _dynamic_adam()

    def hyperparameters(self, group: dict[str, Any]) -> dict[str, float]:
        return {**super().hyperparameters(group), "power": float(group["power"])}
