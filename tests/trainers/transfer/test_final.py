"""What a final training trains on and is judged by; test labels are read once, at the end, by a transfer alone."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from grids.errors import BadInput
from trainers.dataset import Dataset
from trainers.tasks import TASKS, get_task
from trainers.transfer.final import final_folds, in_words


class Guarded(Tensor):
    """A tensor that counts what is done with it."""

    used = 0

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        Guarded.used += 1
        return super().__torch_function__(func, types, args, kwargs or {})


def made(**more: object) -> Dataset:
    x = torch.arange(20.0).view(20, 1)
    return Dataset("made", x[:12], torch.arange(12), x[12:], torch.arange(12, 20), "none", **more)  # type: ignore[arg-type]


def test_a_test_set_judges_and_its_labels_are_untouched_until_then() -> None:
    labels = torch.arange(100, 105).as_subclass(Guarded)
    data = made(test_x=torch.arange(5.0).view(5, 1), test_y=labels)
    Guarded.used = 0
    (fold,) = final_folds(data, 0)
    assert len(fold.data.train_y) == 12
    assert fold.data.test_y is None
    assert Guarded.used == 0
    judged = fold.at_the_end()
    assert judged.valid_y.tolist() == [100, 101, 102, 103, 104]
    assert type(judged.valid_y) is Tensor


def test_validation_examples_join_where_the_data_set_says_so() -> None:
    data = made(test_x=torch.zeros(5, 1), test_y=torch.zeros(5), join=True)
    (fold,) = final_folds(data, 0)
    assert sorted(fold.data.train_y.tolist()) == list(range(20))
    assert "training and validation examples" in in_words(data)


def test_folds_judge_every_example_once_and_train_on_the_others() -> None:
    folds = final_folds(made(folds=5), 3)
    judged = [fold.at_the_end() for fold in folds]
    assert sorted(y for one in judged for y in one.valid_y.tolist()) == list(range(20))
    for fold, one in zip(folds, judged, strict=True):
        assert not set(fold.data.train_y.tolist()) & set(one.valid_y.tolist())
        assert len(fold.data.train_y) + len(one.valid_y) == 20
        np.testing.assert_array_equal(one.valid_x[:, 0], one.valid_y)
    again = final_folds(made(folds=5), 3)
    assert torch.equal(again[2].data.train_y, folds[2].data.train_y)


def test_data_that_nothing_can_be_judged_by_are_refused() -> None:
    with pytest.raises(BadInput, match=r"no test examples \(test_x, test_y\) and no number of folds"):
        final_folds(made(), 0)
    with pytest.raises(BadInput, match="5 test inputs but 4 test targets"):
        final_folds(made(test_x=torch.zeros(5, 1), test_y=torch.zeros(4)), 0)[0].at_the_end()


@pytest.mark.parametrize("name", ["digits-mlp", "digits-conv", "diabetes-mlp"])
def test_sets_without_a_test_set_have_folds(name: str) -> None:
    data = get_task(name).load(None, 0)
    assert data.test_y is None
    assert len(final_folds(data, 0)) == 5
    assert "5-fold cross-validation" in in_words(data)


@pytest.mark.parametrize("name", [name for name in TASKS if name.endswith("-wide")])
def test_a_wide_partner_has_more_parameters_and_the_same_of_all_else(name: str) -> None:
    wide, narrow = get_task(name), get_task(name.removesuffix("-wide"))
    sizes = [sum(p.numel() for p in task.network().parameters()) for task in (narrow, wide)]
    assert sizes[1] > 5 * sizes[0]
    assert replace(wide, name=narrow.name, network=narrow.network, summary=narrow.summary) == narrow
