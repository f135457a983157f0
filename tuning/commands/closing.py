"""The three lines with which a long training ends: what was found, how much of it is good, and what was lost."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from grids.units import of_difference, with_unit

if TYPE_CHECKING:
    from pathlib import Path

    from grids.space import Space
    from grids.surface_facts import SurfaceFacts
    from tuning.live import Judge, Studies


def surface_closing(path: "Path", seconds: float) -> list[str]:
    """Of a surface: its best cell and value; the share of cells within each target; diverged cells, and time.

    Args:
        path: its file; it is judged by the mean over its seeds.
        seconds: that the command took.
    """
    from grids.metric import default_targets
    from grids.surface_file import load
    from grids.target import reached

    surface = load(path)
    about, mean, size = surface.provenance, surface.mean, surface.space.size
    targets = default_targets(surface).values
    shares = [float(reached(surface.suboptimality, target, mean).mean()) for target in targets]
    lost, every = int(surface.diverged.any(axis=-1).sum()), int(surface.never_trained.sum())
    value = with_unit(f"{mean.min():.4g}", about.unit)
    seeds = f", the mean of {len(surface.seeds)} seeds" if len(surface.seeds) > 1 else ""
    partly = f", {lost - every} more with some seed" if lost > every else ""
    return [
        f"{surface.name}: best at {surface.describe(surface.best_cell)}: {about.metric} {value}{seeds}",
        f"of {size} cells, {_shares(shares, targets, about.unit)}",
        f"diverged: {every} of {size} cells{partly}; time {duration(seconds)}",
    ]


def live_closing(
    studies: "Studies", judge: "Judge", space: "Space", facts: "SurfaceFacts", name: str, seconds: float
) -> list[str]:
    """Of live studies: the best cell that one chose; the share of what they chose within each target; likewise.

    Args:
        studies, judge, space: what they did, what a cell is worth, and of what space.
        facts: the metric and its targets.
        name: of the surface, or what stands for it.
        seconds: that the command took.
    """
    from grids.target import gap, reached

    best = judge.best(studies)[..., -1].ravel()
    cells = studies.at_chosen(studies.cells)[..., -1].ravel()
    at = int(best.argmin())
    above = gap(best, judge.lowest)
    shares = [float(reached(above, target, best).mean()) for target in facts.targets]
    same = int((cells == cells[at]).sum())
    value = with_unit(f"{best[at]:.4g}", facts.unit)
    how = "as told" if judge.value is None else "the surface's mean there"
    where = space.describe(space.cell(int(cells[at])))
    trials = studies.cells.shape[-1]
    return [
        f"{name}: best at {where}: {facts.metric} {value}, {how}; chosen by {same} of {len(cells)} studies",
        f"of {len(cells)} cells chosen after {trials} trials, {_shares(shares, facts.targets, facts.unit)}",
        f"diverged: {int(studies.diverged.sum())} of {studies.diverged.size} trainings; time {duration(seconds)}",
    ]


def _shares(shares: Sequence[float], targets: Sequence[float], unit: str) -> str:
    """Which share is within each target.

    >>> _shares([0.125, 0.2], [0.5, 1.0], "%")
    '12.5 % are within 0.5 percentage points of the lowest, 20 % within 1'
    """
    first, *more = [f"{100 * share:.3g} %" for share in shares]
    said = f"{first} are within {f'{targets[0]:g} {of_difference(unit)}'.rstrip()} of the lowest"
    return said + "".join(f", {share} within {target:g}" for target, share in zip(targets[1:], more, strict=True))


def duration(seconds: float) -> str:
    """A time as people say it.

    >>> duration(3.21), duration(75), duration(7384)
    ('3.2 s', '1 min 15 s', '2 h 3 min')
    """
    if seconds < 60:
        return f"{seconds:.2g} s"
    minutes = round(seconds) // 60
    return f"{minutes} min {round(seconds) % 60} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
