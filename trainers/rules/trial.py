"""Check a user's update rule by a few steps, before any training starts."""

import torch
from torch import Tensor

from grids.errors import BadInput
from trainers.rules.base import Rule, sizes_of

SHAPES = ((2,), (2, 2))
CELLS = 2
STEPS = 2
SAME = 1e-2
"""A cell's steps count as the same alone and beside another up to this share, and to the rounding of parameters."""


def check_step(name: str, rule: Rule) -> None:
    """Take one step on a made-up network of two tensors and two cells.

    Raises:
        BadInput: the rule raises, returns something else than parameters and state, changes its arguments, or steps
            otherwise where a cell is alone.
    """
    params = torch.linspace(-1.0, 1.0, CELLS * sum(sizes_of(SHAPES))).view(CELLS, -1)
    grads = params.cos()
    given = params.clone(), grads.clone()
    try:
        state = rule.init(params, SHAPES)
        result = rule.step(params, grads, state, _hyper(rule, CELLS))
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
    _check_alone(name, rule, params)


def _check_alone(name: str, rule: Rule, params: Tensor) -> None:
    """Raises BadInput where a cell's parameters after a few steps depend on whether another is beside it."""
    beside = _after_steps(rule, params)
    for cell in range(CELLS):
        own = params[cell : cell + 1]
        try:
            alone = _after_steps(rule, own)
        except Exception as error:
            raise BadInput(f"optimizer '{name}' fails where a cell is alone ({error!r})") from error
        allowed = SAME * (alone - own).abs() + 1e-6 * own.abs()
        same = (beside[cell] - alone).abs() <= allowed
        if not (same | (beside[cell].isnan() & alone.isnan())).all():
            raise BadInput(
                f"optimizer '{name}': a cell steps otherwise alone than beside another; its step must not mix cells, "
                f"which are the first dimension of every tensor, nor draw random numbers"
            )


def _after_steps(rule: Rule, params: Tensor) -> Tensor:
    """The parameters after a few steps, `[cells, n]`."""
    state, hyper = rule.init(params, SHAPES), _hyper(rule, len(params))
    for _ in range(STEPS):
        params, state = rule.step(params, params.cos(), state, hyper)
    return params


def _hyper(rule: Rule, cells: int) -> dict[str, Tensor]:
    hyper = {key: torch.full((cells, 1), float(value)) for key, value in rule.hyperparameters.items()}
    return {**hyper, "schedule": torch.ones(cells, 1)}
