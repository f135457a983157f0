"""Replay tables made by hand or by a plain loop: the slow and obvious form of what `tunecost replay` writes."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest

from grids.replay_table import SCHEMA
from grids.space import Axis, Space
from grids.surface import Provenance, Surface

KEY = {"surface": "task/adam", "optimizer": "adam", "task": "task", "searcher": "random"}


def rows_of(cells: Sequence[int], values: np.ndarray, repeat: int) -> list[dict[str, Any]]:
    """One replay's rows, by a plain loop over the cells that it asked for; it stops at the lowest value."""
    rows: list[dict[str, Any]] = []
    best, seen = np.inf, set()
    for trial, cell in enumerate(cells, start=1):
        seen.add(int(cell))
        found = {"repeat": repeat, "trial": trial, "unique": len(seen)}
        if values[cell] < best:
            best = float(values[cell])
            rows.append({**found, "best": best, "suboptimality": best - values.min(), "end": False})
        if best == values.min() or trial == len(cells):
            rows.append({**found, "best": best, "suboptimality": best - values.min(), "end": True})
            break
    return rows


@pytest.fixture
def played() -> Callable[..., pd.DataFrame]:
    """A replay table from the cells that each replay asked for: `played(cells [replays][trials], values, **key)`."""

    def make(cells: Sequence[Sequence[int]], values: np.ndarray, **key: str) -> pd.DataFrame:
        rows = [row for repeat, asked in enumerate(cells) for row in rows_of(asked, values, repeat)]
        return pd.DataFrame([{**KEY, **key, **row} for row in rows])[SCHEMA.names]

    return make


@pytest.fixture
def table(played: Callable[..., pd.DataFrame]) -> pd.DataFrame:
    """Random search by two optimizers, and by one that is better informed, 40 replays of 30 trials each."""
    rng = np.random.default_rng(0)
    frames = []
    for optimizer, spread in (("adam", 20.0), ("avagrad", 10.0)):
        values = np.round(2 + spread * rng.random(60) ** 2, 1)
        order = np.argsort(values)
        for searcher, power in (("random", 1.0), ("gld", 2.0), ("cgld", 3.0)):
            cells = order[(60 * rng.random((40, 30)) ** power).astype(int)]
            key = {"surface": f"task/{optimizer}", "optimizer": optimizer, "searcher": searcher}
            frames.append(played(cells, values, **key))
    return pd.concat(frames, ignore_index=True)


@pytest.fixture
def make_surface() -> Callable[..., Surface]:
    """A surface of any shape: `make_surface((3, 4), seeds=1, optimizer="adam")`; its values are random."""

    def make(shape: Sequence[int], seeds: int = 1, optimizer: str = "adam", task: str = "task") -> Surface:
        names = ["alpha", "epsilon", "beta2", "momentum"]
        axes = [
            Axis(name, tuple(float(f"1e{k}") for k in range(-5, length - 5)))
            for name, length in zip(names, shape, strict=False)
        ]
        rng = np.random.default_rng(len(shape))
        value = np.round(rng.gamma(1.0, 20.0, (*shape, seeds)), 2) + 1
        provenance = Provenance(task, optimizer, metric="error", unit="%")
        return Surface(Space(tuple(axes)), tuple(range(seeds)), value, np.zeros(value.shape, bool), provenance)

    return make
