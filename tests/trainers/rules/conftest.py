"""What the tests of the rules share: problems to run on, and drivers for fused rules and torch optimizers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from trainers.rules.base import sizes_of

Gradient = Callable[[Tensor, int], Tensor]


@dataclass(frozen=True)
class Problem:
    """Start `[n]` float64, shapes of its tensors, gradients at (params `[cells, n]`, step from 0)."""

    start: Tensor
    shapes: tuple[tuple[int, ...], ...]
    gradients: Gradient

    @property
    def sizes(self) -> tuple[int, ...]:
        return sizes_of(self.shapes)


def _network() -> Problem:
    """A network of three layers with batch norm, for all cells at once (by hand: `vmap` takes ten times as long)."""
    generator = torch.Generator().manual_seed(5)
    inputs = torch.randn(128, 8, generator=generator, dtype=torch.float64)
    classes = torch.randint(4, (128,), generator=generator)
    shapes = ((16, 8), (16,), (16,), (12, 16), (4, 12), (4,))
    sizes = sizes_of(shapes)

    def gradients(params: Tensor, step: int) -> Tensor:
        rows = slice(32 * (step % 4), 32 * (step % 4) + 32)
        leaf = params.detach().clone().requires_grad_()
        pieces = [piece.view(-1, *shape) for piece, shape in zip(leaf.split(sizes, dim=1), shapes, strict=True)]
        hidden = inputs[rows] @ pieces[0].mT
        spread, centre = torch.var_mean(hidden, dim=1, keepdim=True)
        hidden = torch.tanh((hidden - centre) / torch.sqrt(spread + 1e-5) * pieces[1][:, None] + pieces[2][:, None])
        outputs = torch.tanh(hidden @ pieces[3].mT) @ pieces[4].mT + pieces[5][:, None]
        losses = nn.functional.cross_entropy(outputs.flatten(0, 1), classes[rows].repeat(len(params)), reduction="sum")
        return torch.autograd.grad(losses / 32, leaf)[0]

    start = torch.randn(sum(sizes), generator=generator, dtype=torch.float64) / 3
    return Problem(start, shapes, gradients)


def _hand_made() -> Problem:
    """Gradients that do not depend on the parameters: none, late, huge, tiny, one that vanishes for long stretches."""
    generator = torch.Generator().manual_seed(7)
    rows = torch.randn(200, 24, generator=generator, dtype=torch.float64)
    rows[:, 0:4] = 0.0
    rows[:50, 4:8] = 0.0
    rows[::7, 8:12] *= 1e30
    rows[:, 12:16] *= 1e-30
    rows[torch.arange(200) % 40 > 2, 16:20] = 0.0
    start = torch.randn(24, generator=generator, dtype=torch.float64)
    return Problem(start, ((2, 2), (3, 4), (2, 4)), lambda params, step: rows[step].repeat(len(params), 1))


@pytest.fixture(scope="session", params=["network", "hand-made"])
def problem(request: pytest.FixtureRequest) -> Problem:
    return _network() if request.param == "network" else _hand_made()


def hyper_columns(rule, settings: Sequence[dict[str, float]], dtype=torch.float64) -> dict[str, Tensor]:
    """Each hyperparameter as `[cells, 1]`, the rule's defaults where a setting says nothing."""
    columns = {
        name: torch.tensor([[setting.get(name, default)] for setting in settings], dtype=dtype)
        for name, default in rule.hyperparameters.items()
    }
    schedule = torch.tensor([[setting.get("schedule", 1.0)] for setting in settings], dtype=dtype)
    return {**columns, "alpha": columns["alpha"] * schedule, "schedule": schedule}


def _run_rule(rule, problem: Problem, settings: Sequence[dict[str, float]], steps: int = 200) -> Tensor:
    """Parameters after each step, `[steps, cells, n]`, all settings trained as cells of one stack."""
    hyper = hyper_columns(rule, settings)
    params = problem.start.repeat(len(settings), 1)
    state = rule.init(params, problem.shapes)
    path = []
    for step in range(steps):
        params, state = rule.step(params, problem.gradients(params, step), state, hyper)
        path.append(params)
    return torch.stack(path)


def _follow(problem: Problem, steppers: Sequence[Callable[[np.ndarray], np.ndarray]], steps: int = 200) -> Tensor:
    """Parameters after each step, `[steps, cells, n]`, of references that know nothing of cells.

    Each takes a gradient `[n]` and returns its parameters `[n]` after the step.
    """
    params = problem.start.repeat(len(steppers), 1)
    path = []
    for step in range(steps):
        grads = problem.gradients(params, step).numpy()
        rows = [stepper(row.copy()) for stepper, row in zip(steppers, grads, strict=True)]
        params = torch.from_numpy(np.stack(rows))
        path.append(params)
    return torch.stack(path)


def _torch_stepper(problem: Problem, make: Callable[[list[Tensor]], torch.optim.Optimizer]):
    """A stepper around `make(parameters)`, a torch optimizer on a problem's tensors."""
    pieces = zip(problem.start.split(problem.sizes), problem.shapes, strict=True)
    leaves = [nn.Parameter(piece.clone().view(shape)) for piece, shape in pieces]
    optimizer = make(leaves)

    def stepper(grads: np.ndarray) -> np.ndarray:
        for leaf, piece in zip(leaves, torch.from_numpy(grads).split(problem.sizes), strict=True):
            leaf.grad = piece.view_as(leaf)
        optimizer.step()
        return torch.cat([leaf.detach().flatten() for leaf in leaves]).numpy()

    return stepper


def _apart(path: Tensor, reference: Tensor) -> float:
    """The largest difference of two paths `[steps, ..., n]`, each parameter's relative to the largest it ever was."""
    assert torch.isfinite(reference).all(), "the reference itself diverged: the test would show nothing"
    scale = reference.abs().amax(dim=0).clamp(min=1e-300)
    return ((path - reference).abs() / scale).max().item()


@pytest.fixture(scope="session")
def run_rule():
    return _run_rule


@pytest.fixture(scope="session")
def follow():
    return _follow


@pytest.fixture(scope="session")
def torch_stepper():
    return _torch_stepper


@pytest.fixture(scope="session")
def apart():
    return _apart


@pytest.fixture(scope="session")
def columns():
    return hyper_columns
