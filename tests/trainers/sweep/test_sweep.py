"""Identity and partition."""

import pytest
import sweep_fakes
from hypothesis import given
from hypothesis import strategies as st

from grids.differences import difference
from grids.errors import BadInput
from trainers.sweep.folder import SweepFolder, file_name
from trainers.sweep.sweep import Shard, part


@given(block=st.integers(1, 20), seeds=st.integers(1, 3))
def test_shards_cover_every_cell_once(block: int, seeds: int) -> None:
    shards = sweep_fakes.sweep(block).shards(range(seeds))
    runs = [(shard.seed, cell) for shard in shards for cell in range(shard.start, shard.stop)]
    assert runs == [(seed, cell) for seed in range(seeds) for cell in range(12)]
    sizes = {shard.cells for shard in shards}
    assert max(sizes) <= block
    assert max(sizes) - min(sizes) <= 1
    assert len({shard.name for shard in shards}) == len(shards)


def test_more_seeds_only_add_shards() -> None:
    sweep = sweep_fakes.sweep()
    assert sweep.shards(range(3))[: len(sweep.shards(range(2)))] == sweep.shards(range(2))


@given(count=st.integers(1, 9), first=st.sampled_from([0, 1]))
def test_parts_make_the_whole_counted_from_either_end(count: int, first: int) -> None:
    shards = sweep_fakes.sweep(1).shards(range(2))
    dealt = [shard for index in range(first, first + count) for shard in part(shards, index, count)]
    assert sorted(dealt, key=shards.index) == shards


def test_the_identity_is_what_determines_values() -> None:
    sweep = sweep_fakes.sweep()
    assert sweep.id == sweep_fakes.sweep(block=7).id
    for other in ({"optimizer": "sgd"}, {"fixed": {"epochs": 5, "beta1": 0.9}}, {"data": {"sha256": "1"}}):
        assert sweep_fakes.sweep(**other).id != sweep.id


def test_a_difference_is_told_in_words() -> None:
    other = sweep_fakes.sweep(fixed={"epochs": 9, "beta1": 0.9}, optimizer="sgd")
    assert difference(sweep_fakes.sweep().identity, other.identity) == (
        "optimizer: sgd there, adam here; fixed.epochs: 9 there, 4 here"
    )


def test_no_empty_blocks() -> None:
    with pytest.raises(BadInput, match="at least one cell"):
        sweep_fakes.sweep(0)


@pytest.mark.parametrize("text", ["avagrad:variant=authors", "my_rules:mine", "a/b c:d='1'", "../x", ".", ":"])
def test_file_names_stay_in_their_folder(text: str, tmp_path) -> None:  # type: ignore[no-untyped-def]
    folder = SweepFolder.of(tmp_path, "task", text)
    assert folder.surface.parent == tmp_path / "task"
    assert not set(file_name(text)) & set("/: '\"*?$")
    folder.surface.parent.mkdir()
    folder.surface.touch()


@pytest.mark.parametrize("block", range(1, 11))
def test_a_shard_is_known_by_its_name(block: int) -> None:
    one = sweep_fakes.sweep(block)
    shards = one.shards([0, 3])
    assert [one.shard_named(shard.name) for shard in shards] == shards
    known = {shard.name for shard in shards}
    for start in range(one.space.size + 1):
        for stop in range(start, one.space.size + 2):
            name = Shard(3, start, stop).name
            assert (one.shard_named(name) is not None) == (name in known)
    assert one.shard_named("seed0-cells0-1") is None
