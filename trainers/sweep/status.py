"""How far sweeps are, read from their files alone: no worker and no scheduler is asked."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from grids.errors import BadInput
from trainers.sweep import claims, manifest, shard_file
from trainers.sweep.claims import Pace
from trainers.sweep.layout import SHARDS, Layout, file_name, find_sweeps
from trainers.sweep.sealed_file import Damaged


@dataclass(frozen=True)
class Status:
    """One sweep's progress, in runs: a run is one cell with one seed.

    Args:
        cells, seeds: of the space, and as last asked for.
        done, running, missing: these make up all runs; `running` lie in shards that a live worker holds.
        diverged: among those done.
        seconds: spent on those done.
        merged: whether the surface file is there.
    """

    task: str
    optimizer: str
    cells: int
    seeds: int
    done: int
    running: int
    missing: int
    diverged: int
    seconds: float | None
    merged: bool


def status(folder: Path, say: Callable[[str], None], pace: Pace | None = None) -> list[Status]:
    """Every sweep at or below `folder`, and every surface there that has no shards (it counts as done).

    Raises:
        BadInput: no such folder, nothing in it, or files of another sweep in one.
    """
    layouts = list(find_sweeps(folder))
    found = [_of_sweep(layout, say, pace or Pace()) for layout in layouts]
    swept = {layout.surface for layout in layouts}
    for path in _surfaces(folder):
        if path not in swept:
            try:
                found.append(_of_surface(path))
            except BadInput as error:
                say(f"left out: {error}")
    if not found:
        raise BadInput(f"{folder}: no sweep and no surface in it")
    return sorted(found, key=lambda one: (one.task, one.optimizer))


def _of_sweep(layout: Layout, say: Callable[[str], None], pace: Pace) -> Status:
    found = manifest.read(layout)
    assert found is not None
    sweep, seeds = found
    done = running = missing = diverged = 0
    seconds = 0.0
    for shard in sweep.shards(range(seeds)):
        try:
            result = shard_file.load(layout, sweep, shard)
        except Damaged as damage:
            say(f"{damage}; its cells will be trained again")
            result = None
        if result is not None:
            done += shard.cells
            diverged += int(result.diverged.sum())
            seconds += float(result.record["seconds"])
        elif claims.is_live(layout.claim(shard.name), pace):
            running += shard.cells
        else:
            missing += shard.cells
    return Status(
        task=sweep.identity["task"],
        optimizer=sweep.identity["optimizer"],
        cells=sweep.space.size,
        seeds=seeds,
        done=done,
        running=running,
        missing=missing,
        diverged=diverged,
        seconds=round(seconds, 3),
        merged=layout.surface.exists(),
    )


def _surfaces(folder: Path) -> list[Path]:
    if folder.name.endswith(SHARDS):
        return []
    return sorted({*folder.glob("*.parquet"), *folder.glob("*/*.parquet")})


def _of_surface(path: Path) -> Status:
    from grids import surface_file

    surface = surface_file.load(path)
    return Status(
        task=surface.provenance.task or path.parent.name,
        optimizer=surface.provenance.optimizer or file_name(path.stem),
        cells=surface.space.size,
        seeds=len(surface.seeds),
        done=surface.value.size,
        running=0,
        missing=0,
        diverged=int(surface.diverged.sum()),
        seconds=None,
        merged=True,
    )
