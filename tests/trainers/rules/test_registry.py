"""Rules by name, from one's own file, from entry points."""

import importlib.metadata
import sys
import textwrap

import pytest
import torch

from grids.errors import BadInput
from trainers.rules import RULES, STUDY, AdaptiveRule, Rule, delayed, get_rule, register, update_rule
from trainers.rules.avagrad import normaliser
from trainers.rules.shipped import SHIPPED

EXPECTED = {"sgd", "adam", "amsgrad", "adamw", "radam", "adabound", "adashift", "adabelief", "avagrad", "avagradw"}
EXPECTED |= {"delayed-adam", "dynamic-adam", "lion", "adam-atan2", "schedulefree-adamw", "muon"}


def test_the_studys_rules_are_here():
    assert set(RULES) == EXPECTED
    for name, rule in RULES.items():
        assert rule.name == name
        assert next(iter(rule.hyperparameters)) == "alpha"
        assert "weight_decay" in rule.hyperparameters
        assert rule.summary
        assert "\n" not in rule.summary


def test_options_and_fixed_hyperparameters():
    rule = get_rule("avagrad:variant=authors,beta2=0.99")
    assert rule.name == "avagrad:variant=authors,beta2=0.99"
    assert rule.hyperparameters == {**RULES["avagrad"].hyperparameters, "beta2": 0.99}
    assert get_rule("delayed-radam").parts.delay
    assert get_rule("delayed-adam:first=skip,form=old").parts.first == "skip"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("adm", "did you mean 'adam'"),
        ("AvaGrad", "did you mean 'avagrad'"),
        ("", "unknown optimizer"),
        ("adam:varient=paper", "unknown option of adam"),
        ("avagrad:varient=paper", "did you mean 'variant'"),
        ("avagrad:variant=author", "did you mean 'authors'"),
        ("avagrad:variant=authors,delay=false", "which has the delay"),
        ("adam:beta3=0.9", "did you mean 'beta"),
        ("adam:beta2=large", "beta2=large is not a number"),
        ("adam:beta2=1", "adam': beta2=1 is out of range (0 or more, below 1)"),
        ("delayed-adam:weight_decay=-1", "weight_decay=-1 is out of range (0 or more)"),
        ("adam:beta2=nan", "beta2=nan is not a finite number"),
        ("adam:beta2=", "options are written name=value, not 'beta2='"),
        ("adam:beta2=0.9,beta2=0.99", "given twice"),
        ("sgd:nesterov=maybe", "neither true nor false"),
        ("delayed-sgd", "no parameter-wise rates"),
        ("delayed-adam:first=second", "first=second"),
        ("no_such_module:rule", "no_such_module"),
    ],
)
def test_a_wrong_text_is_told_in_one_line(text, told):
    with pytest.raises(BadInput) as error:
        get_rule(text)
    assert told in str(error.value)
    assert "\n" not in str(error.value)


def test_sgd_cannot_be_delayed_and_avagrad_is_already():
    with pytest.raises(BadInput, match="sgd"):
        delayed(RULES["sgd"])
    assert delayed(RULES["avagrad"]) is RULES["avagrad"]


