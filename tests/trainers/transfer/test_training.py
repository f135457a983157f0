"""Final trainings: equal to plain ones, resumed, spread over workers, ranked."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from grids.errors import BadInput
from grids.space import parse_space
from grids.surface import Provenance, Surface
from trainers.blocks import saved_state
from trainers.blocks.epochs import train_block
from trainers.job import Job
from trainers.order import batches
from trainers.rules import get_rule
from trainers.tasks import get_task
from trainers.transfer import record
from trainers.transfer.final import final_folds
from trainers.transfer.settings import along, best_cells, rule_of
from trainers.transfer.train import FoldTraining, Transferring

HYPER = ({"alpha": 0.01, "epsilon": 1e-8}, {"alpha": 0.1, "epsilon": 1e-4})


def training(tmp_path, *, hyper=HYPER, optimizer="adam", epochs=2, final=True) -> Transferring:
    job = Job("diabetes-mlp", optimizer, epochs=epochs, device_name="cpu")
    return Transferring(FoldTraining(job, final=final), hyper, 2, tmp_path / "parts")


def quiet(line: str) -> None:
    raise AssertionError(line)


def test_one_run_is_what_a_plain_loop_gives(tmp_path) -> None:
    """The first fold's cell, trained by torch's own Adam and judged on the fold's own examples."""
    task = get_task("diabetes-mlp")
    found = training(tmp_path).run(1, quiet, lambda n: None)
    assert found.shape == (2, 2, 2, 5)
    fold = final_folds(task.load(None, 0), 0)[0]
    judged = fold.at_the_end()
    torch.manual_seed(1)
    network = task.network()
    optimizer = torch.optim.Adam(network.parameters(), lr=0.1, eps=1e-4, weight_decay=task.weight_decay)
    steps = len(fold.data.train_y) // task.batch_size
    for epoch in range(2):
        factors = task.schedule.factors(epoch, 2, steps)
        for factor, batch in zip(factors, batches(len(fold.data.train_y), task.batch_size, 1, epoch), strict=True):
            optimizer.param_groups[0]["lr"] = 0.1 * factor
            optimizer.zero_grad()
            nn.functional.mse_loss(network(fold.data.train_x[batch]), fold.data.train_y[batch]).backward()
            optimizer.step()
    network.eval()
    with torch.no_grad():
        expected = (network(judged.valid_x) - judged.valid_y).square().mean()
    assert found[0, 1, 1, 0] == pytest.approx(float(expected), rel=1e-3)
    assert not found[1].any()


def test_workers_and_kept_states_change_nothing(tmp_path) -> None:
    alone = training(tmp_path / "a").run(1, quiet, lambda n: None)
    several = training(tmp_path / "b").run(3, quiet, lambda n: None)
    np.testing.assert_array_equal(alone, several)
    done: list[int] = []
    again = training(tmp_path / "a").run(1, quiet, done.append)  # all from what was kept
    np.testing.assert_array_equal(alone, again)
    assert sum(done) == 5 * 2


def test_goes_on_from_a_state_within_a_training(tmp_path, monkeypatch) -> None:
    whole = training(tmp_path / "a", epochs=4).run(1, quiet, lambda n: None)
    monkeypatch.setattr(saved_state, "SAVE_EVERY", 0.0)

    class Stopped(Exception):
        pass

    count = 0

    def stop(epochs: int) -> None:
        nonlocal count
        count += epochs
        if count == 7:  # in the second fold's block
            raise Stopped

    with pytest.raises(Stopped):
        training(tmp_path / "b", epochs=4).run(1, quiet, stop)
    np.testing.assert_array_equal(training(tmp_path / "b", epochs=4).run(1, quiet, lambda n: None), whole)


def test_states_of_other_trainings_lie_beside_and_damaged_ones_are_begun_again(tmp_path) -> None:
    expected = training(tmp_path).run(1, quiet, lambda n: None)
    other = training(tmp_path, optimizer="radam").run(1, quiet, lambda n: None)
    assert not np.array_equal(other, expected)
    done: list[int] = []
    np.testing.assert_array_equal(training(tmp_path).run(1, quiet, done.append), expected)
    assert done == [2] * 5  # nothing was trained again
    for path in (tmp_path / "parts").iterdir():
        path.write_bytes(path.read_bytes()[:-3])
    said: list[str] = []
    np.testing.assert_array_equal(training(tmp_path).run(1, said.append, lambda n: None), expected)
    assert len(said) == 5
    assert all("begun again" in line for line in said)


