"""The states of trials, in tables that trackers export."""

from pathlib import Path

import pytest
from tables_made import column, read

STATES = ("0.5,0.1,adam,COMPLETE", "0.6,0.1,sgd,COMPLETE", "0.1,1,adam,PRUNED", ",1,sgd,FAIL")


@pytest.mark.parametrize("header", ["error,params_lr,params_opt,state", "error,lr,opt,status"])
def test_a_pruned_trial_is_filled_and_not_counted(tmp_path: Path, header: str) -> None:
    axes = [name for name in header.split(",") if name.endswith(("lr", "opt"))]
    surface = read(tmp_path, column(header, *STATES), axes, missing="worst")
    assert surface.value.ravel().tolist() == [0.5, 0.6, 0.6, 0.6]
    assert surface.filled is not None
    assert surface.filled.ravel().tolist() == [False, False, True, True]


def test_unfinished_trials_are_left_out_where_nothing_is_filled(tmp_path: Path) -> None:
    content = column("error,lr,state", "5,1,finished", "6,2,finished", "1,3,killed", "0,2,crashed")
    surface = read(tmp_path, content, "lr")
    assert surface.value.ravel().tolist() == [5, 6]
    assert surface.provenance.data["left_out"] == 2


@pytest.mark.parametrize("more", [{}, {"seed": "seed"}], ids=["alone", "seeds"])
def test_a_finished_retry_takes_the_place_of_a_failed_try(tmp_path: Path, more: dict[str, str]) -> None:
    rows = ("0,1,0,failed", "5,1,0,finished", "6,2,0,finished", ",3,0,failed", ",3,0,running")
    surface = read(tmp_path, column("error,lr,seed,status", *rows), "lr", missing="9", **more)
    assert surface.value.ravel().tolist() == [5, 6, 9]
    assert surface.provenance.data["left_out"] == 2


def test_a_column_of_other_words_says_nothing_of_trials(tmp_path: Path) -> None:
    content = column("error,lr,state", "5,1,failed", "6,2,Texas", "7,3,Ohio")
    assert read(tmp_path, content, "lr", missing="worst").value.ravel().tolist() == [5, 6, 7]


def test_what_a_pruned_trial_reached_stays_in_its_curve(tmp_path: Path) -> None:
    rows = ("5,1,1,complete", "4,1,2,complete", "3,2,1,pruned")
    surface = read(tmp_path, column("error,lr,epoch,state", *rows), "lr", epoch="epoch", missing="worst")
    assert surface.curve is not None
    assert surface.curve.reshape(2, 2).tolist() == [[5, 4], [3, 4]]
