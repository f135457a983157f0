"""The modern rules against the packages that people use them from, step for step."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import pytorch_optimizer
import schedulefree
import torch
from torch import nn

from trainers.rules import get_rule
from trainers.rules.muon import orthogonalized

ADAPTIVE = [
    {"alpha": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weight_decay": 0.0},
    {"alpha": 1e-2, "beta1": 0.5, "beta2": 0.9, "epsilon": 1e-16, "weight_decay": 0.0},
    {"alpha": 0.1, "beta1": 0.95, "beta2": 0.98, "epsilon": 1e-3, "weight_decay": 5e-4},
    {"alpha": 3e-3, "beta1": 0.9, "beta2": 0.99, "epsilon": 1e4, "weight_decay": 1e-2},
]
LION = [{key: value for key, value in setting.items() if key != "epsilon"} for setting in ADAPTIVE]


def torch_names(setting: dict[str, float]) -> dict[str, object]:
    names = {"alpha": "lr", "epsilon": "eps", "weight_decay": "weight_decay", "momentum": "momentum"}
    values: dict[str, object] = {names[key]: value for key, value in setting.items() if key in names}
    return {**values, "betas": (setting["beta1"], setting["beta2"])}


def test_lion_is_that_of_pytorch_optimizer(problem, run_rule, follow, torch_stepper, apart) -> None:
    def make(setting: dict[str, float]):
        return lambda leaves: pytorch_optimizer.Lion(leaves, **torch_names(setting))

    steppers = [torch_stepper(problem, make(setting)) for setting in LION]
    assert apart(run_rule(get_rule("lion"), problem, LION), follow(problem, steppers)) <= 1e-10


class Training(schedulefree.AdamWScheduleFree):
    """In training mode from the start."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.train()


def test_schedulefree_is_that_of_its_authors(problem, run_rule, follow, torch_stepper, apart) -> None:
    def make(setting: dict[str, float]):
        return lambda leaves: Training(leaves, **torch_names(setting))

    steppers = [torch_stepper(problem, make(setting)) for setting in ADAPTIVE]
    assert apart(run_rule(get_rule("schedulefree-adamw"), problem, ADAPTIVE), follow(problem, steppers)) <= 1e-10


def test_schedulefree_is_judged_where_its_authors_judge_it() -> None:
    """With an α that rises and falls: the averages and their weights too."""
    rule, start = get_rule("schedulefree-adamw"), torch.linspace(-1.0, 1.0, 6, dtype=torch.float64)
    leaf = nn.Parameter(start.clone())
    reference = Training([leaf], lr=0.1, weight_decay=0.01)
    params = start.clone().unsqueeze(0)
    state = rule.init(params, ((6,),))
    hyper = {name: torch.tensor([[value]], dtype=torch.float64) for name, value in rule.hyperparameters.items()}
    for step in range(40):
        rate = 0.1 * math.sin(step / 12) ** 2
        grads = (3.0 * params - torch.arange(6) + math.cos(step)).detach()
        reference.param_groups[0]["lr"] = rate
        leaf.grad = grads[0].clone()
        reference.step()
        values = {
            "alpha": torch.tensor([[rate]], dtype=torch.float64),
            "weight_decay": torch.tensor([[0.01]], dtype=torch.float64),
        }
        params, state = rule.step(params, grads, state, {**hyper, **values})
        torch.testing.assert_close(params[0], leaf.detach(), rtol=1e-10, atol=1e-12)
    assert rule.evaluated_at is not None
    judged = rule.evaluated_at(params, state)
    assert not torch.allclose(judged, params)
    reference.eval()
    torch.testing.assert_close(judged[0], leaf.detach(), rtol=1e-10, atol=1e-12)


MUON = [{**setting, "momentum": momentum} for setting, momentum in zip(ADAPTIVE, (0.95, 0.5, 0.9, 0.0), strict=True)]


