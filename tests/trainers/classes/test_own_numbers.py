"""Classes that read numbers elsewhere than in their groups: each cell trains with its own, as an instance would."""

import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
import pytorch_optimizer
import torch
from torch import Tensor, nn

from trainers.rules import get_rule

SHAPES = ((6, 5), (6,), (3, 6), (3,))
SIZES = [30, 6, 18, 3]
N, STEPS, CUT, FACTOR = sum(SIZES), 40, 20, 0.2

CASES = [
    ("AdaFactor", "eps1", 1e-30, 1.0),
    ("AdaFactor", "eps2", 1e-3, 1.0),
    ("CAME", "eps1", 1e-30, 1.0),
    ("CAME", "eps2", 1e-16, 1.0),
    ("Aida", "xi", 1e-20, 1.0),
    ("RAdam", "n_sma_threshold", 5, 20),
    ("Ranger", "n_sma_threshold", 5, 20),
    ("Ranger", "alpha", 0.5, 0.9),
    ("AdamG", "p", 0.2, 0.4),
    ("Adan", "max_grad_norm", 0.0, 0.1),
    ("ASGD", "amplifier", 0.02, 0.2),
    ("GrokFastAdamW", "lr", 1e-3, 1e-2),
    ("SWATS", "lr", 1e-3, 1e-2),
]


def gradients(dtype: torch.dtype = torch.float64) -> Tensor:
    generator = torch.Generator().manual_seed(2)
    scale = torch.cat([torch.full((size,), 10.0 ** (at % 3 - 1)) for at, size in enumerate(SIZES)])
    return (torch.randn(STEPS, N, generator=generator, dtype=torch.float64) * scale).to(dtype)


def start() -> Tensor:
    return torch.randn(N, generator=torch.Generator().manual_seed(1), dtype=torch.float64) / 5


def plain_loop(cls: type[torch.optim.Optimizer], **arguments: float) -> Tensor:
    """The parameters after all steps, the learning rate cut as a scheduler of torch cuts it."""
    pieces = zip(start().split(SIZES), SHAPES, strict=True)
    leaves = [nn.Parameter(piece.clone().view(shape)) for piece, shape in pieces]
    optimizer = cls(leaves, **arguments)
    for at, grad in enumerate(gradients()):
        if at == CUT:
            for group in optimizer.param_groups:
                group["lr"] *= FACTOR
        for leaf, piece in zip(leaves, grad.split(SIZES), strict=True):
            leaf.grad = piece.view_as(leaf).clone()
        optimizer.step()
    return torch.cat([leaf.detach().flatten() for leaf in leaves])


def in_one_block(text: str, name: str, values: list[float], stop: int | None = None) -> Tensor:
    """The parameters of cells with these values, `[cells, n]`; at step `stop` the state goes through its bytes."""
    from torch.utils import _pytree as pytree

    rule, cells = get_rule(text), len(values)
    settings = {**rule.hyperparameters, name: values}
    hyper = {key: torch.tensor(value, dtype=torch.float64).expand(cells).view(-1, 1) for key, value in settings.items()}
    one = torch.ones(cells, 1, dtype=torch.float64)
    hypers = [{**hyper, "lr": hyper["lr"] * by, "schedule": one * by} for by in (1.0, FACTOR)]
    params = start().repeat(cells, 1)
    state = rule.init(params, SHAPES)
    for at, grad in enumerate(gradients()):
        if at == stop:
            leaves, structure = pytree.tree_flatten(state)
            state, params = pytree.tree_unflatten([leaf.clone() for leaf in leaves], structure), params.clone()
        params, state = rule.step(params, grad.repeat(cells, 1), state, hypers[at >= CUT])
    return params.clone()


def assert_same(found: Tensor, expected: Tensor) -> None:
    moved = (expected - start()).abs()
    assert expected.isfinite().all()
    assert ((found - expected).abs() <= 1e-6 * moved.clamp(min=float(moved.mean()))).all()


@pytest.mark.parametrize(("name", "axis", "one", "other"), CASES)
def test_both_values_in_one_block_are_those_of_instances_in_plain_loops(
    name: str, axis: str, one: float, other: float
) -> None:
    cls = getattr(pytorch_optimizer, name)
    expected = [plain_loop(cls, **{axis: value}) for value in (one, other)]
    assert (expected[0] - expected[1]).abs().max() > 1e-6  # the argument counts
    for order in (1, -1):
        found = in_one_block(f"pytorch_optimizer:{name}", axis, [one, other][::order])
        for at, cell in enumerate(found):
            assert_same(cell, expected[::order][at])


