"""The runs that a sweep has: in the shards of its folder, or in the surface that was merged from them.

A surface is often all that is kept of a sweep: a file in a repository, or what a colleague sent. Where it lies in the
place that the sweep would write it to, its runs are not trained again, and more seeds train only what is new.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np

from grids import surface_file
from grids.errors import BadInput
from grids.surface import Surface
from trainers.blocks.block import Record, Result
from trainers.blocks.store import BlockFile, BlockStore, block_file
from trainers.sweep.folder import SweepFolder
from trainers.sweep.sweep import Shard, Sweep


@dataclass(frozen=True)
class Kept:
    """A sweep's runs.

    Args:
        sweep: what they are runs of.
        store: the shards.
        surface: the surface in the sweep's place, where this sweep made it and it is whole.
    """

    sweep: Sweep
    store: BlockStore
    surface: Surface | None

    @classmethod
    def of(cls, folder: SweepFolder, sweep: Sweep) -> "Kept":
        return cls(sweep, folder.store(sweep), _surface(folder, sweep))

    def has(self, shard: Shard) -> bool:
        """Whether a shard's runs need no training."""
        return self.store.is_done(shard.name) or self._merged(shard)

    def runs(self, shard: Shard, say: Callable[[str], None]) -> BlockFile | None:
        """A shard's runs; None where they are not there. A damaged file is set aside (see `BlockStore.whole`).

        Raises:
            BadInput: a shard of another sweep.
        """
        return self.store.whole(shard.name, say) or self._merged_runs(shard)

    def read(self, shard: Shard) -> BlockFile | None:
        """Read as `runs` does, and set nothing aside.

        Raises:
            Damaged: a shard is cut short or altered.
            BadInput: a shard of another sweep.
        """
        return self.store.read(shard.name) or self._merged_runs(shard)

    def spare(self, seeds: Collection[int]) -> None:
        """Write as shards what the surface alone holds of other seeds than these, before it is replaced.

        Raises:
            BadInput: a shard cannot be written.
        """
        for shard in self.sweep.shards(() if self.surface is None else self.surface.seeds):
            if shard.seed not in seeds and not self.store.is_done(shard.name):
                self.store.write(shard.name, self._cut(shard))

    def words(self, seeds: Collection[int]) -> str:
        """A line on the seeds whose runs are in the surface alone; empty where there are none."""
        alone = {
            shard.seed
            for shard in self.sweep.shards(seeds)
            if self._merged(shard) and not self.store.is_done(shard.name)
        }
        numbers = ", ".join(map(str, sorted(alone)))
        return f"holds all runs of seed {numbers}, which are not trained again (--fresh starts over)" if alone else ""

    def _merged(self, shard: Shard) -> bool:
        return self.surface is not None and shard.seed in self.surface.seeds

    def _merged_runs(self, shard: Shard) -> BlockFile | None:
        return self._cut(shard) if self._merged(shard) else None

    def _cut(self, shard: Shard) -> BlockFile:
        """The runs of a shard, as its training gave them.

        A surface knows the time of its sweep only as a whole, so each shard's record gets the share of its cells.
        """
        surface = self.surface
        assert surface is not None
        assert surface.curve is not None
        assert surface.train_loss is not None
        seed, cells = surface.seeds.index(shard.seed), slice(shard.start, shard.stop)

        def runs(array: np.ndarray) -> np.ndarray:
            whole = array.reshape(self.sweep.space.size, len(surface.seeds), *array.shape[surface.value.ndim :])
            return whole[cells, seed]

        result = Result(
            value=runs(surface.value),
            diverged=runs(surface.diverged),
            curve=runs(surface.curve),
            train_loss=runs(surface.train_loss),
            numbers={name: runs(array) for name, array in surface.extra.items()},
            seconds=None if surface.seconds is None else runs(surface.seconds),
        )
        timing = surface.provenance.fixed.get("timing", {})
        first = shard.start == 0 and shard.seed == surface.seeds[0]
        record = Record(
            device=surface.provenance.device,
            memory=int(timing.get("peak_memory_bytes", 0)),
            software=surface.provenance.software,
            seconds=timing.get("seconds", 0.0) * shard.cells / (self.sweep.space.size * len(surface.seeds)),
            resumed=timing.get("resumed", 0) if first else 0,
        )
        return block_file(self.sweep.block_of(shard).columns, result, record)


def _surface(folder: SweepFolder, sweep: Sweep) -> Surface | None:
    if folder.origin() != sweep.id:
        return None
    try:
        surface = surface_file.load(folder.surface)
    except BadInput:  # replaced since
        return None
    whole = surface.curve is not None and surface.train_loss is not None
    return surface if whole and surface.space == sweep.space else None