def test_runs_that_diverge_are_worth_failure(tmp_path) -> None:
    found = training(tmp_path, hyper=({"alpha": 0.01, "epsilon": 1e-8}, {"alpha": 1e38, "epsilon": 1e-8})).run(
        1, quiet, lambda n: None
    )
    assert found[1, 1].all()
    assert (found[0, 1] == 4.0).all()
    assert not found[1, 0].any()
    np.testing.assert_array_equal(found[:, 0], training(tmp_path / "b").run(1, quiet, lambda n: None)[:, 0])


def test_by_validation_it_is_a_sweeps_cell(tmp_path) -> None:
    found = training(tmp_path, final=False).run(1, quiet, lambda n: None)
    task = get_task("diabetes-mlp")
    hyper = {name: np.array([one[name] for one in HYPER]) for name in HYPER[0]}
    swept = train_block(task, task.load(None, 0), get_rule("adam"), hyper, 1, epochs=2)
    np.testing.assert_array_equal(found[0, :, 1, 0], swept.value)


def surface(value, axes="alpha=0.01,0.1,1", diverged=None) -> Surface:
    space = parse_space(axes)
    table = np.array(value, dtype=float).reshape(*space.shape, -1)
    lost = np.zeros(table.shape, bool) if diverged is None else np.array(diverged).reshape(table.shape)
    return Surface(space, tuple(range(table.shape[-1])), table, lost, Provenance("toy", "adam", "error", "%"))


def test_the_best_cells_come_first_and_keep_their_values() -> None:
    found = best_cells(surface([3.0, 1.0, 2.0]), "mean", 2, get_rule("adam"))
    assert [(one.hyper, one.value) for one in found] == [({"alpha": 0.1}, 1.0), ({"alpha": 1.0}, 2.0)]
    swept = along(surface([3.0, 1.0, 2.0]), found[0], "alpha")
    assert [one.hyper["alpha"] for one in swept] == [0.01, 0.1, 1.0]


@pytest.mark.parametrize(
    ("given", "count", "told"),
    [
        (surface([1.0, 2.0], "speed=0.1,1"), 1, "its axis 'speed' is none of adam's hyperparameters"),
        (surface([1.0, 2.0], "alpha=0.1,1"), 3, "--cells 3, where it has 2"),
        (
            surface([[1.0, 1.0], [2.0, 2.0]], "alpha=0.1,1", [[True, True], [False, False]]),
            1,
            "diverged in all 2 seeds",
        ),
    ],
)
def test_surfaces_that_hand_on_nothing(given: Surface, count: int, told: str) -> None:
    with pytest.raises(BadInput, match=told):
        best_cells(given, "mean", count, get_rule("adam"))


def test_a_table_whose_optimizer_has_no_rule_is_named_and_told_how_to_name_it() -> None:
    given = surface([1.0, 2.0], "alpha=0.1,1")
    assert rule_of(given).name == "adam"
    other = replace(given, provenance=replace(given.provenance, optimizer="imported"))
    with pytest.raises(BadInput, match=r"^toy/imported: unknown optimizer 'imported'.*`grid import --optimizer`"):
        rule_of(other)


def test_rank_correlation_of_known_ranks_is_exact() -> None:
    assert record.rank_correlation([1.0, 2.0, 3.0, 4.0], [10.0, 20.0, 40.0, 30.0]) == {
        "spearman": pytest.approx(0.8),
        "kendall": pytest.approx(2 / 3),
        "cells": 4,
    }
    assert record.rank_correlation([1.0, 2.0], [5.0, 5.0])["spearman"] is None


def test_an_outcome_is_over_folds_first_and_seeds_then() -> None:
    found = record.outcome(np.array([[1.0, 3.0], [3.0, 5.0]]), np.array([[False, False], [True, False]]))
    assert found == {"values": [2.0, 4.0], "mean": 3.0, "std": pytest.approx(2**0.5), "diverged": 1}
    assert record.outcome(np.array([[1.0]]), np.array([[False]]))["std"] is None
