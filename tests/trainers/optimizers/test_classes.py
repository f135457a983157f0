"""Every torch class equals the fused rule of its name, however its parameters are cut."""

import inspect

import pytest
import torch

import trainers.optimizers as optimizers
from trainers.optimizers import base
from trainers.rules import get_rule

TWIN = {
    "SGD": ("sgd", {"nesterov": True}),
    "Adam": ("adam", {}),
    "AMSGrad": ("amsgrad", {}),
    "AdamW": ("adamw", {}),
    "RAdam": ("radam", {}),
    "AdaBound": ("adabound", {}),
    "AdaShift": ("adashift", {}),
    "AdaBelief": ("adabelief", {}),
    "AvaGrad": ("avagrad", {}),
    "AvaGradW": ("avagradw", {}),
    "DelayedAdam": ("delayed-adam", {}),
    "DynamicEpsilonAdam": ("dynamic-adam", {}),
    "ScheduleFreeAdamW": ("schedulefree-adamw", {}),
    "Lion": ("lion", {}),
    "AdamAtan2": ("adam-atan2", {}),
    "Muon": ("muon", {}),
}
SWITCHED = {
    "SGD plain": ("SGD", "sgd:nesterov=false", {}),
    "AdaBelief rectified": (
        "AdaBelief",
        "adabelief:rectify=true,decouple=true",
        {"rectify": True, "weight_decouple": True},
    ),
    "AvaGrad authors": ("AvaGrad", "avagrad:variant=authors", {"variant": "authors"}),
    "AvaGradW authors": ("AvaGradW", "avagradw:variant=authors", {"variant": "authors"}),
    "Muon original": ("Muon", "muon:scale=original,nesterov=false", {"scale": "original", "nesterov": False}),
    "DelayedAdam skip": ("DelayedAdam", "delayed-adam:first=skip", {"first": "skip"}),
}
CASES = {name: (name, *twin) for name, twin in TWIN.items()} | SWITCHED
SETTINGS = [
    {"alpha": 1e-2, "epsilon": 1e-16, "beta1": 0.5, "beta2": 0.9, "weight_decay": 0.0},
    {"alpha": 0.1, "epsilon": 1e4, "weight_decay": 5e-4},
]


def arguments(setting, rule):
    values = {"lr": setting["alpha"], "weight_decay": setting["weight_decay"]}
    if "momentum" in setting:
        values["momentum"] = setting["momentum"]
    if "beta1" in rule.hyperparameters:
        values["betas"] = (setting.get("beta1", 0.9), setting.get("beta2", rule.hyperparameters["beta2"]))
    return values | ({"eps": setting["epsilon"]} if "epsilon" in rule.hyperparameters else {})


def test_every_class_is_tried():
    assert set(TWIN) == set(optimizers.__all__)


@pytest.mark.parametrize("name", CASES)
def test_class_equals_rule(name, problem, run_rule, follow, torch_stepper, apart, monkeypatch):
    """For 200 steps: the network's parameters as one row, those of the hand-made problem cut into three."""
    n = len(problem.start)
    monkeypatch.setattr(base, "CHUNK", n // 3 + 1 if n < 100 else n)
    kind, text, extra = CASES[name]
    rule = get_rule(text)

    def make(setting):
        return lambda leaves: getattr(optimizers, kind)(leaves, **arguments(setting, rule), **extra)

    settings = SETTINGS if "beta1" in rule.hyperparameters else [{"alpha": 1e-2, "weight_decay": 5e-4, "momentum": 0.9}]
    steppers = [torch_stepper(problem, make(setting)) for setting in settings]
    known = [{k: v for k, v in setting.items() if k in rule.hyperparameters} for setting in settings]
    steps = 50 if kind == "AdamAtan2" else 200  # it has no ε that would damp a difference in the last digit
    assert apart(follow(problem, steppers, steps), run_rule(rule, problem, known, steps)) <= 1e-12


@pytest.mark.parametrize("name", TWIN)
def test_takes_torchs_argument_names(name):
    parameters = inspect.signature(getattr(optimizers, name)).parameters
    expected = {"params", "lr", "weight_decay"}
    expected |= {"momentum", "nesterov"} if name == "SGD" else {"betas"}
    expected |= {"eps"} if name not in ("SGD", "Lion", "AdamAtan2") else set()
    expected |= {"variant"} if name.startswith("AvaGrad") else set()
    assert expected <= set(parameters)


@pytest.mark.bench
@pytest.mark.timeout(0)
def test_speed(capsys):
    """Processor time of a step on a network of five million parameters, on one thread, all in one run."""
    import time

    threads = torch.get_num_threads()
    torch.set_num_threads(1)

    def network():
        shapes = [(1024, 1024)] * 4 + [(1024,)] * 4 + [(1024, 512), (512,), (512, 512), (512,)]
        params = [torch.randn(shape, requires_grad=True) for shape in shapes]
        for p in params:
            p.grad = torch.randn_like(p)
        return params

    steps = {"torch.optim.Adam(foreach=True)": torch.optim.Adam(network(), foreach=True).step}
    steps |= {name: getattr(optimizers, name)(network()).step for name in optimizers.__all__}
    times: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(20):
        for name, step in steps.items():
            begin = time.thread_time()
            step()
            times[name].append(time.thread_time() - begin)
    torch.set_num_threads(threads)
    reference = min(times["torch.optim.Adam(foreach=True)"])
    with capsys.disabled():
        print(f"\n{'best of 20 steps, 5.0M parameters':34s} {'ms':>8s} {'ratio':>8s}")
        for name, each in times.items():
            print(f"{name:34s} {min(each) * 1e3:8.1f} {min(each) / reference:8.2f}")


@pytest.mark.parametrize("variant", ["paper", "authors"])
@pytest.mark.parametrize("kind", ["AvaGrad", "AvaGradW"])
def test_avagrad_normalises_over_its_rows_at_a_tiny_epsilon(kind, variant, monkeypatch):
    """In float32, nearly all units dead: in rows, some without any gradient, as in one row of float64."""
    monkeypatch.setattr(base, "CHUNK", 1 << 10)
    start = torch.linspace(-1.0, 1.0, 20_000)
    ends = []
    for dtype, parts in ((torch.float32, (10_000, 9_000, 1_000)), (torch.float64, (20_000,))):
        leaves = [torch.nn.Parameter(piece.clone().to(dtype)) for piece in start.split(parts)]
        extra = {"lr": 1e14, "eps": 1e-16, "weight_decay": 1e-16, "variant": variant}
        optimizer = getattr(optimizers, kind)(leaves, **extra)
        for step in range(1, 5):
            grads = torch.zeros(20_000, dtype=dtype)
            grads[:1_500] = (torch.arange(1_500) + step).cos()
            for leaf, piece in zip(leaves, grads.split(parts), strict=True):
                leaf.grad = piece
            optimizer.param_groups[0]["lr"] = 1e14 * (step > 1)  # Algorithm 1 begins with alpha * m, whatever v is
            optimizer.step()
        ends.append(torch.cat([leaf.detach() for leaf in leaves]).double())
    moved = (ends[0] - start).abs()
    assert 1e-2 < moved[:1_500].mean() < 1.0
    assert torch.allclose(ends[0], ends[1], rtol=1e-4, atol=1e-4)
