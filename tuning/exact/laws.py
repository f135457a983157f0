"""From a table and a searcher's text to the exact law of its runtime, and to its exact anytime curve."""

import itertools
from collections.abc import Iterator, Sequence

import numpy as np
from scipy.linalg import solve_triangular

from grids.errors import BadInput
from grids.space import Axis, Space
from grids.target import gap, reached
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


def exact_laws(
    table: np.ndarray, searcher: str, targets: Sequence[float], lowest: float | None = None
) -> list[Runtime]:
    """`exact_law` for several targets, which share one chain.

    Args:
        lowest: suboptimality is measured from here, by default from the table's lowest value.
    """
    spec = _known(searcher)
    suboptimality = gap(table.ravel(), float(table.min()) if lowest is None else lowest)
    goods = [int(reached(suboptimality, target, table.ravel()).sum()) for target in targets]
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
        return _uniform_curve(values, max_trials, replacement=spec.name == "random")
    chain = _chain(spec, table)
    means = [float(values.mean())]
    for now, step in chain.run():
        means.extend(float(now @ best) for best in step.best)
        if len(means) >= max_trials:
            break
    return np.array(means[:max_trials]) - values[0]


_NEGLIGIBLE = 45.0
"""exp(−45) is below the rounding of a float: a level that is missed less often adds nothing to a mean."""


def _uniform_curve(values: np.ndarray, max_trials: int, replacement: bool) -> np.ndarray:
    """Mean suboptimality after 1 … `max_trials` uniform cells: Σ gap·P(none of the k lowest cells was drawn).

    The probabilities go from one trial to the next by (1 − k/n), without replacement by (n − k − t)/(n − t). After t
    trials only levels k below 45·n/t still count, so that large tables take n·log(n) steps rather than n².

    Args:
        values: float64 `[cells]`, ascending.
    """
    cells = len(values)
    gaps = np.diff(values)
    ranks = np.nonzero(gaps)[0] + 1
    gaps = gaps[ranks - 1]
    missed = np.ones(len(ranks))
    curve = np.zeros(max_trials)
    for trial in range(max_trials):
        if not replacement and trial >= cells:
            break
        left = cells if replacement else cells - trial
        missed *= np.maximum(left - ranks, 0) / left
        counted = int(np.searchsorted(ranks, _NEGLIGIBLE * cells / (trial + 1), side="right"))
        ranks, missed, gaps = ranks[:counted], missed[:counted], gaps[:counted]
        if not counted:
            break
        curve[trial] = gaps @ missed
    return curve


def _known(searcher: str) -> SearcherSpec:
    spec = get_searcher(searcher)
    if spec.name not in EXACT:
        raise BadInput(f"searcher '{searcher}' has no exact law; those that have: {', '.join(EXACT)}")
    return spec


def too_large(searcher: str, cells: int) -> bool:
    """Whether the exact law of `searcher` is beyond reach on so many cells."""
    return cells > MOST_CELLS and _known(searcher).name not in ("random", "random-unique")


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
    if not good:
        return Runtime(np.inf, 0.0, lambda: itertools.repeat(1.0))

    def missed() -> Iterator[float]:
        trial = 0
        while True:
            trial += 1
            yield (1.0 - good / cells) ** trial

    return Runtime(cells / good, 1.0, missed)


def _without_replacement(good: int, cells: int) -> Runtime:
    """Negative hypergeometric: P(T > t) = Π_{i<t} (n − k − i)/(n − i)."""
    if not good:
        return Runtime(np.inf, 0.0, lambda: itertools.repeat(1.0))

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
    if not good:
        return Runtime(np.inf, 0.0, lambda: itertools.repeat(1.0))
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
