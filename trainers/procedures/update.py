"""The schedule of the learning rate and the clipping of gradients, applied before a rule's step."""

from collections.abc import Mapping

import torch
from torch import Tensor


def scheduled(hyper: Mapping[str, Tensor], factor: float, rate: str = "alpha") -> dict[str, Tensor]:
    """The hyperparameters of a step: the learning rate, called `rate`, times the schedule's factor; and that factor
    as `schedule`."""
    value = hyper[rate]
    return {**hyper, rate: value * factor, "schedule": torch.full_like(value, factor)}


def clipped(grads: Tensor, limit: float) -> Tensor:
    """Gradients `[cells, n]`, each cell's scaled down to a norm of `limit` where it is longer.

    Pascanu et al. 2013, algorithm 1, as `torch.nn.utils.clip_grad_norm_` has it (1e-6 added to the norm); each cell
    by its own norm, so that none depends on another.
    """
    norms = torch.linalg.vector_norm(grads, dim=1, keepdim=True)
    return grads * (limit / (norms + 1e-6)).clamp(max=1.0)
