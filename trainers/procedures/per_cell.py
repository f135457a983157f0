"""Losses and scores of many cells, from functions of one network's outputs and targets."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.func import vmap
from torch.nn import functional


def mean_losses(loss: Callable[[Tensor, Tensor], Tensor], outputs: Tensor, targets: Tensor) -> Tensor:
    """The loss of each cell `[cells]`.

    Args:
        loss: of one network's outputs and targets.
        outputs: `[cells, batch, ...]`.
        targets: `[1, batch, ...]` where the cells share them, else `[cells, batch, ...]`.
    """
    if loss is functional.cross_entropy and outputs.dim() == 3:
        every = functional.cross_entropy(
            outputs.transpose(1, 2), targets.expand(len(outputs), *targets.shape[1:]), reduction="none"
        )
        return every.mean(dim=1)
    return _mapped(loss, outputs, targets)


def scores(score: Callable[[Tensor, Tensor], Tensor], outputs: Tensor, targets: Tensor) -> Tensor:
    """The score of each cell's every example, `[cells, batch]`; arguments as in `mean_losses`.

    A score that `vmap` cannot map (it leaves torch, or branches on values) is called for one cell after another.
    """
    try:
        return _mapped(score, outputs, targets)
    except RuntimeError:
        each = [score(mine, targets[0 if len(targets) == 1 else cell]) for cell, mine in enumerate(outputs)]
        return torch.stack([torch.as_tensor(one, device=outputs.device) for one in each])


def _mapped(function: Callable[[Tensor, Tensor], Tensor], outputs: Tensor, targets: Tensor) -> Tensor:
    if len(targets) == 1 and len(outputs) > 1:
        return vmap(function, in_dims=(0, None))(outputs, targets[0])
    return vmap(function)(outputs, targets)
