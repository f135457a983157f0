"""What holds for every rule: a new one is covered by registering it."""

import pytest
import torch

from trainers.rules import RULES, AdaptiveRule, delayed, get_rule, per_cell, select_cells

SHAPES = ((2, 2), (2, 4), (3, 4), (2,), (2, 2))
N = 30
CELLS = 5
STEPS = 15
SWITCHED = ["sgd:nesterov=false", "avagrad:variant=authors", "avagradw:variant=authors", "adam:form=old"]
SWITCHED += ["adabelief:rectify=true,decouple=true", "delayed-adam:first=skip", "delayed-radam", "delayed-adashift"]
SWITCHED += ["muon:scale=original,nesterov=false", "avagrad:delay=false"]
NAMES = [*RULES, *SWITCHED]


@pytest.fixture(params=NAMES)
def rule(request):
    return get_rule(request.param)


def start(cells=CELLS, dtype=torch.float64):
    return torch.randn(N, generator=torch.Generator().manual_seed(1), dtype=torch.float64).repeat(cells, 1).to(dtype)


def gradients(cells=CELLS, dtype=torch.float64):
    """`[steps, cells, n]`, with some elements without any gradient."""
    rows = torch.randn(STEPS, cells, N, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    rows[:, :, 5:8] = 0.0
    return rows.to(dtype)


def hypers(rule, cells=CELLS, dtype=torch.float64):
    """Every hyperparameter different in every cell."""
    columns = {}
    for name, default in rule.hyperparameters.items():
        low, high = {"beta1": (0.5, 0.95), "beta2": (0.8, 0.999), "momentum": (0.1, 0.95)}.get(
            name, (0.5 * (default or 1e-3), 2.0 * (default or 1e-3))
        )
        columns[name] = torch.linspace(low, high, cells, dtype=dtype).unsqueeze(1)
    return {**columns, "schedule": torch.full((cells, 1), 0.2, dtype=dtype)}


def run(rule, params, grads, hyper):
    state = rule.init(params, SHAPES)
    for each in grads:
        params, state = rule.step(params, each, state, hyper)
    return params, state


def some(hyper, index):
    return {name: value[index] for name, value in hyper.items()}


def test_same_input_same_result(rule):
    one, two = (run(rule, start(), gradients(), hypers(rule))[0] for _ in range(2))
    assert torch.equal(one, two)
    assert torch.isfinite(one).all()
    assert not torch.equal(one, start())


def test_in_place_is_the_same_to_the_last_bit(rule):
    if rule.in_place is None:
        pytest.skip("has no step in place")
    hyper, params, other = hypers(rule), start(), start()
    state, kept = rule.init(params, SHAPES), rule.init(other, SHAPES)
    for grads in gradients():
        params, state = rule.step(params, grads, state, hyper)
        before, given = other, grads.clone()
        other, kept = rule.in_place(other, grads, kept, hyper)
        assert other is before
        assert torch.equal(grads, given)
        for one, two in zip((params, *state), (other, *kept), strict=True):
            assert torch.equal(one, two)


def test_in_place_is_for_gpus(rule):
    assert rule.step_on(torch.device("cpu")) is rule.step
    assert rule.step_on(torch.device("cuda")) is (rule.in_place or rule.step)


@pytest.mark.parametrize("decay", [True, False])
def test_changes_none_of_its_arguments(rule, decay):
    hyper, params = hypers(rule), start()
    if not decay:  # then no step begins with a copy of the gradient
        del hyper["weight_decay"]
    state = rule.init(params, SHAPES)
    for grads in gradients():
        given = [params, grads, *state, *hyper.values()]
        copies = [tensor.clone() for tensor in given]
        following, after = rule.step(params, grads, state, hyper)
        assert all(torch.equal(tensor, copy) for tensor, copy in zip(given, copies, strict=True))
        memory = {tensor.untyped_storage().data_ptr() for tensor in (params, grads)}
        assert not memory & {t.untyped_storage().data_ptr() for t in (following, *after) if t.numel()}
        params, state = following, after


@pytest.mark.parametrize("poison", [float("nan"), float("inf"), -float("inf"), 1e300])
@pytest.mark.parametrize("where", ["gradient", "alpha"])
def test_a_ruined_cell_leaves_the_others_untouched(rule, poison, where):
    grads, hyper = gradients(), hypers(rule)
    clean, clean_state = run(rule, start(), grads, hyper)
    if where == "gradient":
        grads[4:, 2] = poison
    else:
        hyper["alpha"][2] = poison
    ruined, ruined_state = run(rule, start(), grads, hyper)
    others = torch.tensor([0, 1, 3, 4])
    assert torch.equal(ruined[others], clean[others])
    assert not torch.equal(ruined[2], clean[2])
    pairs = zip(select_cells(ruined_state, others), select_cells(clean_state, others), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_one_cell_alone_is_the_same_as_among_many(rule, dtype):
    grads, hyper = gradients(dtype=dtype), hypers(rule, dtype=dtype)
    together, _ = run(rule, start(dtype=dtype), grads, hyper)
    for cell in range(CELLS):
        index = slice(cell, cell + 1)
        alone, _ = run(rule, start(1, dtype), grads[:, index], some(hyper, index))
        assert torch.equal(alone[0], together[cell])


def test_goes_on_with_some_of_its_cells(rule):
    grads, hyper, kept = gradients(), hypers(rule), torch.tensor([4, 1])
    whole, _ = run(rule, start(), grads, hyper)
    params, state = run(rule, start(), grads[:6], hyper)
    params, state = params[kept], select_cells(state, kept)
    for each in grads[6:]:
        params, state = rule.step(params, each[kept], state, some(hyper, kept))
    assert torch.equal(params, whole[kept])


def test_state_is_a_named_tuple_of_tensors_with_the_cell_first(rule):
    params, state = run(rule, start(), gradients(), hypers(rule))
    assert isinstance(state, tuple)
    assert len(state._fields) == len(set(state._fields))
    fresh = rule.init(params, SHAPES)
    for value, initial in zip(state, fresh, strict=True):
        assert isinstance(value, torch.Tensor)
        assert (value.shape, value.dtype) == (initial.shape, initial.dtype)
        assert len(value) == CELLS if per_cell(value) else value.dim() < 2
    addresses = [value.data_ptr() for value in fresh if value.numel()]
    assert len(set(addresses)) == len(addresses), "two fields share memory: a static copy of one would change both"


@pytest.mark.parametrize("hyper_dtype", [torch.float32, torch.float64])
def test_float32_stays_float32_and_near_float64(rule, hyper_dtype):
    if "first" not in rule.name and rule.name.startswith("delayed"):
        pytest.skip("its literal first step, 1/ε, leaves nothing of a comparison")
    single, _ = run(rule, start(dtype=torch.float32), gradients(dtype=torch.float32), hypers(rule, dtype=hyper_dtype))
    double, _ = run(rule, start(), gradients(), hypers(rule))
    assert single.dtype == torch.float32
    assert torch.allclose(single.double(), double, rtol=1e-3, atol=1e-3)


def test_every_hyperparameter_has_an_effect_and_differs_by_cell(rule):
    """Two cells that differ in one hyperparameter part ways, each one in turn: any of them can be an axis."""
    for name in rule.hyperparameters:
        hyper = {key: value[[1, 1]] for key, value in hypers(rule).items()}
        if name in ("beta1", "momentum", "beta2"):
            hyper[name] = torch.tensor([[0.5], [0.9]], dtype=torch.float64)
        else:
            hyper[name] = hyper[name] * torch.tensor([[1.0], [4.0]], dtype=torch.float64)
        if name in ("final_lr", "gamma"):
            hyper["alpha"] = hyper["alpha"] * 1e3  # so that the bounds of AdaBound are met
        if rule.name.startswith("avagrad") and name == "epsilon":
            hyper["epsilon"] = hyper["epsilon"] * 10
        params, _ = run(rule, start(2), gradients()[:, [0, 0]], hyper)
        assert not torch.equal(params[0], params[1]), name


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("epsilon", [0.0, 1e-30, 1e-16, 1e4])
def test_no_gradient_means_no_step_whatever_epsilon(rule, epsilon, dtype):
    """0/0 where v = 0 and ε = 0: the limit is 0. Weight decay is off."""
    if "epsilon" not in rule.hyperparameters:
        pytest.skip("has no epsilon")
    hyper = {**hypers(rule, dtype=dtype), "epsilon": torch.full((CELLS, 1), epsilon, dtype=dtype)}
    hyper["weight_decay"] = torch.zeros(CELLS, 1, dtype=dtype)
    params, _ = run(rule, start(dtype=dtype), torch.zeros(STEPS, CELLS, N, dtype=dtype), hyper)
    assert torch.equal(params, start(dtype=dtype))


def test_hyperparameters_may_lack_weight_decay(rule):
    hyper = hypers(rule)
    none = {name: value for name, value in hyper.items() if name != "weight_decay"}
    without, _ = run(rule, start(), gradients(), none)
    zero, _ = run(rule, start(), gradients(), {**hyper, "weight_decay": torch.zeros(CELLS, 1, dtype=torch.float64)})
    assert torch.equal(without, zero)


ADAPTIVE = [name for name in NAMES if isinstance(get_rule(name), AdaptiveRule)]


@pytest.mark.parametrize("name", ADAPTIVE)
def test_delayed_rates_do_not_know_the_current_gradient(name):
    """Theorem 3: from one state, two gradients are met with the same rates; undelayed, they are not."""
    rule = delayed(get_rule(name))
    hyper = {key: value for key, value in hypers(rule).items() if key != "weight_decay"}
    params, state = run(rule, start(), gradients(), hyper)
    rates = {}
    for kind in (rule, get_rule(name)):
        for factor in (1.0, 3.0):
            grads = gradients()[0] * factor
            following, after = kind.step(params, grads, state, hyper)
            moment = rule.parts.moment(after, rule.parts.prepare(state.step, hyper, torch.float64))
            rates[kind is rule, factor] = ((params - following) / moment)[:, :5]
    assert torch.allclose(rates[True, 1.0], rates[True, 3.0], rtol=1e-6, atol=0)
    if not get_rule(name).parts.delay and name not in ("adashift", "adabound"):
        assert not torch.allclose(rates[False, 1.0], rates[False, 3.0], rtol=1e-6, atol=0)
