"""Evidence made for tests: surfaces with a valley where it is wanted, replays, runs on the counterexample."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from analysis.claims import Evidence, Finding, statements
from analysis.claims.evidence import CounterexampleRuns, pair
from analysis.noiseless import draws
from analysis.replays import Group, split
from grids.replay_table import SCHEMA
from grids.space import PRESETS
from grids.surface import Provenance, Surface

SEARCHERS = {"random": "random search", "tpe": "TPE", "cmaes": "CMA-ES", "gld": "GLD", "cgld": "CGLD"}


SPACE = PRESETS["paper-cifar"]


ALPHA, EPSILON = (np.log10(axis.values) for axis in SPACE.axes)


def surface_of(value: np.ndarray, optimizer: str, seeds: int = 3, jitter: float = 0.01, **facts: Any) -> Surface:
    rng = np.random.default_rng(len(optimizer))
    noisy = value[..., None] + jitter * rng.normal(size=(*value.shape, seeds))
    provenance = Provenance("toy", optimizer, "error", "%", data=facts)
    return Surface(SPACE, tuple(range(seeds)), noisy, np.zeros(noisy.shape, bool), provenance)


def valley(slope: float, *, width: float, best_epsilon: float, low: float = 4.0) -> np.ndarray:
    """Errors whose best log α is −1, plus `slope` for each decade of ε beyond 1e-3; a little better at one ε."""
    center = -1 + slope * np.maximum(EPSILON + 3, 0)
    off = np.abs(ALPHA[:, None] - center) / width
    far = 0.15 * np.abs(EPSILON - best_epsilon)
    return np.minimum(low + 6 * off**2 + far, 90)


def as_in_the_paper(optimizer: str) -> np.ndarray:
    if optimizer in ("avagrad", "avagradw"):
        # At its best α the value does not depend on ε beyond the transition.
        off = np.abs(ALPHA[:, None]) / 1.2
        return np.minimum(3.8 + 6 * off**2 + 0.6 * (EPSILON <= -3) + 0 * EPSILON, 90) - 0.3 * (EPSILON == 1)
    return valley(1.0, width=0.5, best_epsilon=-1 if optimizer != "adamw" else 1, low=4.0 + 0.01 * len(optimizer))


def replays(costs: dict[tuple[str, str], float], draws: int = 20, repeats: int = 60) -> dict[str, Any]:
    """Evidence of searchers that hit with one probability at every trial: mean runtimes to fit, on each draw."""
    rng = np.random.default_rng(0)
    found: dict[tuple[str, str], list[Group]] = {key: [] for key in costs}
    for (optimizer, searcher), cost in costs.items():
        for _ in range(draws):
            trial = np.minimum(rng.geometric(1 / cost, repeats), 441)
            rows = [
                ("s", optimizer, "toy", searcher, repeat, at, 1, 4.0 + rest, rest, end)
                for repeat, number in enumerate(trial)
                for at, rest, end in ((1, 9.0, False), (int(number) + 1, 0.0, True))
            ]
            found[optimizer, searcher] += split(pd.DataFrame(rows, columns=SCHEMA.names))
    return {"replays": found}


def runs(adam: float, delayed: float, printed: float, theorem: float) -> dict[tuple[str, float], CounterexampleRuns]:
    """Two runs of each method at two learning rates, of which the second is judged and ends where told."""

    def descent(end: float) -> CounterexampleRuns:
        return CounterexampleRuns((0.1, 0.01), 1, np.array([[0.3, 0.3], [end, 1.01 * end]]), 1000)

    return {
        ("adam", 0.0): descent(adam),
        ("delayed-adam", 0.0): descent(delayed),
        ("dynamic-adam", 1.5): descent(printed),
        ("dynamic-adam", 0.5): descent(theorem),
    }


def evidence_of(
    make: Callable[[str], np.ndarray], *names: str, more: dict[str, Any] | None = None, **options: Any
) -> Evidence:
    surfaces = {name: surface_of(make(name), name, **options) for name in names}
    several = {name: one for name, one in pair(surfaces).items() if len(one.seeds) > 1}
    tables = {name: draws(one, 20, np.random.default_rng(0)) for name, one in several.items()}
    return Evidence("toy", surfaces, draws=tables, searchers=SEARCHERS, **(more or {}))


def finding_on(evidence: Evidence, name: str) -> Finding:
    """The finding on one statement alone."""
    (row,) = (row for row in statements(evidence) if row.id == name)
    return row.judge(evidence)
