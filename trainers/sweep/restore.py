"""Finished shards out of the surface that was merged from them, so that more seeds train only what is new.

A surface is often all that is kept of a sweep: a file in a repository, or what a colleague sent. Where it lies in the
place that the sweep would write it to, its runs are not trained again.
"""

from collections.abc import Callable

import numpy as np

from grids import surface_file
from grids.errors import BadInput
from grids.surface import Surface
from trainers.sweep import shards as shard_files
from trainers.sweep.folder import SweepFolder
from trainers.sweep.shards import Record, Result
from trainers.sweep.sweep import Shard, Sweep


def kept(folder: SweepFolder, sweep: Sweep) -> Surface | None:
    """The surface in the sweep's place, where this sweep made it and it is whole."""
    if folder.origin() != sweep.id:
        return None
    try:
        surface = surface_file.load(folder.surface)
    except BadInput:  # replaced since
        return None
    whole = surface.curve is not None and surface.train_loss is not None
    return surface if whole and surface.space == sweep.space else None


def is_there(folder: SweepFolder, surface: Surface | None, shard: Shard) -> bool:
    """Whether a shard's runs need no training: its file is there, or `surface` (of `kept`) holds its seed."""
    return folder.shard(shard.name).exists() or (surface is not None and shard.seed in surface.seeds)


def restore(folder: SweepFolder, sweep: Sweep, say: Callable[[str], None]) -> None:
    """Write the shards that the kept surface holds and the folder lacks. Any number of workers may do so at once.

    A surface knows the time of its sweep only as a whole, so each shard's record gets the share of its cells.

    Args:
        say: gets one line where there was anything to write.

    Raises:
        BadInput: a shard cannot be written.
    """
    surface = kept(folder, sweep)
    if surface is None:
        return
    shards = sweep.shards(surface.seeds)
    gone = [shard for shard in shards if not folder.shard(shard.name).exists()]
    for shard in gone:
        record = _record(surface, shard, first=shard == shards[0])
        shard_files.write(folder.shard(shard.name), sweep, shard, _result(surface, shard), record)
    if gone:
        seeds = ", ".join(map(str, sorted({shard.seed for shard in gone})))
        say(f"{folder.surface}: holds all runs of seed {seeds}, which are not trained again (--fresh starts over)")


def _result(surface: Surface, shard: Shard) -> Result:
    """The runs of a shard, as its training gave them."""
    assert surface.curve is not None
    assert surface.train_loss is not None
    seed, cells = surface.seeds.index(shard.seed), slice(shard.start, shard.stop)

    def runs(array: np.ndarray) -> np.ndarray:
        return array.reshape(surface.space.size, len(surface.seeds), *array.shape[surface.value.ndim :])[cells, seed]

    return Result(
        value=runs(surface.value),
        diverged=runs(surface.diverged),
        curve=runs(surface.curve),
        train_loss=runs(surface.train_loss),
        numbers={name: runs(array) for name, array in surface.extra.items()},
        seconds=None if surface.seconds is None else runs(surface.seconds),
    )


def _record(surface: Surface, shard: Shard, first: bool) -> Record:
    about = surface.provenance
    timing = about.fixed.get("timing", {})
    share = shard.cells / (surface.space.size * len(surface.seeds))
    return Record(
        device=about.device,
        memory=int(timing.get("peak_memory_bytes", 0)),
        software=about.software,
        seconds=share * timing.get("seconds", 0.0),
        resumed=timing.get("resumed", 0) if first else 0,
    )
