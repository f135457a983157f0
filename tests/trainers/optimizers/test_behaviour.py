"""What a training script relies on in any torch optimizer."""

import copy
import io
import pickle

import pytest
import torch
from torch import nn

import trainers.optimizers as optimizers
from trainers.optimizers import base

NAMES = optimizers.__all__


def network(dtype=torch.float64):
    with torch.random.fork_rng():
        torch.manual_seed(3)
        return nn.Sequential(nn.Linear(4, 7), nn.Tanh(), nn.Linear(7, 3)).to(dtype)


def loss_of(module, step=0):
    generator = torch.Generator().manual_seed(step)
    dtype = next(module.parameters()).dtype
    inputs = torch.randn(16, 4, generator=generator, dtype=torch.float64).to(dtype)
    return nn.functional.cross_entropy(module(inputs), torch.arange(16) % 3)


def train(module, optimizer, steps, start=0):
    for step in range(start, start + steps):
        optimizer.zero_grad()
        loss_of(module, step).backward()
        optimizer.step()


def weights(module):
    return torch.cat([p.detach().flatten() for p in module.parameters()])


def make(name, params, **extra):
    return getattr(optimizers, name)(params, lr=0.01, **extra)


@pytest.fixture(params=[1 << 18, 10], ids=["whole", "cut"])
def chunk(request, monkeypatch):
    monkeypatch.setattr(base, "CHUNK", request.param)


@pytest.mark.parametrize("name", NAMES)
def test_a_saved_state_goes_on_bit_for_bit(name, chunk):
    one = network()
    first = make(name, one.parameters())
    train(one, first, 13)
    two = copy.deepcopy(one)
    file = io.BytesIO()
    torch.save(first.state_dict(), file)
    file.seek(0)
    second = make(name, two.parameters())
    second.load_state_dict(torch.load(file))
    train(one, first, 13, start=13)
    train(two, second, 13, start=13)
    assert torch.equal(weights(one), weights(two))
    assert not torch.equal(weights(one), weights(network()))


@pytest.mark.parametrize("name", NAMES)
def test_state_is_laid_out_by_parameter(name, chunk):
    module = network()
    optimizer = make(name, module.parameters())
    train(module, optimizer, 2)
    for p, fields in zip(module.parameters(), optimizer.state_dict()["state"].values(), strict=True):
        assert any(value.shape == p.shape for value in fields.values())
        assert all(value.dim() == 0 for key, value in fields.items() if key == "step")


@pytest.mark.parametrize("name", NAMES)
def test_survives_copying_and_pickling(name):
    module = network()
    optimizer = make(name, module.parameters())
    train(module, optimizer, 12)
    twin_module, twin = copy.deepcopy((module, optimizer))
    third_module, third = pickle.loads(pickle.dumps((module, optimizer)))
    for each, its in ((module, optimizer), (twin_module, twin), (third_module, third)):
        train(each, its, 5, start=12)
    assert torch.equal(weights(module), weights(twin_module))
    assert torch.equal(weights(module), weights(third_module))


def test_groups_have_arguments_of_their_own():
    ours, theirs = network(), network()
    train(ours, optimizers.Adam(_groups(ours), lr=0.01), 20)
    train(theirs, torch.optim.Adam(_groups(theirs), lr=0.01), 20)
    assert torch.allclose(weights(ours), weights(theirs), rtol=1e-12, atol=0)


def _groups(module):
    first, _, last = module
    return [{"params": first.parameters(), "lr": 0.1, "betas": (0.5, 0.9)}, {"params": last.parameters(), "eps": 1e-3}]


def test_a_group_can_be_added_later():
    ours, theirs = network(), network()
    for module, kind in ((ours, optimizers.Adam), (theirs, torch.optim.Adam)):
        optimizer = kind(module[0].parameters(), lr=0.01)
        train(module, optimizer, 5)
        optimizer.add_param_group({"params": module[2].parameters(), "lr": 0.1})
        train(module, optimizer, 5)
    assert torch.allclose(weights(ours), weights(theirs), rtol=1e-12, atol=0)


def test_schedulers_change_the_rate():
    ours, theirs = network(), network()
    for module, kind in ((ours, optimizers.Adam), (theirs, torch.optim.Adam)):
        optimizer = kind(module.parameters(), lr=0.01)
        scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=3, gamma=0.2)
        for epoch in range(9):
            train(module, optimizer, 1, start=epoch)
            scheduler.step()
    assert torch.allclose(weights(ours), weights(theirs), rtol=1e-12, atol=0)


