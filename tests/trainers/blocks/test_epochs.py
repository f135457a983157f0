"""The engine against the plainest possible training of one cell, and its promises on seeds, blocks and divergence."""

import io
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from grids.errors import BadInput
from trainers.blocks.epochs import train_block
from trainers.blocks.results import Snapshot
from trainers.order import batches
from trainers.rules.base import Hyper, Rule
from trainers.schedule import step_factor
from trainers.task import Dataset, Task


class Memory(NamedTuple):
    velocity: Tensor
    steps: Tensor


def momentum_step(params: Tensor, grads: Tensor, state: Memory, hyper: Hyper) -> tuple[Tensor, Memory]:
    velocity = hyper["momentum"] * state.velocity + grads + hyper["weight_decay"] * params
    return params - hyper["alpha"] * velocity, Memory(velocity, state.steps + 1)


MOMENTUM = Rule(
    name="momentum",
    hyperparameters={"alpha": 0.1, "momentum": 0.9, "weight_decay": 0.0},
    init=lambda params, shapes: Memory(torch.zeros_like(params), torch.zeros(())),
    step=momentum_step,
)


def small_network() -> nn.Module:
    return nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3))


def small_data() -> Dataset:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(200, 6, generator=generator)
    y = (x @ torch.randn(6, 3, generator=generator)).argmax(dim=1)
    return Dataset("small", x[:150], y[:150], x[150:], y[150:], "0" * 64)


DATA = small_data()
TASK = Task(name="small", network=small_network, load=lambda folder, seed: DATA, classes=3, epochs=5, batch_size=16)
GUESSING = TASK.metric.failure
ALPHAS = np.array([1e-4, 1e-2, 0.1, 0.5])