@pytest.mark.parametrize(
    "text", ["ASGD", "StableSPAM", "GrokFastAdamW", "AdaShift", "Muon", "Ranger21:num_iterations=99"]
)
def test_state_that_a_class_keeps_in_its_own_way_survives_its_bytes(text: str) -> None:
    whole, resumed = (in_one_block(f"pytorch_optimizer:{text}", "lr", [1e-3, 2e-3], stop) for stop in (None, 25))
    assert torch.equal(whole, resumed)


def test_groups_of_two_kinds_are_matrices_and_the_rest() -> None:
    pieces = zip(start().split(SIZES), SHAPES, strict=True)
    leaves = [nn.Parameter(piece.clone().view(shape)) for piece, shape in pieces]
    groups = [
        {"params": [p for p in leaves if (p.dim() == 2) is matrices], "use_muon": matrices}
        for matrices in (True, False)
    ]
    optimizer = pytorch_optimizer.Muon(groups, lr=2e-2)
    for at, grad in enumerate(gradients()):
        for group in optimizer.param_groups:
            group["lr"] *= FACTOR if at == CUT else 1.0
        for leaf, piece in zip(leaves, grad.split(SIZES), strict=True):
            leaf.grad = piece.view_as(leaf).clone()
        optimizer.step()
    expected = torch.cat([leaf.detach().flatten() for leaf in leaves])
    assert_same(in_one_block("pytorch_optimizer:Muon", "lr", [2e-2, 1e-3])[0], expected)


def test_two_classes_share_a_network() -> None:
    rest = in_one_block("torch.optim:AdamW:weight_decay=0.1", "lr", [3e-3])[0].split(SIZES)  # of Muon, for both
    both = in_one_block("torch.optim:Muon+torch.optim:AdamW:rest_lr=3e-3", "lr", [1e-3, 1e-2])
    for cell in both:
        for at in (1, 3):
            assert torch.equal(cell.split(SIZES)[at], rest[at])
    assert not torch.equal(both[0], both[1])


OWN = """
    import torch


    class Late(torch.optim.Optimizer):
        '''Its attribute counts only from step 100 on.'''

        def __init__(self, params, lr=1e-3, limit=1.0):
            super().__init__(params, dict(lr=lr))
            self.limit = limit

        @torch.no_grad()
        def step(self, closure=None):
            for group in self.param_groups:
                for p in group["params"]:
                    state = self.state[p]
                    state["step"] = state.get("step", 0) + 1
                    p.sub_(p.grad * group["lr"] * (self.limit if state["step"] > 100 else 1.0))


    class Default(Late):
        '''It reads a default.'''

        def __init__(self, params, lr=1e-3, limit=1.0):
            torch.optim.Optimizer.__init__(self, params, dict(lr=lr, limit=limit))

        @torch.no_grad()
        def step(self, closure=None):
            for group in self.param_groups:
                for p in group["params"]:
                    p.sub_(p.grad * group["lr"] * self.defaults["limit"])
"""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    (tmp_path / "my_late_classes.py").write_text(textwrap.dedent(OWN))
    monkeypatch.syspath_prepend(tmp_path)
    yield "my_late_classes"
    sys.modules.pop("my_late_classes", None)


@pytest.mark.parametrize("name", ["Late", "Default"])
def test_numbers_outside_of_the_groups_need_not_act_to_be_found(own: str, name: str) -> None:
    rule = get_rule(f"{own}:{name}")
    params = start().repeat(2, 1)
    state = rule.init(params, SHAPES)
    limits = torch.tensor([[1.0], [2.0]], dtype=torch.float64)
    hyper = {"lr": torch.full((2, 1), 0.1, dtype=torch.float64), "limit": limits, "schedule": torch.ones(2, 1)}
    before = params
    for _ in range(101):
        before = params.clone()
        params, state = rule.step(params, torch.ones(2, N, dtype=torch.float64), state, hyper)
    torch.testing.assert_close(before - params, 0.1 * limits.expand(2, N))