@pytest.mark.parametrize("how", ["scheduler", "by hand"])
def test_a_schedule_scales_the_bounds_of_adabound(how):
    """With bounds closed from the start, AdaBound is SGD at final_lr: the schedule must reach it."""
    module = network()
    optimizer = optimizers.AdaBound(module.parameters(), lr=0.01, betas=(0.0, 0.9), final_lr=0.1, gamma=1e12)
    if how == "scheduler":
        scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: 0.5**epoch)
        train(module, optimizer, 1)
        scheduler.step()
    else:
        optimizer.param_groups[0]["lr"] = 0.005
    before = weights(module)
    optimizer.zero_grad()
    loss_of(module).backward()
    grads = torch.cat([p.grad.flatten() for p in module.parameters()])
    optimizer.step()
    assert torch.allclose(before - weights(module), 0.05 * grads, rtol=1e-6, atol=0)


@pytest.mark.parametrize("name", NAMES)
def test_a_closure_is_evaluated_with_gradients_and_its_loss_returned(name):
    module = network()
    optimizer = make(name, module.parameters())

    def closure():
        optimizer.zero_grad()
        loss = loss_of(module)
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == loss_of(network()).item()


@pytest.mark.parametrize("name", NAMES)
def test_refuses_sparse_gradients(name):
    table = nn.Embedding(5, 3, sparse=True)
    table(torch.tensor([1, 2])).sum().backward()
    with pytest.raises(RuntimeError, match=f"{name} does not take sparse gradients"):
        make(name, table.parameters()).step()


def test_refuses_complex_parameters():
    p = nn.Parameter(torch.ones(2, dtype=torch.complex64))
    p.grad = torch.ones_like(p)
    with pytest.raises(RuntimeError, match="complex"):
        optimizers.Adam([p]).step()


def test_a_parameter_without_gradient_is_left_out(chunk):
    """As in torch: it neither moves nor grows older, and goes on where it was."""
    ours, theirs = network(), network()
    for module, kind in ((ours, optimizers.AdamW), (theirs, torch.optim.AdamW)):
        optimizer = kind(module.parameters(), lr=0.01)
        for step in range(12):
            optimizer.zero_grad()
            loss_of(module, step).backward()
            if step % 4 == 3:
                module[0].weight.grad = None
            if step < 3:
                module[2].bias.grad = None
            optimizer.step()
    assert torch.allclose(weights(ours), weights(theirs), rtol=1e-12, atol=0)


def test_a_step_without_any_gradient_does_nothing():
    module = network()
    optimizers.AvaGrad(module.parameters()).step()
    assert torch.equal(weights(module), weights(network()))


@pytest.mark.parametrize("name", ["Adam", "AvaGrad", "AdaShift"])
def test_memory_formats_do_not_matter(name, chunk):
    start = torch.randn(4, 3, 2, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    grads = torch.randn(12, 4, 3, 2, 2, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    ends = []
    for layout in (torch.contiguous_format, torch.channels_last):
        p = nn.Parameter(start.clone().to(memory_format=layout))
        optimizer = make(name, [p])
        for grad in grads:
            p.grad = grad.clone()
            optimizer.step()
        ends.append(p.detach())
    assert torch.allclose(ends[0], ends[1], rtol=1e-12, atol=0)
    assert not torch.equal(ends[0], start)


@pytest.mark.parametrize("name", NAMES)
def test_works_in_float32(name):
    single, double = network(torch.float32), network()
    train(single, make(name, single.parameters()), 12)
    train(double, make(name, double.parameters()), 12)
    assert weights(single).dtype == torch.float32
    assert torch.isfinite(weights(single)).all()
    if name != "DelayedAdam":  # Its literal first step, 1/ε, leaves nothing of a comparison.
        assert torch.allclose(weights(single).double(), weights(double), rtol=1e-2, atol=1e-3)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("Adam", {"lr": -1.0}),
        ("Adam", {"lr": float("nan")}),
        ("AvaGrad", {"eps": -1.0}),
        ("AdamW", {"betas": (0.9, 1.0)}),
        ("Adam", {"betas": (0.9,)}),
        ("Adam", {"betas": (0.9, 0.99, 0.999)}),
        ("SGD", {"momentum": -0.1}),
        ("SGD", {"nesterov": True}),
        ("RAdam", {"weight_decay": -1.0}),
    ],
)
def test_wrong_arguments_are_refused(name, wrong):
    with pytest.raises(ValueError, match=r"Invalid|Nesterov"):
        getattr(optimizers, name)([nn.Parameter(torch.ones(1))], **wrong)


def test_a_wrong_variant_is_refused_when_made():
    with pytest.raises(ValueError, match="variant"):
        optimizers.AvaGrad([nn.Parameter(torch.ones(1))], variant="author")


