"""What a surface holds, in a few numbers."""

from typing import Any

import numpy as np

from grids.surface import Surface
from grids.target import reached

LEVELS = (0.5, 1.0, 2.0)
"""Suboptimality, in the surface's unit, within which cells are counted."""
QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)


def summary(surface: Surface, statistic: str = "mean", best: int = 5) -> dict[str, Any]:
    """Best cells, quantiles, the share of cells near the best, and provenance: plain numbers, texts, lists and dicts.

    A number is infinite or NaN where float64 could not hold a difference of the surface's values.

    Args:
        surface: the surface.
        statistic: how several seeds of a cell become one value.
        best: how many of the best cells to name.
    """
    flat = surface.table(statistic).ravel()
    with np.errstate(over="ignore", invalid="ignore"):  # differences of values near the end of float64
        gap = flat - flat.min()
        spread = surface.finite.std(axis=-1, ddof=1) if len(surface.seeds) > 1 else None
        quantiles = np.quantile(flat, QUANTILES)
    provenance = surface.provenance
    cells = []
    for number in np.argsort(flat, kind="stable")[:best]:
        cell = surface.space.cell(int(number))
        cells.append(
            {
                **surface.space.values(cell),
                "value": float(flat[number]),
                "suboptimality": float(gap[number]),
                "seed_std": None if spread is None else float(spread[cell]),
            }
        )
    return {
        "surface": surface.name,
        "task": provenance.task,
        "optimizer": provenance.optimizer,
        "metric": provenance.metric,
        "unit": provenance.unit,
        "axes": surface.space.to_json(),
        "cells": surface.space.size,
        "seeds": list(surface.seeds),
        "seed_statistic": statistic,
        "lowest": float(flat.min()),
        "cells_at_lowest": int((gap == 0).sum()),
        "best": cells,
        "quantiles": {f"{q:g}": float(value) for q, value in zip(QUANTILES, quantiles, strict=True)},
        "share_within": {f"{level:g}": float(reached(gap, level).mean()) for level in LEVELS},
        "diverged_runs": int(surface.diverged.sum()),
        "diverged_share": float(surface.diverged.mean()),
        "fixed": dict(provenance.fixed),
        "data": dict(provenance.data),
        "software": dict(provenance.software),
        "device": provenance.device,
        "created": provenance.created,
        "command": provenance.command,
    }
