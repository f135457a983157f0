"""The torch.optim class of an update rule, made of the rule: its arguments are the rule's hyperparameters."""

import functools
import inspect
import re
from typing import Any

from trainers.optimizers.base import RULES_NAMES, RuleOptimizer
from trainers.rules.base import Rule
from trainers.rules.shipped import Shipped

TORCH_NAMES = {rules: torchs for torchs, rules in RULES_NAMES.items()}


def class_name(shipped: Shipped) -> str:
    """A label as a class is called.

    >>> class_name(Shipped("adam-atan2", "Adam-atan2", lambda: None, None))
    'AdamAtan2'
    """
    return re.sub(r"\W+(\w)", lambda found: found.group(1).upper(), shipped.label)


def twin(shipped: Shipped) -> type[RuleOptimizer]:
    """A torch optimizer that steps by a shipped rule.

    Its arguments are `params`, `lr` for α, `betas` for β1 and β2, `eps` for ε, further hyperparameters and the
    rule's switches by their own names, with the rule's defaults.
    """
    make = functools.cache(shipped.make)
    plain: Rule = make()
    values = plain.hyperparameters
    names = [name for name in values if name not in ("beta1", "beta2")]
    betas = {"betas": (values["beta1"], values["beta2"])} if "beta1" in values else {}
    arguments: dict[str, Any] = {"lr": values["alpha"], **betas}
    arguments |= {TORCH_NAMES.get(name, name): values[name] for name in names} | shipped.switches
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    given = [inspect.Parameter(name, kind, default=value) for name, value in arguments.items()]
    signature = inspect.Signature([inspect.Parameter("params", kind), *given])

    class Twin(RuleOptimizer):
        whole = together = not plain.elementwise

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            params = bound.arguments.pop("params")
            super().__init__(params, dict(bound.arguments))

        def rule(self, group: dict[str, Any]) -> Rule:
            return make(**{name: group[name] for name in shipped.switches})

        def hyperparameters(self, group: dict[str, Any]) -> dict[str, float]:
            own = {name: float(group[name]) for name in names if name in group and name != "weight_decay"}
            return {**super().hyperparameters(group), **own}

    Twin.__name__ = Twin.__qualname__ = class_name(shipped)
    Twin.__module__ = __package__
    Twin.__doc__ = f"{plain.summary}. See the rule `{shipped.name}`."
    Twin.__signature__ = signature  # type: ignore[attr-defined]
    return Twin
