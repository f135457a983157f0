"""Rows as cells, seeds and points of learning curves: what is missing or given twice."""

from pathlib import Path

import numpy as np
import pytest
from tables_made import GRID, column, read, refused

from grids.surface import Fidelity


def test_a_missing_cell(tmp_path: Path) -> None:
    content = column(*GRID[:-1])
    message = refused(tmp_path, content, "lr,mom")
    assert "cell lr=1, mom=0.9 is missing" in message
    assert "--missing" in message
    assert "--pool" in message
    surface = read(tmp_path, content, "lr,mom", missing="worst")
    assert surface.value[..., 0].tolist() == [[5, 4], [6, 6]]
    assert dict(surface.provenance.filled) == {"cells": 1, "runs": 1, "with": "worst", "value": 6.0}


RAGGED = column("lr,seed,error", "1,0,5", "1,1,5.5", "1,2,6", "2,0,7", "2,2,8")


def test_seeds_that_not_every_cell_has(tmp_path: Path) -> None:
    assert "--seeds common" in refused(tmp_path, RAGGED, "lr", seed="seed")
    surface = read(tmp_path, RAGGED, "lr", seed="seed", seeds="common")
    assert surface.seeds == (0, 2)
    assert surface.value.tolist() == [[5, 6], [7, 8]]
    none = column("lr,seed,error", "1,0,5", "2,1,7")
    assert "leaves none" in refused(tmp_path, none, "lr", seed="seed", seeds="common")


def test_repeats_that_nothing_tells_apart(tmp_path: Path) -> None:
    content = column("lr,time,error", "1,0.11,3", "1,0.12,4", "1,0.13,5", "2,0.14,6", "2,0.15,7", "2,0.16,8")
    message = refused(tmp_path, content, "lr")
    assert "is given 3 times (and 1 more cell more than once)" in message
    assert "--number-seeds" in message
    surface = read(tmp_path, content, "lr", number_seeds=True)
    assert surface.value.tolist() == [[3, 4, 5], [6, 7, 8]]


TOLD_APART = {
    "words": ("opt", ("adam", "sgd"), "--where opt=adam"),
    "words with a space": ("data set", ("a b", "c d"), "--where 'data set=a b'"),
    "epochs": ("epoch", ("1", "2"), "--epoch-column epoch"),
    "steps": ("global_step", ("100", "200"), "--epoch-column global_step"),
    "seeds": ("seed", ("0", "7"), "--seed-column seed"),
    "folds": ("fold", ("0", "1"), "--seed-column fold"),
    "another hyperparameter": ("wd", ("0.0", "0.01"), "--axes takes it as an axis"),
}


@pytest.mark.parametrize("kind", TOLD_APART)
def test_the_column_that_tells_doubled_rows_apart_is_named(tmp_path: Path, kind: str) -> None:
    name, levels, way = TOLD_APART[kind]
    rows = [f"{lr},{level},{lr}.{place}{i}" for lr in (1, 2, 3) for i, level in enumerate(levels) for place in (3,)]
    message = refused(tmp_path, column(f"lr,{name},error", *rows), "lr")
    assert "cell lr=1 is given twice (and 2 more cells more than once)" in message
    assert f"its rows differ in column '{name}'" in message
    assert way in message
    assert "--pool" in message


def curve_table(**at: str) -> str:
    rows = [f"{lr},{step},{at.get(f'r{lr}_{step}', str(lr * 10 + step))}" for lr in (1, 2) for step in (10, 30, 90)]
    return column("lr,step,error", *(row for row in rows if not row.endswith(",-")))


def test_learning_curves(tmp_path: Path) -> None:
    surface = read(tmp_path, curve_table(), "lr", epoch="step")
    assert surface.fidelity == Fidelity("step", (10.0, 30.0, 90.0))
    assert surface.curve is not None
    assert surface.curve.dtype == np.float64
    assert surface.curve[:, 0].tolist() == [[20, 40, 100], [30, 50, 110]]
    assert surface.value.ravel().tolist() == [100, 110]
    assert surface.judged_by("best").value.ravel().tolist() == [20, 30]
    missing = curve_table(r2_90="-")
    assert "cell lr=2 has no row for step 90" in refused(tmp_path, missing, "lr", epoch="step")
    filled = read(tmp_path, missing, "lr", epoch="step", missing="worst")
    assert filled.value.ravel().tolist() == [100, 100]
    assert filled.filled is not None
    assert filled.filled.ravel().tolist() == [False, True]


def test_a_diverged_run_may_end_early(tmp_path: Path) -> None:
    content = column("lr,epoch,error,diverged", "1,1,5,no", "1,2,4,no", "2,1,nan,yes")
    surface = read(tmp_path, content, "lr", epoch="epoch")
    assert surface.diverged.ravel().tolist() == [False, True]
    assert surface.value.ravel().tolist() == [4, 4]


def test_pools(tmp_path: Path) -> None:
    content = column("lr,opt,error", "0.1,adam,5", "0.3,sgd,4", "0.1,adam,6", "0.7,,3")
    surface = read(tmp_path, content, "lr,opt", pool=True)
    assert surface.space.is_pool
    assert surface.space.size == 4
    assert surface.value.ravel().tolist() == [5, 4, 6, 3]
    assert surface.space.describe((3,)) == "lr=0.7, opt=None"
    seeds = column("lr,seed,error", "0.1,0,5", "0.3,0,4", "0.1,1,6", "0.3,1,7")
    both = read(tmp_path, seeds, "lr", seed="seed", pool=True)
    assert (both.space.size, both.seeds) == (2, (0, 1))
    assert both.value.tolist() == [[5, 6], [4, 7]]
    numbered = read(tmp_path, column("lr,error", "1,5", "2,3", "1,6", "2,4"), "lr", pool=True, number_seeds=True)
    assert numbered.value.tolist() == [[5, 6], [3, 4]]


def test_numbered_runs_with_curves_of_different_lengths(tmp_path: Path) -> None:
    rows = ["0.1,1,5", "0.1,2,4", "0.1,1,5.5", "0.1,2,4.5", "0.1,3,4.1"]
    rows += ["1,1,6", "1,2,5", "1,3,4", "1,1,6.1", "1,2,5.1", "1,3,4.4"]
    content = column("lr,epoch,error", *rows)
    surface = read(tmp_path, content, "lr", epoch="epoch", number_seeds=True, missing="worst")
    assert surface.curve is not None
    assert surface.curve.tolist() == [[[5, 4, 4.4], [5.5, 4.5, 4.1]], [[6, 5, 4], [6.1, 5.1, 4.4]]]
    # Runs of one length may lie in any order; of others it cannot be told which ended early.
    mixed = column("lr,epoch,error", "1,1,6", "1,1,7", "1,2,5", "1,2,4")
    even = read(tmp_path, mixed + "2,1,1\n2,2,1\n2,1,1\n2,2,1\n", "lr", epoch="epoch", number_seeds=True)
    assert even.value[0].tolist() == [5, 4]
    told = refused(tmp_path, mixed + "1,3,3\n2,1,1\n", "lr", epoch="epoch", number_seeds=True, missing="worst")
    assert "cell lr=1: its rows belong to 2 runs of different lengths" in told
    assert "--seed-column" in told