OWN = """
    from typing import NamedTuple

    import torch
    from torch import Tensor

    from trainers.rules import update_rule


    class SignState(NamedTuple):
        mean: Tensor


    def init(params, shapes):
        return SignState(torch.zeros_like(params))


    @update_rule(init, alpha=1e-3, beta=0.9, weight_decay=0.0)
    def sign_momentum(params, grads, state, hyper):
        '''Steps of one size: w - alpha * sign(m).'''
        grads = grads + hyper["weight_decay"] * params
        mean = torch.lerp(state.mean, grads, 1 - hyper["beta"])
        return params - hyper["alpha"] * mean.sign(), SignState(mean)


    def family(*, flip: bool = False):
        return sign_momentum


    def none(params, shapes):
        return ()


    @update_rule(none, alpha=1.0)
    def too_few(params, grads):
        return params, ()


    @update_rule(none, alpha=1.0)
    def no_state(params, grads, state, hyper):
        return params - hyper["alpha"] * grads


    @update_rule(none, alpha=1.0)
    def misspelt(params, grads, state, hyper):
        return params - hyper["alfa"] * grads, state


    @update_rule(none, alpha=1.0)
    def shorter(params, grads, state, hyper):
        return params[:, 1:], state


    @update_rule(none, alpha=1.0)
    def in_place(params, grads, state, hyper):
        return params.sub_(grads), state


    @update_rule(none, alpha=1e-3)
    def one_norm_for_all(params, grads, state, hyper):
        return params - hyper["alpha"] * grads / grads.norm(), state


    @update_rule(none, alpha=1e-3)
    def noisy(params, grads, state, hyper):
        return params - hyper["alpha"] * grads * grads.clone().bernoulli_(0.5), state


    @update_rule(none, alpha=1e-3)
    def several_only(params, grads, state, hyper):
        assert len(params) > 1
        return params - hyper["alpha"] * grads, state


    @update_rule(none, alpha=1e-3)
    def norm_of_each(params, grads, state, hyper):
        return params - hyper["alpha"] * grads / grads.norm(dim=1, keepdim=True), state


    @update_rule(lambda params, shapes: (0,), alpha=1.0)
    def counting(params, grads, state, hyper):
        return params - hyper["alpha"] * grads, (state[0] + 1,)


    not_a_rule = 3


    def broken():
        return 3
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    (tmp_path / "my_module_of_rules.py").write_text(textwrap.dedent(OWN))
    (tmp_path / "my_faulty_module.py").write_text("1 / 0\n")
    (tmp_path / "json.py").write_text("raise RuntimeError('a file of the user stands in for the standard library')\n")
    monkeypatch.chdir(tmp_path)
    path = list(sys.path)
    yield "my_module_of_rules"
    sys.path[:] = path
    sys.modules.pop("my_module_of_rules", None)


def test_a_rule_from_ones_own_file(own):
    rule = get_rule(f"{own}:sign_momentum")
    assert isinstance(rule, Rule)
    assert (rule.name, rule.summary) == ("sign_momentum", "Steps of one size: w - alpha * sign(m).")
    assert rule.hyperparameters == {"alpha": 1e-3, "beta": 0.9, "weight_decay": 0.0}
    params = torch.zeros(2, 3)
    hyper = {name: torch.full((2, 1), value) for name, value in rule.hyperparameters.items()}
    following, _ = rule.step(params, torch.tensor([[1.0, -2.0, 0.0]] * 2), rule.init(params, ((3,),)), hyper)
    assert torch.allclose(following, torch.tensor([[-1e-3, 1e-3, 0.0]] * 2))


def test_ones_own_rule_takes_options_too(own):
    assert get_rule(f"{own}:sign_momentum:beta=0.5").hyperparameters["beta"] == 0.5
    assert get_rule(f"{own}:family:flip=true,beta=0.5").hyperparameters["beta"] == 0.5
    with pytest.raises(BadInput, match="beta"):
        get_rule(f"{own}:sign_momentum:betta=0.5")


@pytest.mark.parametrize(
    ("attribute", "told"),
    [
        ("sign_momentun", "did you mean 'sign_momentum'"),
        ("not_a_rule", "neither"),
        ("broken", "neither"),
        ("too_few", "fails at its first step .*positional arguments"),
        ("no_state", "must return two things"),
        ("misspelt", "fails at its first step .*alfa"),
        ("shorter", "shape and type"),
        ("in_place", "changes its arguments"),
        ("counting", "NamedTuple of tensors"),
        ("one_norm_for_all", "must not mix cells"),
        ("noisy", "nor draw random numbers"),
        ("several_only", "fails where a cell is alone .*AssertionError"),
    ],
)
def test_what_is_wrong_with_ones_own_file_is_told(own, attribute, told):
    with pytest.raises(BadInput, match=told):
        get_rule(f"{own}:{attribute}")


def test_a_norm_of_each_cell_mixes_none(own):
    assert get_rule(f"{own}:norm_of_each").name == "norm_of_each"


def test_a_file_that_fails_is_named(own):
    with pytest.raises(BadInput, match=r"my_faulty_module.*ZeroDivisionError"):
        get_rule("my_faulty_module:rule")


def test_entry_points(own, monkeypatch):
    entry = importlib.metadata.EntryPoint("sign", f"{own}:sign_momentum", "tunecost.rules")
    bad = importlib.metadata.EntryPoint("lost", "no_such_module:rule", "tunecost.rules")
    points = importlib.metadata.EntryPoints([entry, bad])
    monkeypatch.setattr("trainers.rules.registry.entry_points", lambda group: points.select(group=group))
    sys.path.append(".")
    assert get_rule("sign").hyperparameters["beta"] == 0.9
    with pytest.raises(BadInput, match="lost"):
        get_rule("lost")
    with pytest.raises(BadInput, match="did you mean 'sign'"):
        get_rule("sgin")


def test_the_normaliser_does_not_overflow():
    """Four million dead units at ε = 1e-16: the plain sum of 1/ε² is infinite in float32."""
    roots = torch.full((1, 4_000_000), 1e-16)
    roots[0, 0] = 1.0
    assert torch.isinf((1 / roots).square().sum())
    smallest, size = normaliser(roots)
    assert torch.isfinite(smallest / size)
    assert (smallest / size).item() == pytest.approx(1e-16, rel=1e-5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_avagrads_first_step_is_alpha_m_whatever_epsilon(dtype):
    rule = RULES["avagrad"]
    assert isinstance(rule, AdaptiveRule)
    epsilons = torch.tensor([[0.0], [1e-16], [1e-8], [1.0], [1e4]], dtype=dtype)
    params, grads = torch.zeros(5, 4, dtype=dtype), torch.tensor([[1.0, -2.0, 0.0, 4.0]], dtype=dtype).repeat(5, 1)
    hyper = {name: torch.full((5, 1), value, dtype=dtype) for name, value in rule.hyperparameters.items()}
    following, _ = rule.step(params, grads, rule.init(params, ((4,),)), {**hyper, "epsilon": epsilons})
    assert torch.allclose(following, -0.1 * 0.1 * grads, rtol=1e-5, atol=0)


def test_defaults_of_ones_own_rule_are_numbers():
    with pytest.raises(BadInput, match="alpha is 'large'"):
        update_rule(lambda params, shapes: (), alpha="large")


def test_every_rule_has_a_label_and_the_papers_ten_come_first() -> None:
    assert list(RULES)[: len(STUDY)] == list(STUDY)
    assert len(STUDY) == 10
    assert len({rule.label for rule in RULES.values()}) == len(RULES)
    assert [RULES[name].label for name in ("sgd", "adam", "avagradw", "delayed-adam")] == [
        "SGD",
        "Adam",
        "AvaGradW",
        "Delayed Adam",
    ]


def test_options_and_the_transform_stand_in_the_label() -> None:
    assert get_rule("avagrad:variant=authors,beta2=0.99").label == "AvaGrad:variant=authors,beta2=0.99"
    assert get_rule("delayed-amsgrad").label == "Delayed AMSGrad"


def test_a_name_is_registered_once() -> None:
    with pytest.raises(ValueError, match="two rules are called 'adam'"):
        register("adam", label="Adam again", equation=SHIPPED["adam"].equation)(lambda: RULES["adam"])
