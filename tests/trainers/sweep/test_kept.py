"""Where only the surface was kept, more seeds train only what is new."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import sweep_fakes

from grids import surface_file
from grids.surface import Surface
from trainers.blocks.worker import Worker
from trainers.sweep import plan
from trainers.sweep.folder import SweepFolder
from trainers.sweep.job import SweepJob
from trainers.sweep.kept import Kept
from trainers.sweep.merge import merge
from trainers.sweep.run import RunOptions, run
from trainers.sweep.status import status
from trainers.sweep.sweep import Sweep


def trained(out: Path, seeds: int, sweep: Sweep) -> tuple[Surface, list[str]]:
    """The surface, and the names of the shards that were trained for it."""
    folder = SweepFolder.of(out, "fake", "adam")
    folder.adopt(sweep, seeds, None, False)
    kept, trainer = Kept.of(folder, sweep), sweep_fakes.FakeTrainer()
    missing = [sweep.block_of(shard) for shard in sweep.shards(range(seeds)) if not kept.has(shard)]
    assert Worker(kept.store, trainer).run(missing)
    surface = merge(folder, sweep, range(seeds), "test", print, sweep_fakes.ABOUT)
    assert surface is not None
    return surface, [name for name, _ in trainer.began]


def test_the_runs_of_a_kept_surface_are_not_trained_again(tmp_path: Path) -> None:
    sweep = sweep_fakes.sweep()
    whole, _ = trained(tmp_path / "at once", 3, sweep)
    first, _ = trained(tmp_path / "in parts", 1, sweep)
    folder = SweepFolder.of(tmp_path / "in parts", "fake", "adam")
    before = [folder.store(sweep).read(shard.name) for shard in sweep.shards([0])]
    assert Kept.of(folder, sweep).words(range(3)) == ""
    shutil.rmtree(folder.path)
    kept = Kept.of(folder, sweep)
    assert kept.words(range(3)) == "holds all runs of seed 0, which are not trained again (--fresh starts over)"
    surface, began = trained(tmp_path / "in parts", 3, sweep)
    assert began == [shard.name for shard in sweep.shards([1, 2])]
    assert sorted(folder.store(sweep).names()) == sorted(began)  # no surface is taken apart into shards
    (seen,) = status(folder.path, print)
    assert (seen.done, seen.missing) == (3 * sweep.space.size, 0)
    for one, two in zip(before, sweep.shards([0]), strict=True):
        again = kept.runs(two, print)
        assert one is not None
        assert again is not None
        assert str(again.table.to_pydict()) == str(one.table.to_pydict())  # as text, since NaN is not NaN
        assert again.numbers == one.numbers
        assert again.record.device == one.record.device
    assert surface.seeds == (0, 1, 2)
    for name in ("value", "diverged", "curve", "train_loss"):
        np.testing.assert_array_equal(getattr(surface, name), getattr(whole, name))
    np.testing.assert_array_equal(surface.extra["double"], whole.extra["double"])
    assert surface.provenance.software == first.provenance.software


@pytest.mark.parametrize("change", ["another sweep", "cut short", "no curves", "nothing"])
def test_only_a_whole_surface_of_this_very_sweep_counts(change: str, tmp_path: Path) -> None:
    sweep = sweep_fakes.sweep()
    surface, _ = trained(tmp_path, 1, sweep)
    folder = SweepFolder.of(tmp_path, "fake", "adam")
    shutil.rmtree(folder.path)
    if change == "another sweep":
        sweep = sweep_fakes.sweep(data={"name": "none", "sha256": "1"})
    elif change == "cut short":
        folder.surface.write_bytes(folder.surface.read_bytes()[:-100])
    elif change == "no curves":
        surface_file.save(
            Surface(surface.space, surface.seeds, surface.value, surface.diverged, surface.provenance), folder.surface
        )
    kept = Kept.of(folder, sweep)
    assert (kept.surface is not None) == (change == "nothing")
    for shard in sweep.shards([0]):
        assert kept.has(shard) == (change == "nothing")
    assert not kept.has(sweep.shards([1])[0])


def test_seeds_that_were_not_asked_for_are_not_lost(tmp_path: Path) -> None:
    sweep = sweep_fakes.sweep()
    whole, _ = trained(tmp_path, 3, sweep)
    folder = SweepFolder.of(tmp_path, "fake", "adam")
    shutil.rmtree(folder.path)
    fewer, began = trained(tmp_path, 1, sweep)
    assert (fewer.seeds, began) == ((0,), [])
    again, began = trained(tmp_path, 3, sweep)
    assert (again.seeds, began) == ((0, 1, 2), [])
    np.testing.assert_array_equal(again.value, whole.value)


def test_a_real_run_goes_on_from_its_surface(tmp_path: Path) -> None:
    def job(out: str, seeds: int) -> SweepJob:
        return SweepJob("digits-mlp", "adam", "tiny", seeds=seeds, epochs=1, device_name="cpu", out=tmp_path / out)

    assert run(job("at once", 2), RunOptions())
    assert run(job("in parts", 1), RunOptions())
    shutil.rmtree(job("in parts", 1).folder.path)
    estimate = plan.estimate(job("in parts", 2))
    assert (estimate.shards_done, estimate.shards) == (estimate.shards // 2, estimate.shards)
    advanced: list[str] = []
    assert run(job("in parts", 2), RunOptions(), print, lambda shard: advanced.append(shard.name))
    assert len(advanced) == estimate.shards
    whole, parts = (surface_file.load(job(out, 2).folder.surface) for out in ("at once", "in parts"))
    assert parts.seeds == (0, 1)
    np.testing.assert_array_equal(parts.value, whole.value)
    assert parts.curve is not None
    assert whole.curve is not None
    np.testing.assert_array_equal(parts.curve, whole.curve)
    for name, array in whole.extra.items():
        np.testing.assert_array_equal(parts.extra[name], array)
