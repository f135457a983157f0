"""A cell of a block steps as an instance of the class by itself does, in torch.optim and elsewhere."""

import functools
import math
from collections.abc import Sequence

import pytest
import pytorch_optimizer
import schedulefree
import torch
from torch import Tensor, nn

from trainers.rules import get_rule as made
from trainers.rules import select_cells

get_rule = functools.cache(made)

SHAPES = ((12, 8), (12,), (12,), (12, 12), (5, 12), (5,))
SIZES = [math.prod(shape) for shape in SHAPES]
N, CELLS, STEPS = sum(SIZES), 20, 50

TORCH = ["Adam", "AdamW", "SGD", "RAdam", "NAdam", "Adagrad", "RMSprop", "Adadelta", "Adamax", "Rprop", "ASGD"]
WITH_STATE_BETWEEN_GROUPS = ["Prodigy", "DAdaptAdam"]
SHAPED = ["LARS", "Lamb", "AdaFactor", "SOAP", "Adan"]
CLASSES = [f"torch.optim:{name}" for name in [*TORCH, "Adafactor", "SGD:momentum=0.9,nesterov=true"]]
CLASSES += [f"pytorch_optimizer:{name}" for name in [*SHAPED, *WITH_STATE_BETWEEN_GROUPS, "Lion", "MADGRAD"]]
CLASSES += ["schedulefree:AdamWScheduleFree", "schedulefree:SGDScheduleFree"]
MODULES = {"torch.optim": torch.optim, "pytorch_optimizer": pytorch_optimizer, "schedulefree": schedulefree}


def settings(hyperparameters: Sequence[str], defaults, cells: int = CELLS) -> list[dict[str, float]]:
    """lr, eps, betas and weight decay different in every cell, where the class has them."""
    generator = torch.Generator().manual_seed(3)

    def draw(low: float, high: float) -> float:
        return math.exp(float(torch.empty(1).uniform_(math.log(low), math.log(high), generator=generator)))

    ranges = {"lr": (1e-4, 1e-1), "eps": (1e-9, 1e-2), "betas.0": (0.5, 0.95), "betas.1": (0.9, 0.999)}
    ranges |= {"weight_decay": (1e-5, 1e-1), "momentum": (0.1, 0.9)}
    # Nesterov's momentum must not vanish, and methods that estimate their own rate want theirs near 1.
    return [
        {name: draw(*ranges[name]) if name in ranges else defaults[name] for name in hyperparameters}
        for _ in range(cells)
    ]


def columns(each: list[dict[str, float]], schedule: float = 1.0) -> dict[str, Tensor]:
    hyper = {name: torch.tensor([[one[name]] for one in each], dtype=torch.float64) for name in each[0]}
    return {**hyper, "lr": hyper["lr"] * schedule, "schedule": torch.full_like(hyper["lr"], schedule)}


def start() -> Tensor:
    return torch.randn(N, generator=torch.Generator().manual_seed(1), dtype=torch.float64) / 5


def gradients(steps: int = STEPS) -> Tensor:
    scale = torch.cat([torch.full((size,), 10.0 ** (at % 3 - 1)) for at, size in enumerate(SIZES)])
    return torch.randn(steps, CELLS, N, generator=torch.Generator().manual_seed(2), dtype=torch.float64) * scale


def instance(text: str, setting: dict[str, float]) -> tuple[list[nn.Parameter], torch.optim.Optimizer]:
    """The class as its users call it, on the network's tensors."""
    module, name, *options = text.split(":")
    arguments: dict[str, object] = {}
    for name_, value in setting.items():
        base, dot, _ = name_.partition(".")
        arguments[base] = (*arguments.get(base, ()), value) if dot else value  # type: ignore[misc]
    if "eps" in arguments and isinstance(arguments["eps"], tuple) and len(arguments["eps"]) == 1:
        arguments["eps"] = (None, *arguments["eps"])
    if options:
        arguments["nesterov"] = True
    pieces = zip(start().split(SIZES), SHAPES, strict=True)
    leaves = [nn.Parameter(piece.clone().view(shape)) for piece, shape in pieces]
    whole = {"warmup_steps", "precondition_frequency", "max_precondition_dim", "n_sma_threshold"}
    typed = {key: int(value) if key in whole else value for key, value in arguments.items()}  # type: ignore[call-overload]
    optimizer = getattr(MODULES[module], name)(leaves, **typed)
    if hasattr(optimizer, "train"):
        optimizer.train()
    return leaves, optimizer


