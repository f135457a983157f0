"""How many cells a shard holds: as many as are still faster together, and as fit a small device of their kind.

Counted from the network's shapes, never measured: the partition must come out the same on whichever machine begins.
"""

import torch

from trainers.procedures import procedure_of
from trainers.rules.base import Rule
from trainers.task import Dataset, Task

MOST = 56
"""Fused training gains little from more, and the paper's 441 cells make 8 shards, which 2, 4 or 8 workers share."""

BUDGET = {"cpu": 2 * 2**30, "cuda": 16 * 2**30}
"""Bytes that a shard may take: of one worker among several on a CPU, and of a GPU of 24 GiB."""


def cells_that_fit(task: Task, data: Dataset, rule: Rule, kind: str, precision: torch.dtype) -> int:
    """Cells of a shard on a device of that kind (`cpu`, `cuda`)."""
    fit = BUDGET[kind] // procedure_of(task).bytes_of_cell(task, data, rule, precision)
    return max(1, min(MOST, fit))
