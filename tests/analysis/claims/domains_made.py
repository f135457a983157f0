"""Surfaces made for tests of a task of each domain: values that rise with the distance from the best cell."""

from typing import Any

import numpy as np

from analysis.claims import Evidence
from grids.space import preset_for
from grids.surface import Provenance, Surface

METRICS = {
    "gan": ("Fréchet distance (EfficientNet-Lite0)", ""),
    "vision": ("validation error", "%"),
    "text": ("bits per character", "bits"),
}


def surface(
    task: str,
    optimizer: str,
    lowest: float,
    alpha: float = 2e-4,
    epsilon: float = 1e-6,
    seeds: int = 3,
    noise: float = 0.2,
) -> Surface:
    """Values that rise with the distance from the best cell, and noise of a given deviation over seeds."""
    space = preset_for("paper-gan", optimizer)
    rises = [
        np.abs(np.log10(axis.values) - np.log10(best)) for axis, best in zip(space.axes, (alpha, epsilon), strict=False)
    ]
    rise = rises[0] if len(rises) == 1 else rises[0][:, None] + rises[1]
    rng = np.random.default_rng(sum(map(ord, optimizer)))
    value = (lowest * (1 + 0.2 * rise))[..., None] + noise * rng.normal(size=(*space.shape, seeds))
    metric, unit = METRICS[task]
    provenance = Provenance(task, optimizer, metric, unit, failure=400.0, targets=(2.0, 5.0), optimizer_label=optimizer)
    return Surface(space, tuple(range(seeds)), value, np.zeros(value.shape, bool), provenance)


def evidence(task: str, lowest: dict[str, float], **more: Any) -> Evidence:
    surfaces = {name: surface(task, name, low, **more) for name, low in lowest.items()}
    return Evidence(task, surfaces, target=2.0, level=5.0)