@pytest.mark.parametrize("nesterov", [True, False])
@pytest.mark.parametrize("scale", ["match_rms_adamw", "original"])
def test_muon_is_torchs_in_its_matrices_and_adamw_elsewhere(
    scale, nesterov, problem, run_rule, follow, apart, monkeypatch
) -> None:
    """torch orthogonalises in bfloat16; with that cast taken out, both compute in float64."""
    monkeypatch.setattr(torch.Tensor, "bfloat16", lambda tensor: tensor.clone())
    wide = [at for at, shape in enumerate(problem.shapes) if len(shape) == 2]
    assert len(wide) == 3
    assert len(problem.shapes[wide[1]]) == 2

    def stepper(setting: dict[str, float]) -> Callable[[np.ndarray], np.ndarray]:
        pieces = zip(problem.start.split(problem.sizes), problem.shapes, strict=True)
        leaves = [nn.Parameter(piece.clone().view(shape)) for piece, shape in pieces]
        rest = [leaf for at, leaf in enumerate(leaves) if at != wide[1]]
        shared = {"lr": setting["alpha"], "weight_decay": setting["weight_decay"]}
        inner = {"momentum": setting["momentum"], "nesterov": nesterov, "adjust_lr_fn": scale}
        optimizers = [
            torch.optim.Muon([leaves[wide[1]]], **shared, **inner),
            torch.optim.AdamW(
                rest, **shared, betas=(setting["beta1"], setting["beta2"]), eps=setting["epsilon"], foreach=False
            ),
        ]

        def step(g: np.ndarray) -> np.ndarray:
            for leaf, piece in zip(leaves, torch.from_numpy(g).split(problem.sizes), strict=True):
                leaf.grad = piece.view_as(leaf)
            for optimizer in optimizers:
                optimizer.step()
            return torch.cat([leaf.detach().flatten() for leaf in leaves]).numpy()

        return step

    rule = get_rule(f"muon:scale={scale},nesterov={str(nesterov).lower()}")
    path = run_rule(rule, problem, MUON, steps=100)
    assert apart(path, follow(problem, [stepper(setting) for setting in MUON], steps=100)) <= 1e-10


def test_muons_orthogonal_matrices_are_torchs_up_to_its_bfloat16() -> None:
    matrices = torch.randn(3, 24, 10, generator=torch.Generator().manual_seed(3))
    theirs = [
        torch.optim._muon._zeropower_via_newtonschulz(matrix, (3.4445, -4.775, 2.0315), 5, 1e-7).float()
        for matrix in matrices
    ]
    torch.testing.assert_close(orthogonalized(matrices), torch.stack(theirs), rtol=0, atol=0.03)
    singular = torch.linalg.svdvals(orthogonalized(matrices))
    assert ((singular > 0.6) & (singular < 1.3)).all()


def test_muon_takes_a_kernel_for_a_matrix_of_its_outputs_and_leaves_first_and_last_layer_to_adamw() -> None:
    shapes = ((8, 3, 3, 3), (8,), (6, 8, 3, 3), (6,), (10, 6), (10,))
    rule = get_rule("muon")
    sizes = [math.prod(shape) for shape in shapes]
    params = torch.zeros(1, sum(sizes), dtype=torch.float64)
    grads = torch.randn(1, sum(sizes), generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    hyper = {name: torch.tensor([[value]], dtype=torch.float64) for name, value in rule.hyperparameters.items()}
    after, _ = rule.step(params, grads, rule.init(params, shapes), hyper)
    moved = (after - params).split(sizes, dim=1)
    for at in (0, 1, 3, 4, 5):  # AdamW's first step is α·sign(g)
        torch.testing.assert_close(moved[at].abs(), torch.full_like(moved[at], 1e-3), rtol=1e-4, atol=0)
    singular = torch.linalg.svdvals(moved[2].view(6, 72)) / (1e-3 * 0.2 * math.sqrt(72))
    assert ((singular > 0.6) & (singular < 1.3)).all()
