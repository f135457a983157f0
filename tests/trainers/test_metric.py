"""Metrics: what they refuse, and what an unbounded one records of bad cells."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from grids.errors import BadInput
from trainers.blocks.epochs import train_block
from trainers.metric import Metric
from trainers.procedures.classification import classification_error, wrong
from trainers.procedures.per_cell import scores
from trainers.rules import get_rule
from trainers.tasks import get_task

TASK = get_task("diabetes-mlp")
DATA = TASK.load(None, 0)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "needs a failure value"),
        ({"failure": float("nan")}, "its failure must be a finite number, not nan"),
        ({"failure": "10"}, "its failure must be a finite number, not '10'"),
        ({"failure": True}, "its failure must be a finite number, not True"),
        ({"failure": 1.0, "resolution": float("inf")}, "its resolution must be a finite number"),
        ({"failure": 1.0, "targets": (-0.1,)}, "its targets must be numbers of at least 0, not -0.1"),
    ],
)
def test_what_no_metric_can_be_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(BadInput, match=f"metric 'm'.*{said}"):
        Metric("m", **given)


def test_failure_and_resolution_may_be_functions_of_the_data() -> None:
    metric = Metric("m", failure=lambda data: data.valid_y.square().mean(), resolution=lambda data: len(data.valid_y))
    found = metric.resolved(DATA)
    assert found.failure == pytest.approx(float(DATA.valid_y.square().mean()))
    assert found.resolution == 142.0
    with pytest.raises(BadInput, match=r"its failure cannot be had from the data \(ZeroDivisionError"):
        Metric("m", failure=lambda data: 1 / 0).resolved(DATA)


def test_classification_error_is_the_share_of_wrong_examples_in_percent() -> None:
    metric = classification_error(4)
    assert metric.failure == 75.0
    outputs = torch.eye(4)
    assert wrong(outputs, torch.tensor([0, 1, 3, 3])).tolist() == [0.0, 0.0, 100.0, 0.0]
    assert metric.resolved(get_task("digits-mlp").load(None, 0)).resolution == pytest.approx(0.2)


def judged(metric: Metric, alphas: list[float]) -> Any:
    return train_block(
        replace(TASK, metric=metric), DATA, get_rule("sgd"), {"alpha": np.array(alphas)}, seed=0, epochs=4
    )


def test_an_unbounded_metric_records_failure_for_what_is_worse_and_marks_it_by_the_last_value() -> None:
    free = judged(replace(TASK.metric, failure=1e30), [1e-6, 0.01, 0.05])
    early, late = free.curve[0, 0], free.value[0]
    limit = float((free.curve[1, 0] + free.curve[1, -1]) / 2)  # cell 1 begins above it and ends below
    assert free.curve[1, 0] > limit > free.curve[1, -1]
    assert early > limit
    assert late > limit
    found = judged(replace(TASK.metric, failure=limit), [1e-6, 0.01, 0.05])
    assert found.diverged[:2].tolist() == [True, False]
    assert found.value[0] == limit
    assert found.curve[1, 0] == np.float32(limit)
    np.testing.assert_array_equal(found.value[1:], free.value[1:])
    np.testing.assert_array_equal(found.curve, np.minimum(free.curve, np.float32(limit)))
    np.testing.assert_array_equal(found.train_loss, free.train_loss)


def test_a_bounded_metric_keeps_every_finite_value() -> None:
    free = judged(replace(TASK.metric, failure=1e30), [1e-6, 0.01])
    found = judged(replace(TASK.metric, failure=0.5, bounded=True), [1e-6, 0.01])
    np.testing.assert_array_equal(found.value, free.value)
    assert not found.diverged.any()


def test_a_run_that_is_not_finite_is_worth_failure() -> None:
    found = judged(TASK.metric, [0.01, 1e20])
    assert found.diverged.tolist() == [False, True]
    assert found.value[1] == TASK.metric.failure
    assert np.isnan(found.train_loss[1])


def test_a_score_that_vmap_cannot_map_is_called_for_each_cell() -> None:
    def branching(outputs: Tensor, targets: Tensor) -> Tensor:
        errors = (outputs - targets).abs().squeeze(1)
        return errors if float(errors.sum()) > 0 else errors * 2

    outputs, targets = torch.randn(3, 5, 1), torch.randn(1, 5, 1)
    torch.testing.assert_close(scores(branching, outputs, targets), (outputs - targets).abs().squeeze(2))
    found = judged(replace(TASK.metric, score=branching), [0.01, 0.05])
    assert np.isfinite(found.value).all()
