"""Check a user's update rule by one step, before any training starts."""

import torch
from torch import Tensor

from grids.errors import BadInput
from trainers.rules.base import Rule, sizes_of

SHAPES = ((2,), (2, 2))
CELLS = 2


def check_step(name: str, rule: Rule) -> None:
    """Take one step on a made-up network of two tensors and two cells.

    Raises:
        BadInput: the rule raises, returns something else than parameters and state, or changes its arguments.
    """
    params = torch.linspace(-1.0, 1.0, CELLS * sum(sizes_of(SHAPES))).view(CELLS, -1)
    grads = params.cos()
    given = params.clone(), grads.clone()
    try:
        hyper = {key: torch.full((CELLS, 1), float(value)) for key, value in rule.hyperparameters.items()}
        state = rule.init(params, SHAPES)
        result = rule.step(params, grads, state, {**hyper, "schedule": torch.ones(CELLS, 1)})
        evaluated = params if rule.evaluated_at is None else rule.evaluated_at(*result)
    except Exception as error:
        # A user's rule may raise anything.
        raise BadInput(f"optimizer '{name}' fails at its first step ({error!r})") from error
    if not (isinstance(result, tuple) and len(result) == 2):
        raise BadInput(f"optimizer '{name}': its step must return two things, the next parameters and state")
    after, following = result
    if not (isinstance(after, Tensor) and after.shape == params.shape and after.dtype == params.dtype):
        raise BadInput(f"optimizer '{name}': its step must return parameters of the shape and type that it was given")
    if not (isinstance(evaluated, Tensor) and evaluated.shape == params.shape):
        raise BadInput(f"optimizer '{name}': evaluated_at must return parameters of the shape that it was given")
    for each in (state, following):
        if not (isinstance(each, tuple) and all(isinstance(value, Tensor) for value in each)):
            raise BadInput(f"optimizer '{name}': its state must be a NamedTuple of tensors")
    if not (torch.equal(params, given[0]) and torch.equal(grads, given[1])):
        raise BadInput(f"optimizer '{name}': its step changes its arguments; it must return new tensors")
