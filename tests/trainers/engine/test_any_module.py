"""Modules that no fast backend knows: a cell alone is bitwise the same cell among many, for most layers there are."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from torch import Tensor, nn

from trainers.blocks.epochs import train_block
from trainers.engine.program import read
from trainers.rules import get_rule
from trainers.tasks import get_task

MLP = get_task("digits-mlp")
PIXELS = MLP.load(None, 0)
FEW = replace(PIXELS, train_x=PIXELS.train_x[:128], train_y=PIXELS.train_y[:128])


class Recurrent(nn.Module):
    """Rows of pixels in turn: a plain recurrent network written out, since vmap has no rule for torch's own."""

    def __init__(self) -> None:
        super().__init__()
        self.of_input, self.of_state, self.last = nn.Linear(8, 12), nn.Linear(12, 12), nn.Linear(12, 10)

    def forward(self, x: Tensor) -> Tensor:
        state = x.new_zeros(len(x), 12)
        for row in x.unflatten(1, (8, 8)).unbind(1):
            state = (self.of_input(row) + self.of_state(state)).tanh()
        return self.last(state)


NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "tanh": lambda: nn.Sequential(nn.Linear(64, 16), nn.Tanh(), nn.Linear(16, 10)),
    "layer norm, GELU": lambda: nn.Sequential(nn.Linear(64, 16), nn.LayerNorm(16), nn.GELU(), nn.Linear(16, 10)),
    "one output": lambda: nn.Sequential(nn.Linear(64, 1), nn.Sigmoid(), nn.Linear(1, 10)),
    "dropout": lambda: nn.Sequential(nn.Linear(64, 16), nn.ReLU(), nn.Dropout(0.5), nn.Linear(16, 10)),
    "recurrent": Recurrent,
}


@pytest.mark.parametrize("name", NETWORKS)
def test_alone_as_among_many(name: str) -> None:
    task, alphas = replace(MLP, network=NETWORKS[name]), np.logspace(-4, 0, 9)
    assert read(task.network(), 2) is None
    among = train_block(task, FEW, get_rule("adam"), {"alpha": alphas}, seed=0, epochs=2)
    for cells in ([0], [8], [4, 2], [7, 1, 3]):
        alone = train_block(task, FEW, get_rule("adam"), {"alpha": alphas[cells]}, seed=0, epochs=2)
        for one, many in zip(alone[:-1], among[:-1], strict=True):
            np.testing.assert_array_equal(one, many[cells])