@pytest.mark.parametrize("text", CLASSES)
def test_cells_step_as_instances_of_their_own(text: str) -> None:
    """The same gradients fed to both: 20 cells, 50 steps, float64."""
    rule = get_rule(text)
    each, grads = settings(list(rule.hyperparameters), rule.hyperparameters), gradients()
    params = start().repeat(CELLS, 1)
    state = rule.init(params, SHAPES)
    path, hyper = [], columns(each)
    for grad in grads:
        params, state = rule.step(params, grad, state, hyper)
        path.append(params.clone())
    found = torch.stack(path)
    for cell, setting in enumerate(each):
        leaves, optimizer = instance(text, setting)
        for at, grad in enumerate(grads[:, cell]):
            for leaf, piece in zip(leaves, grad.split(SIZES), strict=True):
                leaf.grad = piece.view_as(leaf).clone()
            optimizer.step()
            expected = torch.cat([leaf.detach().flatten() for leaf in leaves])
            assert expected.isfinite().all()
            apart = (found[at, cell] - expected).abs() / expected.abs().clamp(min=1e-3)
            assert apart.max() <= 1e-12, (cell, at)


def run(text: str, cells: list[int], grads: Tensor, stop: int | None = None) -> Tensor:
    """The parameters of some of the cells after all steps; at `stop` the state is taken through a pytree's leaves."""
    from torch.utils import _pytree as pytree

    rule = get_rule(text)
    hyper = columns([settings(list(rule.hyperparameters), rule.hyperparameters)[cell] for cell in cells])
    params = start().repeat(len(cells), 1)
    state = rule.init(params, SHAPES)
    for at, grad in enumerate(grads[:, cells]):
        if at == stop:
            leaves, _ = pytree.tree_flatten(state)
            fresh = rule.init(start().repeat(len(cells), 1), SHAPES)
            state = pytree.tree_unflatten([leaf.clone() for leaf in leaves], pytree.tree_flatten(fresh)[1])
            params = params.clone()
        params, state = rule.step(params, grad, state, hyper)
    return params.clone()


SOME = ["torch.optim:NAdam", "torch.optim:ASGD", "torch.optim:Adafactor", "pytorch_optimizer:Prodigy"]
SOME += ["schedulefree:AdamWScheduleFree", "pytorch_optimizer:Gravity"]


@pytest.mark.parametrize("text", SOME)
def test_a_cell_alone_is_bitwise_the_same_as_among_many(text: str) -> None:
    together = run(text, [0, 1, 2, 3], gradients(12))
    for cell in range(4):
        assert torch.equal(run(text, [cell], gradients(12))[0], together[cell])


@pytest.mark.parametrize("text", SOME)
def test_goes_on_exactly_from_the_bytes_of_its_state(text: str) -> None:
    assert torch.equal(run(text, [0, 1, 2], gradients(12), stop=5), run(text, [0, 1, 2], gradients(12)))


@pytest.mark.parametrize("text", SOME)
def test_goes_on_with_some_of_its_cells(text: str) -> None:
    rule = get_rule(text)
    each, grads = settings(list(rule.hyperparameters), rule.hyperparameters)[:4], gradients(12)
    params, kept = start().repeat(4, 1), [3, 1]
    state = rule.init(params, SHAPES)
    for at, grad in enumerate(grads[:, :4]):
        if at == 6:
            params, state = params[kept], select_cells(state, torch.tensor(kept))
        left = kept if at >= 6 else list(range(4))
        params, state = rule.step(params, grad[left], state, columns([each[cell] for cell in left]))
    assert torch.equal(params, run(text, [0, 1, 2, 3], grads)[kept])


@pytest.mark.parametrize("text", [*SOME, "pytorch_optimizer:Shampoo", "pytorch_optimizer:Lamb"])
def test_a_cell_with_gradients_that_are_no_numbers_leaves_the_others_as_they_were(text: str) -> None:
    grads = gradients(6)
    poisoned = grads.clone()
    poisoned[2:, 1] = float("nan")
    clean, ruined = run(text, [0, 1, 2], grads), run(text, [0, 1, 2], poisoned)
    assert torch.equal(ruined[[0, 2]], clean[[0, 2]])
    assert not torch.equal(ruined[1], clean[1])


def test_the_learning_rate_follows_the_schedule() -> None:
    rule = get_rule("torch.optim:SGD")
    params = torch.zeros(1, N, dtype=torch.float64)
    state = rule.init(params, SHAPES)
    one = {**dict(rule.hyperparameters), "lr": 0.5}
    for factor in (1.0, 0.2, 0.0):
        before = params.clone()
        params, state = rule.step(params, torch.ones(1, N, dtype=torch.float64), state, columns([one], factor))
        torch.testing.assert_close(before - params, torch.full_like(params, 0.5 * factor))
