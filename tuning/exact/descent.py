"""The law of gradientless descent: the absorption time of its Markov chain."""

import itertools
from collections.abc import Iterator, Sequence

import numpy as np

from tuning.exact.chain import DescentChain
from tuning.exact.law import never
from tuning.exact.runtime import Runtime
from tuning.searchers.descent import Descent


class DescentLaw:
    """The `Law` of GLD and CGLD."""

    most_cells: int | None = 4000
    """A chain is a dense matrix of cells by cells: more cells would take gigabytes."""

    def __init__(self, tables: Descent, table: np.ndarray, good_counts: Sequence[int] = ()) -> None:
        self.chain = DescentChain(tables, table, good_counts)

    def runtimes(self) -> list[Runtime]:
        return [_absorption(self.chain, number) for number in range(len(self.chain.good_counts))]

    def curve(self, max_trials: int) -> np.ndarray:
        means = [float(self.chain.values.mean())]
        for now, step in self.chain.run():
            means.extend(float(now @ best) for best in step.best)
            if len(means) >= max_trials:
                break
        return np.array(means[:max_trials]) - self.chain.values[0]


def _absorption(chain: DescentChain, number: int) -> Runtime:
    """The absorption time in the `chain.good_counts[number]` lowest cells, counted in trials, not in whole steps."""
    good = int(chain.good_counts[number])
    if not good:
        return never()
    bad = slice(good, None)
    misses = [step.missed[number][:, bad] for step in chain.steps]
    moves = [step.move[bad, bad] for step in chain.steps]

    def missed() -> Iterator[float]:
        yield 1.0 - good / len(chain.values)
        for now, miss in zip(chain.run(), itertools.cycle(misses), strict=False):
            yield from (miss[1:] @ now[0][bad]).tolist()

    # One cycle of all steps: expected trials, probability of a hit, and transition matrix.
    cells = len(chain.values) - good
    spent, hits, leads = misses[0][:-1].sum(axis=0), 1.0 - misses[0][-1], moves[0]
    for miss, move in zip(misses[1:], moves[1:], strict=True):
        spent = spent + leads @ miss[:-1].sum(axis=0)
        hits = hits + leads @ (1.0 - miss[-1])
        leads = leads @ move
    # A cell that no step leaves has no better cell within reach: a search that reaches it never hits the target.
    stuck = np.all([np.diag(move) == 1.0 for move in moves], axis=0)
    if not cells:
        return Runtime(1.0, 1.0, missed)
    matrix = np.eye(cells) - leads
    matrix[stuck, stuck] = 1.0
    hits[stuck] = 0.0
    start = np.full(cells, 1.0 / len(chain.values))
    chance = forward_substitution(matrix, hits)
    if stuck.any():
        return Runtime(np.inf, float(1.0 - start.sum() + start @ chance), missed)
    return Runtime(float(1.0 + start @ forward_substitution(matrix, spent)), 1.0, missed)


BLOCK = 64
"""Rows solved together; OpenBLAS uses the same number, so that the results are equal to the last bit."""


def forward_substitution(lower: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The solution x of L x = b, float64 `[n]`.

    `scipy.linalg.solve_triangular` gives the same numbers, but importing it takes longer than the calculation.

    Args:
        lower: L, float64 `[n, n]`: lower triangular, no zero on the diagonal.
        right: b, float64 `[n]`.
    """
    found = right.copy()
    for first in range(0, len(found), BLOCK):
        block = slice(first, first + BLOCK)
        found[block] -= lower[block, :first] @ found[:first]
        for row in range(first, min(first + BLOCK, len(found))):
            found[row] = (found[row] - lower[row, first:row] @ found[first:row]) / lower[row, row]
    return found
