"""Summarize a surface: best cells, quantiles, shares of good cells, provenance."""

from typing import Any

import numpy as np

from grids.errors import unknown
from grids.metric import default_targets, is_bounded, resolution
from grids.surface import SEED_STATISTICS, Surface
from grids.target import gap, reached

QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)


def summary(surface: Surface, statistic: str = "mean", best: int = 5, column: str | None = None) -> dict[str, Any]:
    """Best cells, quantiles, the share of cells near the best, and provenance: plain numbers, texts, lists and dicts.

    A number is infinite or NaN where float64 could not hold a difference of the surface's values.

    Args:
        surface: the surface.
        statistic: how several seeds of a cell become one value.
        best: how many of the best cells to name.
        column: a further column (see `columns`) to summarize: at the best cells, its lowest cells, its quantiles.

    Raises:
        BadInput: an unknown statistic or column.
    """
    further = None if column is None else _column(surface, column, statistic)
    flat = surface.table(statistic).ravel()
    with np.errstate(over="ignore", invalid="ignore"):  # differences of values near the end of float64
        spread = surface.finite.std(axis=-1, ddof=1) if len(surface.seeds) > 1 else None
        quantiles = np.quantile(flat, QUANTILES)
    above = gap(flat, float(flat.min()))
    provenance, targets = surface.provenance, default_targets(surface, statistic)
    # Twice the largest target shows how fast the share of good cells grows.
    levels = dict.fromkeys((*targets.values, 2 * max(targets.values)))
    cells: list[dict[str, Any]] = []
    for number in np.argsort(flat, kind="stable")[:best]:
        cell = surface.space.cell(int(number))
        cells.append(
            {
                **surface.space.values(cell),
                "value": float(flat[number]),
                "suboptimality": float(above[number]),
                "seed_std": None if spread is None else float(spread[cell]),
            }
        )
        if surface.filled is not None:
            cells[-1]["filled"] = bool(surface.filled[cell].any())
        if column is not None and further is not None:
            cells[-1][column] = float(further[cell])
    return {
        "surface": surface.name,
        "task": provenance.task,
        "optimizer": provenance.optimizer,
        "metric": provenance.metric,
        "unit": provenance.unit,
        "bounded": is_bounded(provenance),
        "failure": provenance.failure,
        "targets": list(targets.values),
        "targets_derived": targets.derived,
        "resolution": resolution(provenance),
        "axes": surface.space.to_json(),
        "cells": surface.space.size,
        "pool": surface.space.is_pool,
        "seeds": list(surface.seeds),
        "seed_statistic": statistic,
        "lowest": float(flat.min()),
        "cells_at_lowest": int((above == 0).sum()),
        "best": cells,
        "quantiles": {f"{q:g}": float(value) for q, value in zip(QUANTILES, quantiles, strict=True)},
        "share_within": {f"{level:g}": float(reached(above, level, flat).mean()) for level in levels},
        **({} if further is None or column is None else {"column": _column_summary(surface, further, column, best)}),
        "diverged_runs": int(surface.diverged.sum()),
        "diverged_share": float(surface.diverged.mean()),
        "filled": dict(provenance.filled),
        "filled_runs": 0 if surface.filled is None else int(surface.filled.sum()),
        "fixed": dict(provenance.fixed),
        "data": dict(provenance.data),
        "software": dict(provenance.software),
        "device": provenance.device,
        "created": provenance.created,
        "command": provenance.command,
    }


def columns(surface: Surface) -> dict[str, np.ndarray]:
    """The surface's numeric columns by name, float64 `[*shape, seeds]`: `value` and all further ones."""
    return {"value": surface.finite, **surface.numbers}


def _column(surface: Surface, name: str, statistic: str) -> np.ndarray:
    """A column's statistic over seeds, float64 `[*shape]`; NaN where a seed has no number."""
    known = columns(surface)
    if name not in known:
        raise unknown("column", name, known)
    if statistic not in SEED_STATISTICS:
        raise unknown("seed statistic", statistic, SEED_STATISTICS)
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(SEED_STATISTICS[statistic](known[name], axis=-1), np.float64)


def _column_summary(surface: Surface, numbers: np.ndarray, name: str, best: int) -> dict[str, Any]:
    """A column's lowest cells, its quantiles over cells that have a number, and how many have none."""
    flat = numbers.ravel()
    known = flat[np.isfinite(flat)]
    lowest = [int(number) for number in np.argsort(flat, kind="stable")[:best] if np.isfinite(flat[number])]
    return {
        "name": name,
        "lowest": [{**surface.space.values(surface.space.cell(at)), name: float(flat[at])} for at in lowest],
        "quantiles": {f"{q:g}": float(np.quantile(known, q)) for q in QUANTILES} if known.size else {},
        "cells_without": int(flat.size - known.size),
    }
