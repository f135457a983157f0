"""Stochastic gradient descent for any training loop."""

import functools
from typing import Any

from trainers.optimizers.base import RuleOptimizer
from trainers.rules.base import Rule
from trainers.rules.sgd import sgd

_sgd = functools.cache(sgd)


class SGD(RuleOptimizer):
    """SGD with momentum, as torch.optim.SGD without dampening.

    Args:
        params: parameters or groups of them.
        lr, momentum: α, μ.
        weight_decay: λ, coupled.
        nesterov: Nesterov's momentum.

    Raises:
        ValueError: `nesterov` without momentum.
    """

    def __init__(
        self, params: Any, lr: float = 1e-3, momentum: float = 0.0, weight_decay: float = 0.0, nesterov: bool = False
    ) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay, "nesterov": nesterov})

    def rule(self, group: dict[str, Any]) -> Rule:
        return _sgd(nesterov=group["nesterov"])

    def check(self, group: dict[str, Any]) -> None:
        super().check(group)
        if group["nesterov"] and not group["momentum"] > 0.0:
            raise ValueError("Nesterov momentum requires a momentum larger than 0")

    def hyperparameters(self, group: dict[str, Any]) -> dict[str, float]:
        return {**super().hyperparameters(group), "momentum": float(group["momentum"])}
