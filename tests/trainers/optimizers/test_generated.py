"""What follows from a class statement that names a rule: signature, defaults, subclasses, saved states."""

import copy
import inspect
import pickle

import pytest
import torch
from torch import nn

import trainers.optimizers as optimizers
from trainers.optimizers.base import RuleOptimizer
from trainers.rules import RULES


class Halved(optimizers.AdamW):
    """A user's own, with a constructor of its own."""

    def __init__(self, params, rate):
        super().__init__(params, lr=rate / 2, eps=1e-3)


class Renamed(RuleOptimizer, rule="adam", eps=1e-4):
    """A user's own, from a rule that ships."""


def stepped(optimizer, p, steps=3):
    for step in range(steps):
        p.grad = torch.linspace(-1, 1, 5, dtype=torch.float64) * (step + 1)
        optimizer.step()
    return p.detach().clone()


def parameter():
    return nn.Parameter(torch.linspace(0, 1, 5, dtype=torch.float64))


def test_every_shipped_rule_has_a_class():
    kinds = [getattr(optimizers, name) for name in optimizers.__all__]
    made = {kind([parameter()]).rule(kind([parameter()]).param_groups[0]).name for kind in kinds}
    assert made == set(RULES)


@pytest.mark.parametrize("name", optimizers.__all__)
def test_defaults_are_those_of_the_signature(name):
    kind = getattr(optimizers, name)
    shown = inspect.signature(kind).parameters
    group = kind([parameter()]).param_groups[0]
    assert next(iter(shown)) == "params"
    assert {key: each.default for key, each in shown.items() if key != "params"}.items() <= group.items()
    assert kind.__doc__


def test_arguments_may_be_given_by_place():
    group = optimizers.AdaBound([parameter()], 0.1, (0.5, 0.6), 0.2, 0.3, 0.4, 0.7).param_groups[0]
    assert (group["lr"], group["betas"], group["final_lr"], group["gamma"]) == (0.1, (0.5, 0.6), 0.2, 0.3)
    assert (group["eps"], group["weight_decay"]) == (0.4, 0.7)


def test_an_unknown_argument_is_refused():
    with pytest.raises(TypeError, match="learning_rate"):
        optimizers.Adam([parameter()], learning_rate=0.1)


def test_a_class_without_a_rule_is_refused():
    with pytest.raises(TypeError, match="rule="):
        RuleOptimizer([parameter()])


def test_subclasses_step_as_their_parents_do():
    assert list(inspect.signature(Halved).parameters) == ["params", "rate"]
    p, q = parameter(), parameter()
    mine, parent = Halved([p], 0.2), optimizers.AdamW([q], lr=0.1, eps=1e-3)
    assert torch.equal(stepped(mine, p), stepped(parent, q))
    other_p, other = pickle.loads(pickle.dumps((p, mine)))
    assert type(other) is Halved
    assert torch.equal(stepped(other, other_p), stepped(parent, q))


def test_a_rule_gives_a_class_of_ones_own():
    p, q = parameter(), parameter()
    assert torch.equal(stepped(Renamed([p]), p), stepped(optimizers.Adam([q], eps=1e-4), q))


@pytest.mark.parametrize("name", ["Adam", "AMSGrad", "AdaBelief", "AvaGrad"])
def test_states_saved_when_the_first_moment_was_called_mean_still_load(name):
    p = parameter()
    optimizer = getattr(optimizers, name)([p], lr=0.1)
    stepped(optimizer, p)
    state = copy.deepcopy(optimizer.state_dict())
    for fields in state["state"].values():
        fields["mean"] = fields.pop("exp_avg")
    q = nn.Parameter(p.detach().clone())
    other = getattr(optimizers, name)([q], lr=0.1)
    other.load_state_dict(state)
    assert torch.equal(stepped(optimizer, p), stepped(other, q))
