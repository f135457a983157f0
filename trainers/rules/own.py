"""A decorator that makes an update rule of a user's step function."""

from collections.abc import Callable
from typing import Any

from torch import Tensor

from grids.errors import BadInput
from trainers.rules.base import Rule, Shapes, Step


def update_rule(
    init: Callable[[Tensor, Shapes], Any],
    *,
    rate: str = "alpha",
    evaluated_at: Callable[[Tensor, Any], Tensor] | None = None,
    **hyperparameters: float,
) -> Callable[[Step], Rule]:
    """A decorator that makes a `Rule` of a step function, named after it.

    Args:
        init, evaluated_at: the state before the first step, and the parameters to be evaluated (see `Rule`).
        rate: the name of the learning rate among the hyperparameters.
        hyperparameters: names and defaults. One called `weight_decay` takes the task's value unless it is given.

    Raises:
        BadInput: there is no learning rate of that name, or a default is not a number.

    >>> import torch
    >>> @update_rule(lambda params, shapes: (), alpha=0.1)
    ... def descent(params, grads, state, hyper):
    ...     '''Gradient descent.'''
    ...     return params - hyper["alpha"] * grads, state
    >>> descent.name, descent.summary
    ('descent', 'Gradient descent.')
    >>> descent.step(torch.ones(1, 2), torch.ones(1, 2), (), {"alpha": torch.tensor([[0.5]])})[0]
    tensor([[0.5000, 0.5000]])
    """
    if not isinstance(rate, str):
        raise BadInput(f"rate says which hyperparameter is the learning rate: rate='lr', lr={rate!r}")
    if rate not in hyperparameters:
        other = "; where its name is another: update_rule(init, rate='lr', lr=...)" if rate == "alpha" else ""
        raise BadInput(f"an update rule needs a hyperparameter '{rate}', the learning rate{other}")
    for name, value in hyperparameters.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise BadInput(f"an update rule's hyperparameters are numbers; {name} is {value!r}")
    ordered = {rate: hyperparameters.pop(rate), **hyperparameters}

    def make(step: Step) -> Rule:
        summary = (step.__doc__ or "").strip().partition("\n")[0]
        return Rule(step.__name__, ordered, init, step, summary, rate=rate, evaluated_at=evaluated_at)

    return make
