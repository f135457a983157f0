"""What rules say of their state at the end of a run: the root mean square of √v."""

import pytest
import torch

from trainers.rules import RULES, AdaptiveRule, get_rule

CELLS, SIZES = 3, (4, 6)
ADAPTIVE = [name for name, rule in RULES.items() if isinstance(rule, AdaptiveRule)]


def after(name: str, steps: int = 30) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """The number that the rule gives, and the gradients it has seen."""
    rule = get_rule(name)
    generator = torch.Generator().manual_seed(0)
    params = torch.randn(CELLS, sum(SIZES), generator=generator, dtype=torch.float64)
    hyper = {
        key: torch.full((CELLS, 1), float(value), dtype=torch.float64) for key, value in rule.hyperparameters.items()
    } | {"schedule": torch.ones(CELLS, 1), "weight_decay": torch.zeros(CELLS, 1, dtype=torch.float64)}
    hyper["beta2"] = torch.tensor([[0.9], [0.99], [0.999]], dtype=torch.float64)
    state, seen = rule.init(params, tuple((size,) for size in SIZES)), []
    for _ in range(steps):
        grads = torch.randn(CELLS, sum(SIZES), generator=generator, dtype=torch.float64)
        params, state = rule.step(params, grads, state, hyper)
        seen.append(grads)
    return rule.numbers["rms_sqrt_v"](state, hyper), seen


def moving_average(values: list[torch.Tensor]) -> torch.Tensor:
    beta = torch.tensor([[0.9], [0.99], [0.999]], dtype=torch.float64)
    v = torch.zeros_like(values[0])
    for value in values:
        v = beta * v + (1 - beta) * value
    return v


@pytest.mark.parametrize("name", ["adam", "adamw", "radam", "adabound", "avagrad", "avagradw:variant=authors"])
def test_it_is_the_square_root_of_the_mean_of_v(name: str) -> None:
    found, seen = after(name)
    expected = moving_average([g.square() for g in seen]).mean(dim=1).sqrt()
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=0)


def test_of_adashift_it_weighs_each_tensor_by_its_size() -> None:
    found, seen = after("adashift")
    largest = [
        torch.cat([part.abs().amax(1, True).expand_as(part) for part in g.split(SIZES, 1)], 1) for g in seen[:-10]
    ]
    expected = moving_average([each.square() for each in largest]).mean(dim=1).sqrt()
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=0)


def test_of_amsgrad_it_is_at_least_adams() -> None:
    assert (after("amsgrad")[0] >= after("adam")[0]).all()


@pytest.mark.parametrize("name", ADAPTIVE)
def test_every_adaptive_rule_gives_one_number_for_each_cell(name: str) -> None:
    found, _ = after(name)
    assert found.shape == (CELLS,)
    assert (found > 0).all()


def test_sgd_has_none() -> None:
    assert not RULES["sgd"].numbers
