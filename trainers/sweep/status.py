"""The progress of sweeps, read from their files alone: no worker and no scheduler is asked."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow.compute as pc

from grids import surface_file
from grids.errors import BadInput, Damaged
from trainers.blocks.locks import is_locked
from trainers.sweep.folder import ENDING, SweepFolder, file_name, find_sweeps
from trainers.sweep.kept import Kept


@dataclass(frozen=True)
class Status:
    """One sweep's progress, in runs: a run is one cell with one seed.

    Args:
        cells, seeds: of the space, and as last asked for.
        done, running, missing: these make up all runs; `running` are in shards that a worker has locked.
        diverged: among those done.
        seconds: spent on those done.
        merged: whether the surface file is there, and whole.
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


def status(folder: Path, say: Callable[[str], None]) -> list[Status]:
    """Every sweep at or below `folder`, and every surface there that has no shards (it counts as done).

    Raises:
        BadInput: no such folder, nothing in it, or files of another sweep in one.
    """
    sweeps = list(find_sweeps(folder))
    found = [_of_sweep(one, say) for one in sweeps]
    surfaces = set() if folder.name.endswith(ENDING) else {*folder.glob("*.parquet"), *folder.glob("*/*.parquet")}
    for path in sorted(surfaces - {one.surface for one in sweeps}):
        if not path.parent.name.endswith(ENDING):
            try:
                found.append(_of_surface(path))
            except BadInput as error:
                say(f"left out: {error}")
    if not found:
        raise BadInput(f"{folder}: no sweep and no surface in it")
    return sorted(found, key=lambda one: (one.task, one.optimizer))


def _of_sweep(folder: SweepFolder, say: Callable[[str], None]) -> Status:
    held = folder.read()
    assert held is not None
    sweep = held.sweep
    runs = {"done": 0, "running": 0, "missing": 0, "diverged": 0}
    seconds = 0.0
    kept = Kept.of(folder, sweep)
    # By the files that are there, not by the shards that there may be: any number of seeds may have been asked for.
    names = sorted({path.stem for ending in ("parquet", "lock") for path in folder.path.glob(f"seed*-cells*.{ending}")})
    shards = [shard for shard in map(sweep.shard_named, names) if shard is not None and shard.seed < held.seeds]
    apart = {shard.seed for shard in shards if kept.store.is_done(shard.name)}
    # A seed whose runs were merged, and of which no shard was kept, is in the surface.
    merged = [seed for seed in (kept.surface.seeds if kept.surface else ()) if seed < held.seeds and seed not in apart]
    for shard in [*(shard for shard in shards if shard.seed not in merged), *sweep.shards(merged)]:
        try:
            file = kept.store.read(shard.name) if shard.seed in apart else kept.read(shard)
        except Damaged as damage:
            say(f"{damage}; its cells will be trained again")
            file = None
        if file is not None:
            runs["done"] += shard.cells
            runs["diverged"] += pc.sum(file.table.column("diverged")).as_py()
            seconds += file.record.seconds
        elif is_locked(kept.store.lock(shard.name)):
            runs["running"] += shard.cells
    runs["missing"] = sweep.space.size * held.seeds - runs["done"] - runs["running"]
    return Status(
        task=sweep.identity["task"],
        optimizer=sweep.identity["optimizer"],
        cells=sweep.space.size,
        seeds=held.seeds,
        **runs,
        seconds=round(seconds, 3),
        merged=_is_whole(folder.surface, say),
    )


def _is_whole(surface: Path, say: Callable[[str], None]) -> bool:
    if not surface.exists():
        return False
    try:
        surface_file.load(surface)
    except BadInput as error:
        say(f"{error}; `grid run` merges it again")
        return False
    return True


def _of_surface(path: Path) -> Status:
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
