"""Schedule-free AdamW for any training loop."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from trainers.optimizers.base import RuleOptimizer
from trainers.rules.schedulefree import trained_at


class ScheduleFreeAdamW(RuleOptimizer, rule="schedulefree-adamw"):
    """Schedule-free AdamW (Defazio et al. 2024), as `schedulefree.AdamWScheduleFree` without its own warm-up.

    The parameters are those that gradients are taken at; `eval()` replaces them by the averages that a network is
    evaluated at, `train()` restores them. The optimizer does not change batch norm's statistics: after `eval()`, run
    some training batches through the network in training mode.

    Args:
        params: parameters or groups of them.
        lr, betas, eps: α, (β1, β2), ε.
        weight_decay: λ, decoupled.

    >>> weight = torch.nn.Parameter(torch.tensor([3.0]))
    >>> optimizer = ScheduleFreeAdamW([weight], lr=0.5)
    >>> for _ in range(2):
    ...     optimizer.zero_grad()
    ...     (weight**2).sum().backward()
    ...     optimizer.step()
    >>> trained = weight.item()
    >>> optimizer.eval()
    >>> weight.item() > trained
    True
    >>> optimizer.train()
    >>> weight.item() == trained
    True
    """

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """See `RuleOptimizer`."""
        super().add_param_group({"train_mode": True, **param_group})

    def eval(self) -> None:
        """Put the averages into the parameters."""
        self._switch(False, lambda state, beta1: state["x"])

    def train(self) -> None:
        """Put what gradients are taken at into the parameters."""
        self._switch(True, lambda state, beta1: trained_at(state["z"], state["x"], beta1))

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """See `RuleOptimizer`.

        Raises:
            RuntimeError: after `eval()`, without `train()`.
        """
        if not all(group["train_mode"] for group in self.param_groups):
            raise RuntimeError("call train() before the next step: eval() has put averages into the parameters")
        return super().step(closure)

    @torch.no_grad()
    def _switch(self, training: bool, value: Callable[[dict[str, Tensor], Tensor], Tensor]) -> None:
        self._publish()
        for group in self.param_groups:
            if group["train_mode"] != training:
                beta1 = torch.tensor(float(group["betas"][0]), dtype=torch.float64)
                for p in group["params"]:
                    if self.state[p]:
                        p.copy_(value(self.state[p], beta1.to(p.device)))
            group["train_mode"] = training
