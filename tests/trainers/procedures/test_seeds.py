"""A block of cells of several seeds: each cell is bitwise the one that a block of its seed has."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from trainers.blocks.epochs import train_block
from trainers.blocks.results import BlockResult, Snapshot
from trainers.rules import get_rule
from trainers.task import Dataset, Task
from trainers.tasks import get_task
from trainers.tasks.images.augment import FlipCrop

SEEDS = 8
ALPHAS = np.array([1e-4, 1e-2, 0.1])


def few(task: Task, examples: int = 160) -> Dataset:
    data = task.load(None, 0)
    return replace(data, train_x=data.train_x[:examples], train_y=data.train_y[:examples])


def tanh() -> nn.Module:
    return nn.Sequential(nn.Linear(64, 16), nn.Tanh(), nn.Linear(16, 10))


def dropout() -> nn.Module:
    return nn.Sequential(
        nn.Linear(64, 16),
        nn.LayerNorm(16),
        nn.ReLU(),
        nn.Dropout(0.4),
        nn.Linear(16, 16),
        nn.Dropout(0.2),
        nn.Linear(16, 10),
    )


def frozen() -> nn.Module:
    network = nn.Sequential(nn.Linear(64, 16), nn.LayerNorm(16), nn.GELU(), nn.Linear(16, 10))
    network[0].requires_grad_(False)
    return network


class Symbols(nn.Module):
    """Each pixel a symbol: embedding, attention, mean."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.score, self.last = nn.Embedding(17, 8), nn.Linear(8, 8), nn.Linear(8, 10)

    def forward(self, x: Tensor) -> Tensor:
        h = self.embed(x)
        return self.last((torch.softmax(self.score(h) @ h.transpose(1, 2), dim=2) @ h).mean(dim=1))


MLP, CONV = get_task("digits-mlp"), get_task("digits-conv")
PIXELS = few(MLP)
LEVELS = replace(
    PIXELS, train_x=(PIXELS.train_x * 6 + 5).round().long(), valid_x=(PIXELS.valid_x * 6 + 5).round().long()
)
CASES: dict[str, tuple[Task, Dataset]] = {
    "digits-mlp": (MLP, PIXELS),
    "digits-conv": (CONV, few(CONV)),
    "augmented": (replace(CONV, augment=FlipCrop(padding=1)), few(CONV)),
    "diabetes-mlp": (get_task("diabetes-mlp"), few(get_task("diabetes-mlp"))),
    "vmap": (replace(MLP, network=tanh), PIXELS),
    "dropout": (replace(MLP, network=dropout), PIXELS),
    "frozen parameters": (replace(MLP, network=frozen), PIXELS),
    "integer inputs": (replace(MLP, network=Symbols), LEVELS),
}


def train(
    task: Task,
    data: Dataset,
    alphas: np.ndarray,
    seed: "int | np.ndarray",
    keep: Callable[[Snapshot], None] | None = None,
) -> BlockResult:
    return train_block(task, data, get_rule("adam"), {"alpha": alphas}, seed, epochs=2, on_epoch=keep)


def same_cell(one: BlockResult, at: int, other: BlockResult, there: int) -> None:
    arrays = [*zip(one[:-1], other[:-1], strict=True)]
    arrays += [(one.numbers[name], other.numbers[name]) for name in one.numbers]
    for mine, theirs in arrays:
        np.testing.assert_array_equal(mine[at], theirs[there])


@pytest.mark.parametrize("name", CASES)
def test_cells_of_eight_seeds_in_one_block_equal_those_of_eight_blocks(name: str) -> None:
    task, data = CASES[name]
    order = np.random.default_rng(1).permutation(SEEDS * len(ALPHAS))
    seeds, alphas = order // len(ALPHAS), ALPHAS[order % len(ALPHAS)]
    together = train(task, data, alphas, seeds)
    apart = [train(task, data, ALPHAS, seed) for seed in range(SEEDS)]
    assert len({result.train_loss[1] for result in apart}) == SEEDS  # the seeds do differ
    for at, place in enumerate(order):
        same_cell(together, at, apart[place // len(ALPHAS)], place % len(ALPHAS))


def test_a_cell_that_diverges_leaves_the_others_of_its_block_as_they_were() -> None:
    alphas, seeds = np.array([0.01, 1e30, 0.01, 1e30]), np.array([0, 0, 1, 1])
    result = train_block(MLP, PIXELS, get_rule("sgd"), {"alpha": alphas}, seeds, epochs=3)
    assert result.diverged.tolist() == [False, True, False, True]
    for seed, at in ((0, 0), (1, 2)):
        alone = train_block(MLP, PIXELS, get_rule("sgd"), {"alpha": alphas[:1]}, seed, epochs=3)
        same_cell(result, at, alone, 0)


@pytest.mark.parametrize("name", ["digits-mlp", "dropout"])
def test_a_block_of_several_seeds_resumes(name: str) -> None:
    task, data = CASES[name]
    kept: list[Snapshot] = []
    seeds = np.array([3, 1, 3])
    whole = train(task, data, ALPHAS, seeds, kept.append)
    resumed = train_block(task, data, get_rule("adam"), {"alpha": ALPHAS}, seeds, epochs=2, snapshot=kept[0])
    for cell in range(3):
        same_cell(whole, cell, resumed, cell)
