"""Exact runtime distributions and exact anytime curves of a searcher, given as text, on a table."""

from collections.abc import Sequence

import numpy as np

from grids.errors import BadInput
from grids.space import Axis, Space
from grids.target import gap, reached
from tuning.exact.law import Law
from tuning.exact.runtime import Runtime
from tuning.searchers import SEARCHERS, SearcherSpec, get_searcher, names
from tuning.searchers.registry import load

EXACT = names(exact=True)
"""The searchers whose laws are known."""


def exact_law(table: np.ndarray, searcher: str, target: float) -> Runtime:
    """The distribution of the number of trials until `searcher` is within `target` of the lowest value of `table`.

    Args:
        table: float64 `[*shape]`, finite, one value a cell; lower is better.
        searcher: a text naming one of `EXACT`, options as in a replay.
        target: suboptimality, in the table's unit.

    Raises:
        BadInput: a searcher without an exact law, an option out of range, or a table with too many cells.
    """
    return exact_laws(table, searcher, [target])[0]


def exact_laws(
    table: np.ndarray,
    searcher: str,
    targets: Sequence[float],
    lowest: float | None = None,
    space: Space | None = None,
) -> list[Runtime]:
    """As `exact_law`, for several targets at once, which is faster than one by one.

    Args:
        table, searcher: as of `exact_law`.
        targets: suboptimalities, in the table's unit.
        lowest: suboptimality is measured from here; the table's lowest value where not given.
        space: the table's, for options that name its axes.
    """
    suboptimality = gap(table.ravel(), float(table.min()) if lowest is None else lowest)
    good_counts = [int(reached(suboptimality, target, table.ravel()).sum()) for target in targets]
    return _law(searcher, table, good_counts, space).runtimes()


def exact_curve(table: np.ndarray, searcher: str, max_trials: int, space: Space | None = None) -> np.ndarray:
    """Mean suboptimality of the best cell seen after 1, 2, … `max_trials` trials; float64 `[max_trials]`.

    The other arguments, and what is raised, are as of `exact_laws`.
    """
    return _law(searcher, table, (), space).curve(max_trials)


def most_cells(searcher: str) -> int | None:
    """The largest number of cells for which the exact law of `searcher` can be calculated; None: no limit."""
    return _class(_known(searcher)).most_cells


def too_large(searcher: str, cells: int) -> bool:
    """Whether a table of this many cells is too large for the exact law of `searcher`."""
    most = most_cells(searcher)
    return most is not None and cells > most


def _known(searcher: str) -> SearcherSpec:
    spec = get_searcher(searcher)
    if spec.name not in EXACT:
        raise BadInput(f"searcher '{searcher}' has no exact law; those that have: {', '.join(EXACT)}")
    return spec


def _class(spec: SearcherSpec) -> type[Law]:
    found: type[Law] = load(SEARCHERS[spec.name].law or "")
    return found


def _law(text: str, table: np.ndarray, good_counts: Sequence[int], space: Space | None) -> Law:
    spec = _known(text)
    law = _class(spec)
    if law.most_cells is not None and table.size > law.most_cells:
        raise BadInput(
            f"searcher '{spec.text}': exact laws go up to {law.most_cells} cells, this surface has {table.size}; "
            f"replay it"
        )
    if space is None:
        space = Space(tuple(Axis(f"axis{i}", tuple(range(n)), "linear") for i, n in enumerate(table.shape)))
    tables = spec.tables(space)
    with spec.naming_errors():
        return law(tables, table, good_counts)
