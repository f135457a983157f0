"""Every faster backend against the simple one, and which networks each may run."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from trainers.blocks.epochs import train_block
from trainers.blocks.results import BlockResult
from trainers.engine import backends
from trainers.engine.backends import BACKENDS, FORMER, stack
from trainers.engine.direct.network import Direct
from trainers.engine.program import read
from trainers.engine.stack import VmapStacked, initial
from trainers.procedures.per_cell import mean_losses
from trainers.rules import get_rule
from trainers.task import Dataset, Task
from trainers.tasks import get_task

CPU = torch.device("cpu")
FASTER = [name for name in BACKENDS if name != "vmap"]


class Residual(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv, self.norm, self.skip = (
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.BatchNorm2d(channels),
            nn.Identity(),
        )
        self.last = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        y = functional.relu(self.norm(self.conv(x)))
        return torch.relu(self.last(y) + self.skip(x))


def every_layer() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(2, 5, 3, padding=1),
        nn.BatchNorm2d(5, momentum=0.3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        Residual(5),
        nn.Conv2d(5, 4, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(4, eps=1e-3),
        nn.Conv2d(4, 6, 1),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(6, 7),
        nn.BatchNorm1d(7),
        nn.ReLU(),
        nn.Linear(7, 3),
    )


def uneven() -> nn.Module:
    """Strides that do not divide, no padding, and 3 channels, so that the kernels' groups of 2 and 4 are not full."""
    return nn.Sequential(
        nn.Conv2d(2, 3, 2, stride=2), nn.ReLU(), nn.Conv2d(3, 3, 3, stride=2), nn.Flatten(), nn.Linear(12, 3)
    )


def run(network: nn.Module, backend: str, dtype: torch.dtype = torch.float64, shared: int = 1) -> list[Tensor]:
    """Outputs and gradients of a training step, buffers after it, and outputs in evaluation."""
    torch.manual_seed(1)
    _, params, buffers = initial(lambda: network, torch.zeros(4, dtype=torch.int64), CPU, dtype)
    params = params + 0.1 * torch.randn_like(params)
    inputs = torch.randn(shared, 8, 2, 11, 11, dtype=dtype)
    targets = torch.randint(3, (shared, 8))
    stacked = stack(network, 4, CPU, backend)
    leaf = params.clone().requires_grad_()
    outputs = stacked(leaf, buffers, inputs, True)
    (grads,) = torch.autograd.grad(mean_losses(functional.cross_entropy, outputs, targets).sum(), leaf)
    with torch.no_grad():
        evaluated = stacked(params, buffers, inputs, False)
    return [outputs.detach(), grads, evaluated, *(buffers[n] for n in sorted(buffers) if "num_batches" not in n)]


@pytest.mark.parametrize("inputs", [1, 4], ids=["shared", "each its own"])
@pytest.mark.parametrize("backend", FASTER)
@pytest.mark.parametrize("make", [every_layer, uneven])
def test_a_faster_backend_agrees_with_the_simple_one(backend: str, make: Callable[[], nn.Module], inputs: int) -> None:
    network = make()
    fast_and_simple = (run(network, name, shared=inputs) for name in (backend, "vmap"))
    for fast, simple in zip(*fast_and_simple, strict=True):
        assert fast.shape == simple.shape
        torch.testing.assert_close(fast, simple, rtol=1e-10, atol=1e-12)


def test_cross_entropy_is_that_of_each_cell() -> None:
    outputs, targets = torch.randn(3, 8, 10), torch.randint(10, (1, 8))
    expected = torch.stack([functional.cross_entropy(o, targets[0]) for o in outputs])
    torch.testing.assert_close(mean_losses(functional.cross_entropy, outputs, targets), expected)


class Subclass(nn.Linear):
    def forward(self, x: Tensor) -> Tensor:
        return 2 * super().forward(x)


class Branching(nn.Linear):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x if x.sum() > 0 else -x)