def test_nesterov_without_momentum_is_refused_in_a_group_too():
    with pytest.raises(ValueError, match="Nesterov"):
        optimizers.SGD([{"params": [nn.Parameter(torch.ones(1))], "nesterov": True}])


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("name", NAMES)
def test_half_precision_keeps_a_state_in_float32(name, dtype):
    """Each step is that of float32 on the same gradients, rounded; a saved state goes on bit for bit."""
    start, grads = torch.linspace(-1, 1, 6), torch.randn(14, 6, generator=torch.Generator().manual_seed(4)).to(dtype)
    extra = {"first": "skip"} if name == "DelayedAdam" else {}
    half = nn.Parameter(start.to(dtype))
    optimizer = make(name, [half], **extra)
    for grad in grads[:13]:
        half.grad = grad
        optimizer.step()
    state = optimizer.state_dict()
    assert all(value.dtype in (torch.float32, torch.float64, torch.int64) for value in state["state"][0].values())
    twin, single = nn.Parameter(half.detach().clone()), nn.Parameter(half.detach().float())
    ends = {}
    for p in (twin, single):
        other = make(name, [p], **extra)
        other.load_state_dict(copy.deepcopy(state))
        p.grad = grads[13].to(p.dtype)
        other.step()
        ends[p.dtype] = p.detach()
    half.grad = grads[13]
    optimizer.step()
    assert torch.equal(half.detach(), ends[dtype])
    assert torch.equal(half.detach(), ends[torch.float32].to(dtype))


def test_goes_on_when_a_module_is_laid_out_or_typed_anew(monkeypatch):
    monkeypatch.setattr(base, "CHUNK", 100)
    ours, theirs = (copy.deepcopy(module) for module in [nn.Conv2d(8, 8, 3).double()] * 2)
    inputs = torch.randn(2, 8, 5, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(6))

    def step(module, optimizer, inputs):
        optimizer.zero_grad()
        module(inputs).square().mean().backward()
        optimizer.step()

    mine, torchs = optimizers.Adam(ours.parameters(), lr=0.1), torch.optim.Adam(theirs.parameters(), lr=0.1)
    for layout in (torch.contiguous_format, torch.channels_last, torch.contiguous_format):
        for module, optimizer in ((ours, mine), (theirs, torchs)):
            module.to(memory_format=layout)
            step(module, optimizer, inputs)
    assert torch.allclose(weights(ours), weights(theirs), rtol=1e-9, atol=0)
    ours.float()
    step(ours, mine, inputs.float())
    step(theirs, torchs, inputs)
    assert weights(ours).dtype == torch.float32
    assert torch.allclose(weights(ours).double(), weights(theirs), rtol=1e-4, atol=1e-6)


def test_a_state_that_was_asked_for_is_not_kept_twice():
    module = network()
    optimizer = make("Adam", module.parameters())
    train(module, optimizer, 2)
    assert len(optimizer.state_dict()["state"]) == 4
    train(module, optimizer, 1)
    assert not optimizer.state


def test_the_state_of_another_optimizer_is_refused():
    module = network()
    other = torch.optim.Adam(module.parameters())
    train(module, other, 1)
    with pytest.raises(ValueError, match="Adam cannot go on from this state: it lacks"):
        make("Adam", module.parameters()).load_state_dict(other.state_dict())


def test_adabound_leaves_a_group_of_rate_zero_where_it_is():
    """Its bounds alone would move it at `final_lr`."""
    module = network()
    still, moving = module[0], module[2]
    before = copy.deepcopy(still.state_dict())
    groups = [{"params": still.parameters(), "lr": 0.0}, {"params": moving.parameters()}]
    optimizer = optimizers.AdaBound(groups, lr=0.01, gamma=1.0)
    train(module, optimizer, 5)
    for name, value in still.state_dict().items():
        assert torch.equal(value, before[name])
    assert not torch.equal(moving.weight, network()[2].weight)


def test_a_state_of_an_earlier_version_is_read():
    """What is `exp_sum_sq` now was called `squares`."""
    module, other = network(), network()
    first, second = make("Adam", module.parameters()), make("Adam", other.parameters())
    train(module, first, 2)
    state = copy.deepcopy(first.state_dict())
    for fields in state["state"].values():
        fields["squares"] = fields.pop("exp_sum_sq")
    other.load_state_dict(module.state_dict())
    second.load_state_dict(state)
    for one, optimizer in ((module, first), (other, second)):
        train(one, optimizer, 1)
    for one, two in zip(module.parameters(), other.parameters(), strict=True):
        assert torch.equal(one, two)
