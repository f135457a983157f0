"""Replays run again from a replay table's header: their paths are the trials that its rows were made from."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from grids import replay_table, surface_file
from grids.errors import BadInput
from grids.pool import Pool
from grids.replay_header import ReplayHeader
from grids.space import Axis, Space
from grids.surface import Fidelity, Provenance, Surface
from grids.within import within
from tuning.cli import run
from tuning.paths import play_again
from tuning.searchers import names


def made(shape: tuple[int, ...] = (5, 4), seeds: int = 3, pool: bool = False) -> Surface:
    axes = tuple(
        Axis(name, tuple(float(f"1e{k - 3}") for k in range(length)))
        for name, length in zip(("alpha", "epsilon"), shape, strict=True)
    )
    rng = np.random.default_rng(3)
    space = Pool(axes, np.stack([rng.integers(0, n, 14) for n in shape], axis=1)) if pool else Space(axes)
    value = np.round(rng.gamma(1.0, 9.0, (*space.shape, seeds)), 3)
    curve = value[..., None] + np.array([20.0, 9.0, 4.0, 0.0]) * rng.random((*value.shape, 4)).round(2)
    curve[..., -1] = value
    about = Provenance("made", "adam", "loss", "nats", targets=(1.0,))
    return Surface(
        space, tuple(range(seeds)), value, np.zeros(value.shape, bool), about, curve,
        seconds=rng.random(value.shape), fidelity=Fidelity("epoch", (1.0, 3.0, 9.0, 27.0)),
    )  # fmt: skip


def table(tmp_path: Path, surface: Surface, options: str) -> tuple[pd.DataFrame, ReplayHeader]:
    """What `tunecost replay` writes."""
    surface_file.save(surface, tmp_path / "s.parquet")
    out = tmp_path / "r.parquet"
    line = ["replay", str(tmp_path / "s.parquet"), *options.split(), "--jobs", "1", "--out", str(out), "--quiet"]
    assert run(line) == 0
    return replay_table.read(out)


def best_of(values: np.ndarray, cells: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """The lowest value of what was trained to the end so far, by a plain loop."""
    best, found = np.inf, []
    for cell, trained in zip(cells, whole, strict=True):
        best = min(best, values[cell]) if trained else best
        found.append(best)
    return np.array(found)


CASES = (
    *(f"-s {name}" for name in names()),
    "-s gld:radius_max=3 --value-of best --seed 7",
    "-s random -s hyperband:of=gld --max-epochs 200",
    "-s asha --workers 3 --max-epochs 300",
    "-s sha:eta=3,min=1 --cost-model restart",
    "-s optuna:RandomSampler --max-trials 6",
    "-s random --within alpha=1e-2..,epsilon=..1e-1 --seed-statistic median",
    "-s tpe --within alpha=1e-2.. --lowest within",
)


@pytest.mark.parametrize("options", CASES)
def test_a_path_leads_to_every_improvement_of_its_replay(tmp_path: Path, options: str) -> None:
    surface = made()
    frame, header = table(tmp_path, surface, f"{options} --repeats 4")
    judged = surface.judged_by(header.judged.value_of)
    values = judged.table(header.judged.seed_statistic).ravel()
    inside = np.arange(surface.space.size)
    if header.within:
        numbered = replace(judged, value=np.repeat(inside.reshape(5, 4, 1), 3, axis=-1).astype(float), curve=None)
        inside = within(numbered, header.within).value[..., 0].ravel().astype(int)
    for searcher, rows in frame.groupby("searcher", sort=False):
        paths = play_again(surface, rows, header, 3)
        assert [path.repeat for path in paths] == [0, 1, 2], searcher
        for path in paths:
            own = rows[rows["repeat"] == path.repeat]
            assert len(path.cells) == own["trial"].max()
            assert np.isin(path.cells, inside).all()
            whole = np.ones(len(path.cells), bool) if path.amounts is None else path.amounts == 27
            best = best_of(values, path.cells, whole)
            found = own[np.isfinite(own["best"])]
            np.testing.assert_array_equal(best[found["trial"].to_numpy() - 1], found["best"])
            distinct = [len(set(path.cells[:trial].tolist())) for trial in own["trial"]]
            assert distinct == own["unique"].tolist()


def test_with_noise_a_path_passes_through_each_chosen_cell(tmp_path: Path) -> None:
    surface = made()
    frame, header = table(tmp_path, surface, "-s gld --noise seed --repeats 3 --max-trials 9")
    for path in play_again(surface, frame, header, 3):
        own = frame[(frame["repeat"] == path.repeat) & ~frame["end"]]
        assert len(path.cells) == 9
        np.testing.assert_array_equal(surface.mean.ravel()[path.cells[own["trial"].to_numpy() - 1]], own["best"])


@pytest.mark.parametrize("options", ["-s random-unique", "-s gld --nearest", "-s random --within alpha=1e-2.."])
def test_on_a_pool_cells_are_its_configurations(tmp_path: Path, options: str) -> None:
    surface = made(pool=True)
    frame, header = table(tmp_path, surface, f"{options} --repeats 2 --max-trials 5")
    for path in play_again(surface, frame, header, 2):
        own = frame[frame["repeat"] == path.repeat]
        best = np.minimum.accumulate(surface.mean[path.cells])
        np.testing.assert_array_equal(best[own["trial"].to_numpy() - 1], own["best"])


def test_a_live_table_gives_the_cells_that_it_stores() -> None:
    surface = made()
    rows = pd.DataFrame(
        {
            "surface": "s", "searcher": "random", "repeat": [4, 4, 4, 6, 6], "trial": [1, 3, 5, 1, 5],
            "end": [False, False, True, False, True], "cell": [7, 2, 2, 11, 11],
        }
    )  # fmt: skip
    first, second = play_again(surface, rows, ReplayHeader(live={}), 2)
    assert (first.repeat, first.trials.tolist(), first.cells.tolist()) == (4, [1, 3], [7, 2])
    assert (second.repeat, second.trials.tolist(), second.cells.tolist()) == (6, [1], [11])
    asked = [None, None, [7, 9, 2, 2, 4], None, [11, 0, 0, 1, 2]]
    header = ReplayHeader(live={"axes": surface.space.to_json()})
    first, second = play_again(surface, rows.assign(asked=asked), header, 2)
    assert (first.trials.tolist(), first.cells.tolist()) == ([1, 2, 3, 4, 5], [7, 9, 2, 2, 4])
    assert second.cells.tolist() == [11, 0, 0, 1, 2]
    with pytest.raises(BadInput, match="another space"):
        play_again(surface, rows, ReplayHeader(live={"axes": []}), 1)
    with pytest.raises(BadInput, match="cells that this surface does not have"):
        play_again(surface, rows.assign(cell=99), ReplayHeader(live={}), 1)
    with pytest.raises(BadInput, match="stores no cells"):
        play_again(surface, rows.drop(columns="cell"), ReplayHeader(live={}), 1)


def test_a_path_that_is_not_the_tables_is_refused(tmp_path: Path) -> None:
    surface = made()
    frame, header = table(tmp_path, surface, "-s gld --repeats 2")
    with pytest.raises(BadInput, match="names no seed"):
        play_again(surface, frame, replace(header, seed=None), 1)
    with pytest.raises(BadInput, match="repeat 0 run again gave other trials"):
        play_again(surface, frame, replace(header, seed=1), 1)
    with pytest.raises(BadInput, match="unknown searcher"):
        play_again(surface, frame.assign(searcher="gdl"), header, 1)