def plain_training(seed: int, alpha: float, epochs: int) -> tuple[float, float]:
    """One cell, as anybody would write it: validation error in % and mean loss of the last epoch."""
    torch.manual_seed(seed)
    network = small_network().double()
    optimizer = torch.optim.SGD(network.parameters(), lr=alpha, momentum=0.9, weight_decay=TASK.weight_decay)
    for epoch in range(epochs):
        for group in optimizer.param_groups:
            group["lr"] = alpha * step_factor(epoch, epochs, TASK.schedule.milestones, TASK.schedule.factor)
        losses = []
        for batch in batches(150, 16, seed, epoch):
            loss = nn.functional.cross_entropy(network(DATA.train_x[batch].double()), DATA.train_y[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    network.eval()
    wrong = network(DATA.valid_x.double()).argmax(1) != DATA.valid_y
    return 100 * wrong.double().mean().item(), float(np.mean(losses))


def test_every_cell_equals_plain_training() -> None:
    result = train_block(TASK, DATA, MOMENTUM, {"alpha": ALPHAS}, seed=3, dtype=torch.float64)
    for i, alpha in enumerate(ALPHAS):
        value, loss = plain_training(3, alpha, TASK.epochs)
        assert result.value[i] == pytest.approx(value)
        assert result.train_loss[i] == pytest.approx(loss, rel=1e-9)
    assert not result.diverged.any()
    assert np.array_equal(result.curve[:, -1], result.value.astype(np.float32))
    assert result.curve.shape == (4, 5)
    assert (result.value.dtype, result.curve.dtype, result.train_loss.dtype) == (np.float64, np.float32, np.float64)


def test_seeds_differ_and_repeat() -> None:
    first, again, other = (train_block(TASK, DATA, MOMENTUM, {"alpha": ALPHAS}, seed=s) for s in (1, 1, 2))
    assert np.array_equal(first.train_loss, again.train_loss)
    assert not np.array_equal(first.train_loss, other.train_loss)


def test_torchs_own_generator_is_left_alone() -> None:
    torch.manual_seed(7)
    expected = torch.rand(1)
    torch.manual_seed(7)
    train_block(TASK, DATA, MOMENTUM, {"alpha": ALPHAS}, seed=1, epochs=1)
    assert torch.equal(torch.rand(1), expected)


def test_weight_decay_is_the_tasks_unless_given() -> None:
    strong = replace(TASK, weight_decay=0.1)
    by_task = train_block(strong, DATA, MOMENTUM, {"alpha": ALPHAS}, seed=1)
    by_hand = train_block(TASK, DATA, MOMENTUM, {"alpha": ALPHAS, "weight_decay": np.full(4, 0.1)}, seed=1)
    without = train_block(TASK, DATA, MOMENTUM, {"alpha": ALPHAS}, seed=1)
    assert np.array_equal(by_task.train_loss, by_hand.train_loss)
    assert not np.array_equal(by_task.train_loss, without.train_loss)


def test_diverged_cells_guess_and_leave_the_others_alone() -> None:
    alphas = np.array([0.01, 1e30, 0.1, 1e35])
    result = train_block(TASK, DATA, MOMENTUM, {"alpha": alphas}, seed=1)
    assert result.diverged.tolist() == [False, True, False, True]
    assert result.value[1] == result.value[3] == GUESSING
    assert np.isnan(result.train_loss[[1, 3]]).all()
    assert (result.curve[1] == np.float32(GUESSING)).all()
    alone = train_block(TASK, DATA, MOMENTUM, {"alpha": alphas[[0, 2]]}, seed=1)
    np.testing.assert_allclose(result.train_loss[[0, 2]], alone.train_loss, rtol=1e-6)
    assert np.array_equal(result.curve[[0, 2]], alone.curve)


def test_a_cell_that_dies_late_keeps_its_curve_until_then() -> None:
    def step(params: Tensor, grads: Tensor, state: Memory, hyper: Hyper) -> tuple[Tensor, Memory]:
        params, state = momentum_step(params, grads, state, hyper)
        dead = (hyper["alpha"] > 0.3) & (state.steps >= 2 * 9)  # nine steps are an epoch
        return params.masked_fill(dead, float("inf")), state

    result = train_block(TASK, DATA, replace(MOMENTUM, step=step), {"alpha": ALPHAS}, seed=1)
    whole = train_block(TASK, DATA, MOMENTUM, {"alpha": ALPHAS}, seed=1)
    assert result.diverged.tolist() == [False, False, False, True]
    assert (result.curve[3, 1:] == np.float32(GUESSING)).all()
    assert result.curve[3, 0] == whole.curve[3, 0] != np.float32(GUESSING)
    assert np.array_equal(result.curve[:3], whole.curve[:3])


def test_all_cells_dead_is_no_error() -> None:
    result = train_block(TASK, DATA, MOMENTUM, {"alpha": np.array([1e30, 1e31])}, seed=1)
    assert result.diverged.all()
    assert (result.value == GUESSING).all()


@pytest.mark.parametrize("stop", [1, 3, 5])
def test_continuing_from_a_snapshot_changes_nothing(stop: int) -> None:
    alphas = np.array([0.01, 1e30, 0.1, 0.5])
    kept: list[bytes] = []

    def save(snapshot: Snapshot) -> None:
        file = io.BytesIO()
        torch.save(vars(snapshot), file)
        kept.append(file.getvalue())

    whole = train_block(TASK, DATA, MOMENTUM, {"alpha": alphas}, seed=1, on_epoch=save)
    assert len(kept) == TASK.epochs
    snapshot = Snapshot(**torch.load(io.BytesIO(kept[stop - 1]), weights_only=True))
    assert snapshot.epoch == stop
    later: list[Snapshot] = []
    continued = train_block(TASK, DATA, MOMENTUM, {"alpha": alphas}, seed=1, snapshot=snapshot, on_epoch=later.append)
    assert len(later) == TASK.epochs - stop
    for a, b in zip(whole, continued, strict=True):
        np.testing.assert_array_equal(a, b)


def test_dropout_follows_the_seed_and_survives_a_resume() -> None:
    task = replace(TASK, network=lambda: nn.Sequential(nn.Linear(6, 8), nn.Dropout(0.5), nn.Linear(8, 3)))
    kept: list[Snapshot] = []
    torch.manual_seed(3)
    whole = train_block(task, DATA, MOMENTUM, {"alpha": ALPHAS}, seed=1, on_epoch=kept.append)
    torch.manual_seed(4)
    resumed = train_block(task, DATA, MOMENTUM, {"alpha": ALPHAS}, seed=1, snapshot=kept[2])
    alone = train_block(task, DATA, MOMENTUM, {"alpha": ALPHAS[1:2]}, seed=1)
    other = train_block(task, DATA, MOMENTUM, {"alpha": ALPHAS}, seed=2)
    np.testing.assert_array_equal(resumed.train_loss, whole.train_loss)
    np.testing.assert_allclose(alone.train_loss, whole.train_loss[1:2], rtol=1e-5)
    assert not np.array_equal(other.train_loss, whole.train_loss)


def test_frozen_parameters_are_left_alone() -> None:
    def network() -> nn.Module:
        made = nn.Sequential(nn.Linear(6, 8), nn.Linear(8, 3))
        made[0].requires_grad_(False)
        return made

    kept: list[Snapshot] = []
    result = train_block(
        replace(TASK, network=network), DATA, MOMENTUM, {"alpha": ALPHAS}, seed=1, epochs=1, on_epoch=kept.append
    )
    assert np.isfinite(result.train_loss).all()
    assert kept[0].state[0].shape == (4, 8 * 3 + 3)


def test_too_few_examples_for_a_batch_are_refused() -> None:
    with pytest.raises(BadInput, match=r"task 'small': 150 training examples do not fill one batch of 151"):
        train_block(replace(TASK, batch_size=151), DATA, MOMENTUM, {"alpha": ALPHAS}, seed=1)


def test_unknown_hyperparameter_is_refused() -> None:
    with pytest.raises(BadInput, match=r"hyperparameter of momentum 'alhpa'.*did you mean 'alpha'"):
        train_block(TASK, DATA, MOMENTUM, {"alhpa": ALPHAS}, seed=1)


def test_schedule_passes_its_milestones_as_torchs_does() -> None:
    schedule = TASK.schedule.milestones, TASK.schedule.factor
    for epochs in (5, 10, 15, 30, 200):
        optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(()))], lr=1.0)
        marks = [int(np.ceil(m * epochs - 1e-9)) for m in TASK.schedule.milestones]
        reference = torch.optim.lr_scheduler.MultiStepLR(optimizer, marks, gamma=TASK.schedule.factor)
        for epoch in range(epochs):
            assert step_factor(epoch, epochs, *schedule) == pytest.approx(reference.get_last_lr()[0])
            optimizer.step()
            reference.step()


def test_batches_are_a_partition_that_seed_and_epoch_decide() -> None:
    first = batches(1000, 64, seed=5, epoch=2)
    assert first.shape == (15, 64)
    assert len(set(first.flatten().tolist())) == 960
    assert torch.equal(first, batches(1000, 64, seed=5, epoch=2))
    assert not torch.equal(first, batches(1000, 64, seed=5, epoch=3))
    assert not torch.equal(first, batches(1000, 64, seed=6, epoch=2))
