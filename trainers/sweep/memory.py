"""How many cells a shard holds: as many as are still faster together, and as fit a small device of their kind.

Counted from the network's shapes, never measured: the partition must come out the same on whichever machine begins.
"""

import math

import torch
from torch import Tensor, nn
from torch.utils import _pytree as pytree

from trainers.rules.base import Rule
from trainers.task import Dataset, Task

MOST = 56
"""Fused training gains little from more, and the paper's 441 cells make 8 shards, which 2, 4 or 8 workers share."""

BUDGET = {"cpu": 2 * 2**30, "cuda": 16 * 2**30}
"""Bytes that a shard may take: of one worker among several on a CPU, and of a GPU of 24 GiB."""

COPIES = 5
"""Parameter-sized arrays in use at once beside the state: parameters old and new, gradients, two inside a step."""


def cells_that_fit(task: Task, data: Dataset, rule: Rule, kind: str, precision: torch.dtype) -> int:
    """Cells of a shard on a device of that kind (`cpu`, `cuda`)."""
    fit = BUDGET[kind] // bytes_of_cell(task, data, rule, precision)
    return max(1, min(MOST, fit))


def bytes_of_cell(task: Task, data: Dataset, rule: Rule, precision: torch.dtype) -> int:
    """About what one cell needs: its parameters, its rule's state, and what a batch leaves for the backward pass."""
    with torch.device("meta"):
        network = task.network()
    sizes = tuple(parameter.numel() for parameter in network.parameters())
    params = torch.zeros(1, sum(sizes))
    state = sum(leaf.numel() for leaf in pytree.tree_leaves(rule.init(params, sizes)) if isinstance(leaf, Tensor))
    batch = torch.empty(task.batch_size, *data.train_x.shape[1:], device="meta")
    # An activation is kept in the forward pass, and has a gradient of the same size in the backward pass.
    return 4 * (COPIES * sum(sizes) + state) + 2 * _activations(network, batch) * _size(precision)


def _activations(network: nn.Module, batch: Tensor) -> int:
    """Numbers that the layers put out for a batch, all together."""
    total = 0

    def count(module: nn.Module, inputs: object, output: object) -> None:
        nonlocal total
        total += sum(leaf.numel() for leaf in pytree.tree_leaves(output) if isinstance(leaf, Tensor))

    leaves = [module for module in network.modules() if not list(module.children())]
    handles = [module.register_forward_hook(count) for module in leaves]
    try:
        network(batch)
    finally:
        for handle in handles:
            handle.remove()
    return max(total, math.prod(batch.shape))


def _size(precision: torch.dtype) -> int:
    return torch.empty(0, dtype=precision).element_size()
