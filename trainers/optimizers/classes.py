"""The optimizers whose classes follow from their rules; the formulas stand with the rules, in `trainers.rules`."""

from typing import Any

from trainers.optimizers.base import RuleOptimizer


class SGD(RuleOptimizer, rule="sgd", lr=1e-3, momentum=0.0, nesterov=False):
    """SGD with momentum, as torch.optim.SGD without dampening.

    Args:
        params: parameters or groups of them.
        lr, momentum: α, μ.
        weight_decay: λ, coupled (an L2 penalty).
        nesterov: Nesterov's momentum.

    Raises:
        ValueError: `nesterov` without momentum.
    """

    def check(self, group: dict[str, Any]) -> None:
        """See `RuleOptimizer`."""
        super().check(group)
        if group["nesterov"] and not group["momentum"] > 0.0:
            raise ValueError("Nesterov momentum requires a momentum larger than 0")


class Adam(RuleOptimizer, rule="adam"):
    """Adam, as torch.optim.Adam. The arguments of the other classes here mean the same.

    Args:
        params: parameters or groups of them.
        lr, betas, eps: α, (β1, β2), ε.
        weight_decay: λ, coupled (an L2 penalty).
    """


class AMSGrad(RuleOptimizer, rule="amsgrad"):
    """Adam with the largest v so far, as torch.optim.Adam with `amsgrad=True`."""


class AdamW(RuleOptimizer, rule="adamw", weight_decay=1e-2):
    """Adam with decoupled weight decay, as torch.optim.AdamW."""


class RAdam(RuleOptimizer, rule="radam"):
    """Rectified Adam, as torch.optim.RAdam."""


class AdaShift(RuleOptimizer, rule="adashift"):
    """AdaShift with a window of 10 gradients: the first ten steps only fill it (see `trainers.rules.adashift`)."""

    whole = True


class AdaBound(
    RuleOptimizer,
    rule="adabound",
    lr=1e-3,
    betas=(0.9, 0.999),
    final_lr=0.1,
    gamma=1e-3,
    eps=1e-8,
    weight_decay=0.0,
):
    """AdaBound: rates clipped to bounds that approach `final_lr`, at the speed `gamma`.

    A schedule of `lr` scales `final_lr` by the same factor, lr / initial_lr, the latter being what a scheduler noted,
    or what the group was made with.
    """

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """See `RuleOptimizer`."""
        super().add_param_group(param_group)
        group = self.param_groups[-1]
        group["first_lr"] = float(group["lr"])

    def hyperparameters(self, group: dict[str, Any]) -> dict[str, float]:
        """See `RuleOptimizer`; and the schedule's factor."""
        initial = float(group.get("initial_lr", group.get("first_lr", group["lr"])))
        # A group of rate 0 stays where it is, also one that began so, which the bounds would otherwise move.
        schedule = float(group["lr"]) / initial if initial else float(group["lr"] != 0)
        return {**super().hyperparameters(group), "schedule": schedule}


class AdaBelief(RuleOptimizer, rule="adabelief", weight_decouple=False, rectify=False):
    """AdaBelief, as its authors' code at 9b8bb0a; their defaults are true for both options (see the rule).

    Args:
        params, lr, betas, eps, weight_decay: as in `Adam`; note that a good `eps` is far smaller than Adam's.
        weight_decouple: decoupled weight decay.
        rectify: the rectified steps of RAdam.
    """


class DelayedAdam(RuleOptimizer, rule="delayed-adam", first="literal"):
    """Adam whose parameter-wise rates come from the step before (the paper, section 8).

    Args:
        params, lr, betas, eps, weight_decay: as in `Adam`.
        first: the first step, which has no rates from before: `literal` takes 1/ε, `skip` moves nothing.
    """


class DynamicEpsilonAdam(RuleOptimizer, rule="dynamic-adam"):
    """Adam with ε_t = eps · t^power (the paper, Theorem 2)."""


class AdamAtan2(RuleOptimizer, rule="adam-atan2"):
    """Adam with atan2 in place of the division and ε, weight decay decoupled (see `trainers.rules.atan2`)."""


class Lion(RuleOptimizer, rule="lion"):
    """Lion, steps by the sign of a momentum, weight decay decoupled (see `trainers.rules.lion`)."""


class Muon(RuleOptimizer, rule="muon", scale="match_rms_adamw", nesterov=True):
    """Muon in inner layers, AdamW in the first, the last, norms and biases (see `trainers.rules.muon`).

    Args:
        params, lr, betas, eps: as in `Adam`. Tensors of a group are a network's, in its order.
        momentum, nesterov: of Muon.
        weight_decay: λ, decoupled.
        scale: how steps of matrices are scaled, `match_rms_adamw` or `original`.
    """

    whole = together = True
