"""Blocks trained by optimizer classes: equal to our own rules, resumed, of several seeds, with cells that diverge."""

import functools
import io
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from trainers.blocks.epochs import train_block
from trainers.blocks.results import BlockResult, Snapshot
from trainers.order import batches
from trainers.rules import Rule
from trainers.rules import get_rule as made
from trainers.schedule import Schedule
from trainers.task import Task
from trainers.tasks import get_task

get_rule = functools.cache(made)
TASK = get_task("digits-mlp")
STEPS, EPOCHS = 10, 5
DATA = replace(TASK.load(None, 0), train_x=TASK.load(None, 0).train_x[: 64 * STEPS])
ADAM = {"lr": np.array([1e-3, 1e-2, 0.1, 3.0]), "eps": np.array([1e-8, 1e-4, 1e-2, 1.0])}
OURS = {"lr": "alpha", "eps": "epsilon"}


def train(
    rule: Rule, hyper: dict[str, np.ndarray], seed=0, task: Task = TASK, **more
) -> tuple[BlockResult, list[Snapshot]]:
    kept: list[Snapshot] = []
    return train_block(task, DATA, rule, hyper, seed, epochs=EPOCHS, on_epoch=kept.append, **more), kept


@pytest.mark.parametrize("ours", ["adam", "radam", "sgd"])
def test_torchs_class_is_our_rule(ours: str) -> None:
    """float64, 50 steps, a network with batch norm: parameters after every epoch."""
    theirs = {"adam": "Adam", "radam": "RAdam", "sgd": "SGD:momentum=0.9,nesterov=true"}[ours]
    hyper = ADAM if ours == "adam" else {"lr": ADAM["lr"] / 300}
    _, found = train(get_rule(f"torch.optim:{theirs}"), hyper, dtype=torch.float64)
    mine = {OURS[name]: values for name, values in hyper.items()}
    _, expected = train(get_rule(ours), mine, dtype=torch.float64)
    for one, other in zip(found, expected, strict=True):
        apart = (one.state[0] - other.state[0]).abs() / other.state[0].abs().clamp(min=1e-2)
        assert apart.max() <= 1e-10
    assert len(found) == EPOCHS


CLASSES = ["torch.optim:NAdam", "schedulefree:AdamWScheduleFree", "torch.optim:Adafactor", "pytorch_optimizer:Prodigy"]


def same(one: BlockResult, at: int, other: BlockResult, there: int) -> None:
    for mine, theirs in zip(one[:-1], other[:-1], strict=True):
        np.testing.assert_array_equal(mine[at], theirs[there])


@pytest.mark.parametrize("text", CLASSES)
def test_resumes_exactly_from_a_saved_file(text: str) -> None:
    rule, hyper = get_rule(text), {"lr": np.array([1e-3, 1e-2, 1e30])}
    whole, kept = train(rule, hyper)
    for snapshot in kept[:-1:2]:
        buffer = io.BytesIO()
        torch.save(vars(snapshot), buffer)
        buffer.seek(0)
        restored = Snapshot(**torch.load(buffer, weights_only=True))
        again, _ = train(rule, hyper, snapshot=restored)
        for cell in range(3):
            same(whole, cell, again, cell)


@pytest.mark.parametrize("text", CLASSES)
def test_a_cell_depends_neither_on_its_block_nor_on_the_seeds_in_it(text: str) -> None:
    rule, rates, seeds = get_rule(text), np.array([1e-3, 1e-2, 1e-3, 1e-2]), np.array([0, 0, 1, 1])
    together, _ = train(rule, {"lr": rates}, seeds)
    for cell in range(4):
        alone, _ = train(rule, {"lr": rates[[cell]]}, int(seeds[cell]))
        same(together, cell, alone, 0)


@pytest.mark.parametrize("text", CLASSES)
def test_a_cell_that_diverges_leaves_the_others_as_they_were(text: str) -> None:
    rule, ruin = get_rule(text), 1e300 if "Prodigy" in text else 1e30
    result, _ = train(rule, {"lr": np.array([1e-3, ruin, 1e-2])})
    assert result.diverged[1]
    alone, _ = train(rule, {"lr": np.array([1e-3, 1e-2])})
    same(result, 0, alone, 0)
    same(result, 2, alone, 1)


def test_weight_decay_is_the_tasks_and_clipping_the_engines() -> None:
    task = replace(TASK, weight_decay=0.01, clip=0.1)
    found, _ = train(get_rule("torch.optim:AdamW"), {"lr": ADAM["lr"][:3]}, task=task)
    ours, _ = train(get_rule("adamw"), {"alpha": ADAM["lr"][:3]}, task=task)
    np.testing.assert_allclose(found.train_loss, ours.train_loss, rtol=1e-4)


def plain_schedulefree(alpha: float, statistics: bool) -> float:
    """The validation error as the authors of schedule-free say that it is to be had."""
    import schedulefree

    torch.manual_seed(0)
    network = TASK.network().double()
    optimizer = schedulefree.AdamWScheduleFree(network.parameters(), lr=alpha, weight_decay=TASK.weight_decay)
    optimizer.train()
    for epoch in range(EPOCHS):
        for batch in batches(64 * STEPS, 64, 0, epoch):
            optimizer.zero_grad()
            nn.functional.cross_entropy(network(DATA.train_x[batch].double()), DATA.train_y[batch]).backward()
            optimizer.step()
    optimizer.eval()
    with torch.no_grad():
        for x in DATA.train_x.double().split(64) if statistics else ():
            network(x)
        network.eval()
        return 100 * (network(DATA.valid_x.double()).argmax(1) != DATA.valid_y).double().mean().item()


@pytest.mark.parametrize("name", ["schedulefree:AdamWScheduleFree", "schedulefree-adamw"])
def test_schedule_free_methods_are_judged_at_their_averages_with_statistics_of_their_own(name: str) -> None:
    rates = np.array([1e-3, 1e-2])
    task = replace(TASK, schedule=Schedule("constant"))
    rule = get_rule(name)
    result, _ = train(rule, {rule.rate: rates}, task=task, dtype=torch.float64)
    assert result.value.tolist() == pytest.approx([plain_schedulefree(rate, True) for rate in rates])
    assert result.value.tolist() != pytest.approx([plain_schedulefree(rate, False) for rate in rates])