class OnlyInTraining(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(4, 4), nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        y = self.first(x)
        return self.second(y) if self.training else y


class InPlace(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear, self.relu = nn.Linear(4, 4), nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        y = self.linear(x)
        return self.relu(y) + y


def frozen() -> nn.Module:
    network = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    network[0].requires_grad_(False)
    return network


def hooked() -> nn.Module:
    network = nn.Sequential(nn.Linear(4, 4))
    network[0].register_forward_hook(lambda module, args, output: 2 * output)
    return network


UNKNOWN: dict[str, Callable[[], nn.Module]] = {
    "subclass": lambda: nn.Sequential(Subclass(4, 4)),
    "branching": lambda: nn.Sequential(Branching(4, 4)),
    "only in training": OnlyInTraining,
    "hook": hooked,
    "in place": InPlace,
    "frozen": frozen,
    "dropout": lambda: nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5)),
    "gelu": lambda: nn.Sequential(nn.Linear(4, 4), nn.GELU()),
    "padding mode": lambda: nn.Sequential(nn.Conv2d(2, 2, 3, padding=1, padding_mode="reflect"), nn.Flatten()),
    "groups": lambda: nn.Sequential(nn.Conv2d(2, 2, 3, groups=2), nn.Flatten()),
    "oblong filter": lambda: nn.Sequential(nn.Conv2d(2, 2, (1, 3)), nn.Flatten()),
    "overlapping pool": lambda: nn.Sequential(nn.Conv2d(2, 2, 3), nn.MaxPool2d(3, 2), nn.Flatten()),
    "input used as it is": lambda: nn.Sequential(nn.ReLU(), nn.Linear(4, 4)),
    "softmax": lambda: nn.Sequential(nn.Linear(4, 4), nn.Softmax(1)),
    "norm without statistics": lambda: nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4, track_running_stats=False)),
    "parametrized": lambda: nn.utils.parametrizations.weight_norm(nn.Linear(4, 4)),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_a_network_with_an_unknown_layer_runs_on_the_simple_backend(name: str) -> None:
    network = UNKNOWN[name]()
    dims = 4 if any(isinstance(module, nn.Conv2d) for module in network.modules()) else 2
    assert read(network, dims) is None
    assert isinstance(stack(network, dims, CPU), VmapStacked)
    with pytest.raises(ValueError, match="does not know every layer"):
        stack(network, dims, CPU, "direct")


@pytest.mark.parametrize(
    ("network", "dims"),
    [
        (nn.Sequential(nn.Linear(4, 4)), 4),
        (nn.Sequential(nn.Linear(4, 4)), 3),
        (nn.Sequential(nn.Conv2d(1, 2, 3), nn.Linear(4, 4), nn.Flatten()), 4),
        (nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU()), 4),
        (nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm1d(2), nn.Flatten()), 4),
    ],
)
def test_known_layers_on_other_dimensions_are_unknown(network: nn.Module, dims: int) -> None:
    assert read(network, dims) is None


def test_reading_leaves_the_network_as_it_was() -> None:
    network = every_layer().eval()
    assert read(network, 4) is not None
    assert not network.training
    with pytest.raises(ValueError, match="unknown backend 'fast'"):
        stack(network, 4, CPU, "fast")


def few(task: Task, examples: int) -> Dataset:
    data = task.load(None, 0)
    return Dataset("few", data.train_x[:examples], data.train_y[:examples], data.valid_x, data.valid_y, data.sha256)


def same(some: BlockResult, of: BlockResult, cells: slice) -> None:
    """Fails unless `some` is bitwise what `of` has for these cells."""
    assert some.numbers.keys() == of.numbers.keys()
    for one, many in zip((*some[:-1], *some.numbers.values()), (*of[:-1], *of.numbers.values()), strict=True):
        np.testing.assert_array_equal(one, many[cells])


@pytest.mark.parametrize("name", ["digits-mlp", "digits-conv", "diabetes-mlp"])
@pytest.mark.parametrize("optimizer", ["adam", "avagrad"])
def test_a_cell_alone_is_bitwise_the_same_cell_among_many(name: str, optimizer: str) -> None:
    task, rule = get_task(name), get_rule(optimizer)
    data, alphas = few(task, 128), np.logspace(-5, 2, 23)
    among = train_block(task, data, rule, {"alpha": alphas}, seed=0, epochs=2)
    for cells in (slice(0, 1), slice(11, 12), slice(22, 23), slice(3, 10)):
        alone = train_block(task, data, rule, {"alpha": alphas[cells]}, seed=0, epochs=2)
        same(alone, among, cells)


@pytest.mark.parametrize("backend", BACKENDS)
def test_bfloat16_products_with_float32_masters_stay_near_float32(backend: str) -> None:
    task, rule = get_task("digits-conv"), get_rule("sgd")
    data = few(task, 128)
    losses = [
        train_block(
            task, data, rule, {"alpha": np.array([0.01, 0.1])}, seed=0, epochs=2, dtype=dtype, backend=backend
        ).train_loss
        for dtype in (torch.float32, torch.bfloat16)
    ]
    np.testing.assert_allclose(losses[1], losses[0], rtol=0.03)
    assert not np.array_equal(losses[1], losses[0])


@pytest.mark.parametrize("name", FORMER)
def test_a_backend_of_earlier_versions_is_understood(name: str) -> None:
    assert isinstance(stack(every_layer(), 4, CPU, name), Direct)


def test_without_numba_the_simple_backend_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backends, "has_numba", lambda: False)
    assert isinstance(stack(every_layer(), 4, CPU), VmapStacked)
    with pytest.raises(ValueError, match="direct needs numba"):
        stack(every_layer(), 4, CPU, "direct")
