"""Making an update rule of one's own from a plain function."""

from collections.abc import Callable
from typing import Any

from torch import Tensor

from grids.errors import BadInput
from trainers.rules.base import Rule, Step


def update_rule(init: Callable[[Tensor, tuple[int, ...]], Any], **hyperparameters: float) -> Callable[[Step], Rule]:
    """A decorator that makes a `Rule` of a step function, named after it.

    Args:
        init: the state before the first step (see `Rule`).
        hyperparameters: names and defaults; the learning rate must be called `alpha`. One called `weight_decay`
            takes the task's value unless it is given.

    Raises:
        BadInput: there is no `alpha`, or a default is no number.

    >>> import torch
    >>> @update_rule(lambda params, sizes: (), alpha=0.1)
    ... def descent(params, grads, state, hyper):
    ...     '''Gradient descent.'''
    ...     return params - hyper["alpha"] * grads, state
    >>> descent.name, descent.summary
    ('descent', 'Gradient descent.')
    >>> descent.step(torch.ones(1, 2), torch.ones(1, 2), (), {"alpha": torch.tensor([[0.5]])})[0]
    tensor([[0.5000, 0.5000]])
    """
    if "alpha" not in hyperparameters:
        raise BadInput("an update rule needs a hyperparameter 'alpha', the learning rate")
    for name, value in hyperparameters.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise BadInput(f"an update rule's hyperparameters are numbers; {name} is {value!r}")
    ordered = {"alpha": hyperparameters.pop("alpha"), **hyperparameters}

    def make(step: Step) -> Rule:
        summary = (step.__doc__ or "").strip().partition("\n")[0]
        return Rule(step.__name__, ordered, init, step, summary)

    return make
