"""The three closing lines of a training command: the best cell, the share of cells near it, and divergence and time."""

from collections.abc import Sequence
from pathlib import Path

from grids.metric import default_targets
from grids.surface_file import load
from grids.target import reached
from grids.units import of_difference, with_unit


def surface_closing(path: Path, seconds: float) -> list[str]:
    """The closing lines for a surface: best cell and value; share of cells within each target; diverged cells and time.

    Args:
        path: the surface's file; values are means over its seeds.
        seconds: the duration of the command.

    Raises:
        BadInput: the file cannot be read.
    """
    surface = load(path)
    about, mean, size = surface.provenance, surface.mean, surface.space.size
    targets = default_targets(surface).values
    shares = [float(reached(surface.suboptimality, target, mean).mean()) for target in targets]
    some, every = int(surface.diverged.any(axis=-1).sum()), int(surface.never_trained.sum())
    value = with_unit(f"{mean.min():.4g}", about.unit)
    seeds = f", the mean of {len(surface.seeds)} seeds" if len(surface.seeds) > 1 else ""
    some_seeds = f", {some - every} more with some seed" if some > every else ""
    return [
        f"{surface.name}: best at {surface.describe(surface.best_cell)}: {about.metric} {value}{seeds}",
        f"of {size} cells, {shares_within(shares, targets, about.unit)}",
        f"diverged: {every} of {size} cells{some_seeds}; time {duration(seconds)}",
    ]


def shares_within(shares: Sequence[float], targets: Sequence[float], unit: str) -> str:
    """The shares of cells within each target, in words.

    >>> shares_within([0.125, 0.2], [0.5, 1.0], "%")
    '12.5 % are within 0.5 percentage points of the lowest, 20 % within 1'
    """
    first, *more = [f"{100 * share:.3g} %" for share in shares]
    text = f"{first} are within {f'{targets[0]:g} {of_difference(unit)}'.rstrip()} of the lowest"
    return text + "".join(f", {share} within {target:g}" for target, share in zip(targets[1:], more, strict=True))


def duration(seconds: float) -> str:
    """A duration in words.

    >>> duration(3.21), duration(75), duration(7384)
    ('3.2 s', '1 min 15 s', '2 h 3 min')
    """
    if seconds < 60:
        return f"{seconds:.2g} s"
    minutes = round(seconds) // 60
    return f"{minutes} min {round(seconds) % 60} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
