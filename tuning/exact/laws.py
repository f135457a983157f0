"""From a table and a searcher's text to the exact law of its runtime, and to its exact anytime curve."""

import itertools
from collections.abc import Iterator, Sequence

import numpy as np
from scipy.linalg import solve_triangular

from grids.errors import BadInput
from grids.space import Axis, Space
from grids.target import reached
from tuning.exact.chain import Descent
from tuning.exact.runtime import Runtime
from tuning.searchers import SearcherSpec, get_searcher, names
from tuning.searchers.gld import GLD

EXACT = names(exact=True)
"""The searchers whose laws are known."""
MOST_CELLS = 4000
"""A chain is a dense matrix of cells by cells: beyond this it would take gigabytes."""


def exact_law(table: np.ndarray, searcher: str, target: float) -> Runtime:
    """The law of the trials that `searcher` takes to come within `target` of the lowest value of `table`.

    Args:
        table: float64 `[*shape]`, finite, one value a cell; lower is better.
        searcher: a text naming one of `EXACT`, options as in a replay.
        target: suboptimality, in the table's unit.

    Raises:
        BadInput: another searcher, an option out of range, or a space too large.
    """
    return exact_laws(table, searcher, [target])[0]


def exact_laws(table: np.ndarray, searcher: str, targets: Sequence[float]) -> list[Runtime]:
    """`exact_law` for several targets, which share one chain."""
    spec = _known(searcher)
    suboptimality = table.ravel() - table.min()
    goods = [int(reached(suboptimality, target).sum()) for target in targets]
    if spec.name == "random":
        return [_with_replacement(good, table.size) for good in goods]
    if spec.name == "random-unique":
        return [_without_replacement(good, table.size) for good in goods]
    chain = _chain(spec, table, goods)
    return [_descent(chain, number) for number in range(len(goods))]


def exact_curve(table: np.ndarray, searcher: str, max_trials: int) -> np.ndarray:
    """Mean suboptimality of the best cell seen after 1, 2, … `max_trials` trials; `[max_trials]`.

    Args, Raises: as `exact_law`.
    """
    spec = _known(searcher)
    values = np.sort(table.ravel())
    if spec.name in ("random", "random-unique"):
        law = _with_replacement if spec.name == "random" else _without_replacement
        gaps = np.diff(values)
        levels = np.nonzero(gaps)[0]
        survival = np.array([law(int(level) + 1, table.size).survival(max_trials)[1:] for level in levels])
        return np.asarray(gaps[levels] @ survival) if len(levels) else np.zeros(max_trials)
    chain = _chain(spec, table)
    means = [float(values.mean())]
    for now, step in chain.run():
        means.extend(float(now @ best) for best in step.best)
        if len(means) >= max_trials:
            break
    return np.array(means[:max_trials]) - values[0]


def _known(searcher: str) -> SearcherSpec:
    spec = get_searcher(searcher)
    if spec.name not in EXACT:
        raise BadInput(f"searcher '{searcher}' has no exact law; those that have: {', '.join(EXACT)}")
    return spec


def _chain(spec: SearcherSpec, table: np.ndarray, goods: Sequence[int] = ()) -> Descent:
    if table.size > MOST_CELLS:
        raise BadInput(
            f"searcher '{spec.text}': exact laws go up to {MOST_CELLS} cells, this surface has {table.size}; replay it"
        )
    axes = (Axis(f"axis{i}", tuple(range(length)), "linear") for i, length in enumerate(table.shape))
    searcher = spec.build(Space(tuple(axes)), np.random.default_rng(0))
    assert isinstance(searcher, GLD)
    return Descent(searcher, table, goods)


def _with_replacement(good: int, cells: int) -> Runtime:
    """Geometric: P(T > t) = (1 − k/n)^t."""

    def missed() -> Iterator[float]:
        trial = 0
        while True:
            trial += 1
            yield (1.0 - good / cells) ** trial

    return Runtime(cells / good, 1.0, missed)


def _without_replacement(good: int, cells: int) -> Runtime:
    """Negative hypergeometric: P(T > t) = Π_{i<t} (n − k − i)/(n − i)."""

    def missed() -> Iterator[float]:
        still = 1.0
        for trial in range(cells):
            still *= max(cells - good - trial, 0) / (cells - trial)
            yield still
        while True:
            yield 0.0

    return Runtime((cells + 1) / (good + 1), 1.0, missed)


def _descent(chain: Descent, number: int) -> Runtime:
    """The absorption time of the chain in `chain.goods[number]` cells, the last step's trials counted one by one."""
    good = int(chain.goods[number])
    bad = slice(good, None)
    misses = [step.missed[number][:, bad] for step in chain.steps]
    moves = [step.move[bad, bad] for step in chain.steps]

    def missed() -> Iterator[float]:
        yield 1.0 - good / len(chain.values)
        for now, miss in zip(chain.run(), itertools.cycle(misses), strict=False):
            yield from (miss[1:] @ now[0][bad]).tolist()

    # One round of all kinds of step: spent trials, hits, and where it leads.
    cells = len(chain.values) - good
    leads, spent, hits = np.eye(cells), np.zeros(cells), np.zeros(cells)
    for miss, move in zip(misses, moves, strict=True):
        spent += leads @ miss[:-1].sum(axis=0)
        hits += leads @ (1.0 - miss[-1])
        leads = leads @ move
    # A cell that no step ever leaves has no better one in reach: whoever begins there, or gets there, never hits.
    stuck = np.all([np.diag(move) == 1.0 for move in moves], axis=0)
    if not cells:
        return Runtime(1.0, 1.0, missed)
    matrix = np.eye(cells) - leads
    matrix[stuck, stuck] = 1.0
    hits[stuck] = 0.0
    start = np.full(cells, 1.0 / len(chain.values))
    ever = float(1.0 - start.sum() + start @ solve_triangular(matrix, hits, lower=True))
    if stuck.any():
        return Runtime(np.inf, ever, missed)
    return Runtime(float(1.0 + start @ solve_triangular(matrix, spent, lower=True)), 1.0, missed)
