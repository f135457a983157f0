"""The law of gradientless descent: the absorption time of its Markov chain."""

import itertools
from collections.abc import Iterator, Sequence

import numpy as np

from tuning.exact.chain import Descent
from tuning.exact.law import never
from tuning.exact.runtime import Runtime
from tuning.searchers.gld import GLD


class DescentLaw:
    """The `Law` of `GLD` and `CGLD`."""

    most_cells: int | None = 4000
    """A chain is a dense matrix of cells by cells: beyond this it would take gigabytes."""

    def __init__(self, searcher: GLD, table: np.ndarray, goods: Sequence[int] = ()) -> None:
        self.chain = Descent(searcher, table, goods)

    def runtimes(self) -> list[Runtime]:
        return [_absorption(self.chain, number) for number in range(len(self.chain.goods))]

    def curve(self, max_trials: int) -> np.ndarray:
        means = [float(self.chain.values.mean())]
        for now, step in self.chain.run():
            means.extend(float(now @ best) for best in step.best)
            if len(means) >= max_trials:
                break
        return np.array(means[:max_trials]) - self.chain.values[0]


def _absorption(chain: Descent, number: int) -> Runtime:
    """The absorption time of the chain in `chain.goods[number]` cells, the last step's trials counted one by one."""
    good = int(chain.goods[number])
    if not good:
        return never()
    bad = slice(good, None)
    misses = [step.missed[number][:, bad] for step in chain.steps]
    moves = [step.move[bad, bad] for step in chain.steps]

    def missed() -> Iterator[float]:
        yield 1.0 - good / len(chain.values)
        for now, miss in zip(chain.run(), itertools.cycle(misses), strict=False):
            yield from (miss[1:] @ now[0][bad]).tolist()

    # One round of all kinds of step: spent trials, hits, and where it leads.
    cells = len(chain.values) - good
    spent, hits, leads = misses[0][:-1].sum(axis=0), 1.0 - misses[0][-1], moves[0]
    for miss, move in zip(misses[1:], moves[1:], strict=True):
        spent = spent + leads @ miss[:-1].sum(axis=0)
        hits = hits + leads @ (1.0 - miss[-1])
        leads = leads @ move
    # A cell that no step ever leaves has no better one in reach: whoever begins there, or gets there, never hits.
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
"""Rows that OpenBLAS solves together; with the same blocks, rounding is the same to the last bit."""


def forward_substitution(lower: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The solution x of L x = b, float64 `[n]`.

    `scipy.linalg.solve_triangular` gives the same numbers, but takes longer to import than exact laws take.

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
