"""The fused GAN against a plain loop, alone against among others, stopped against never stopped."""

import io
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

import trainers.blocks.epochs as block
from grids.errors import BadInput
from tests.trainers.tasks.plain_gan import train_plain
from trainers.blocks.epochs import train_block
from trainers.blocks.results import BlockResult, Snapshot
from trainers.rules import get_rule
from trainers.schedule import Schedule
from trainers.task import Dataset
from trainers.tasks import get_task
from trainers.tasks.gan.network import Gan, SumPositions
from trainers.tasks.gan.procedure import Adversarial, State
from trainers.tasks.gan.shipped import gan_data
from trainers.tasks.gan.task import GanData, GanTask, judge_of, untrained_distance
from trainers.tasks.images.augment import FlipCrop

BASE = get_task("digits-gan")
assert isinstance(BASE, GanTask)
FULL = BASE.load(None, 0)
assert isinstance(FULL, GanData)
DATA = replace(FULL, judge=replace(FULL.judge, images=100))
ALPHAS = np.array([1e-4, 1e-3, 5e-3, 0.02, 0.1])
POINTS, STEPS = 2, 5
TASK = replace(BASE, steps=STEPS)


def convolutions() -> Gan:
    """The layers of the paper's networks, few channels."""
    generator = nn.Sequential(
        nn.Linear(6, 4 * 2 * 2),
        nn.Unflatten(1, (4, 2, 2)),
        nn.ConvTranspose2d(4, 4, 4, stride=2, padding=1),
        nn.BatchNorm2d(4, eps=1e-4),
        nn.ReLU(),
        nn.ConvTranspose2d(4, 3, 4, stride=2, padding=1),
        nn.BatchNorm2d(3, eps=1e-4),
        nn.ReLU(),
        nn.Conv2d(3, 1, 3, padding=1),
        nn.Tanh(),
    )
    discriminator = nn.Sequential(
        nn.Conv2d(1, 3, 3, padding=1),
        nn.BatchNorm2d(3),
        nn.ReLU(),
        nn.Conv2d(3, 4, 4, stride=2, padding=1),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        SumPositions(),
        nn.Linear(4, 1),
    )
    return Gan(generator, discriminator, 6)


CONVOLVED = replace(TASK, network=convolutions, augment=FlipCrop(padding=0))


def final_state(monkeypatch: pytest.MonkeyPatch) -> list[State]:
    """Gets every state that the engine judges."""
    seen: list[State] = []
    judged = Adversarial.evaluate

    def evaluate(self: Adversarial, state: State) -> object:
        seen.append(state)
        return judged(self, state)

    monkeypatch.setattr(block, "procedure_of", lambda task: Adversarial)
    monkeypatch.setattr(Adversarial, "evaluate", evaluate)
    return seen


# A bias in front of a batch norm has a gradient of rounding noise, which a small ε blows up: hence 1e-4 there.
OPTIMIZERS = {
    "adam": lambda p, lr: torch.optim.Adam(p, lr=lr, betas=(0.5, 0.999), eps=1e-8),
    "adam:epsilon=1e-4": lambda p, lr: torch.optim.Adam(p, lr=lr, betas=(0.5, 0.999), eps=1e-4),
    "sgd": lambda p, lr: torch.optim.SGD(p, lr=lr, momentum=0.9, nesterov=True),
    "torch.optim:RMSprop:eps=1e-4": lambda p, lr: torch.optim.RMSprop(p, lr=lr, eps=1e-4),
}
CASES = [(name, "digits", "constant") for name in OPTIMIZERS if name != "adam:epsilon=1e-4"]
CASES.append(("adam:epsilon=1e-4", "convolutions", "linear"))


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """On a busy machine, threads wait for each other after every small operation."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.filterwarnings("ignore:Matrix is singular")
@pytest.mark.parametrize(("name", "kind", "schedule"), CASES)
def test_the_fused_gan_equals_the_plain_loop(
    name: str, kind: str, schedule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = final_state(monkeypatch)
    task = replace({"digits": TASK, "convolutions": CONVOLVED}[kind], schedule=Schedule(schedule))
    rule = get_rule(name)
    alphas = ALPHAS / 20 if "RMSprop" in name else ALPHAS  # its first step is ten times as long
    fused = train_block(task, DATA, rule, {rule.rate: alphas}, 3, epochs=POINTS, dtype=torch.float64)
    assert not np.isnan(fused.train_loss).any()
    found = torch.cat([player.params for player in seen[-1]], dim=1).numpy()
    factors = [f for point in range(POINTS) for f in task.schedule.factors(point, POINTS, STEPS)]
    for cell, alpha in enumerate(alphas):
        rates = [alpha * factor for factor in factors]
        parameters, curve = train_plain(task, DATA, OPTIMIZERS[name], rates, 3, POINTS)
        scale = np.abs(parameters).max()
        np.testing.assert_allclose(found[cell], parameters, rtol=1e-9, atol=1e-9 * scale)
        kept = curve <= task.metric.resolved(DATA).failure_value
        np.testing.assert_allclose(fused.curve[cell][kept], curve[kept], rtol=2e-5)  # features and curves are float32


def train(alphas: np.ndarray, seed: "int | np.ndarray", rule: str = "adam", **more: object) -> BlockResult:
    chosen = get_rule(rule)
    return train_block(TASK, DATA, chosen, {chosen.rate: alphas}, seed, epochs=POINTS, **more)  # type: ignore[arg-type]


def same_cell(one: BlockResult, at: int, other: BlockResult, there: int) -> None:
    arrays = [*zip(one[:-1], other[:-1], strict=True)]
    arrays += [(one.numbers[name], other.numbers[name]) for name in one.numbers]
    for mine, theirs in arrays:
        np.testing.assert_array_equal(mine[at], theirs[there])


def test_a_cell_alone_among_many_and_among_other_seeds_is_the_same() -> None:
    seeds = np.array([1, 0, 1])
    together = train(ALPHAS[:3], seeds)
    for cell, seed in enumerate(seeds):
        same_cell(together, cell, train(ALPHAS[cell : cell + 1], int(seed)), 0)
        same_cell(together, cell, train(ALPHAS, int(seed)), cell)


def test_a_cell_that_diverges_carries_failure_and_leaves_the_others_as_they_were() -> None:
    alphas = np.array([1e-3, 1e30, 5e-3])
    result = train(alphas, 0, "sgd")
    assert result.diverged.tolist()[1]
    assert result.value[1] == TASK.metric.resolved(DATA).failure_value
    for cell in (0, 2):
        same_cell(result, cell, train(alphas[cell : cell + 1], 0, "sgd"), 0)


@pytest.mark.parametrize("rule", ["adam", "avagrad", "schedulefree-adamw", "muon", "torch.optim:Adam"])
def test_resumed_from_any_point_it_ends_the_same(rule: str) -> None:
    kept: list[bytes] = []

    def keep(snapshot: Snapshot) -> None:
        buffer = io.BytesIO()
        torch.save(vars(snapshot), buffer)
        kept.append(buffer.getvalue())

    whole = train(ALPHAS[:3], 0, rule, on_epoch=keep)
    for content in kept[:-1]:
        snapshot = Snapshot(**torch.load(io.BytesIO(content), weights_only=True))
        resumed = train(ALPHAS[:3], 0, rule, snapshot=snapshot)
        for cell in range(3):
            same_cell(whole, cell, resumed, cell)


def test_the_two_networks_have_states_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = final_state(monkeypatch)
    train(ALPHAS[:1], 0)
    generator, discriminator = seen[-1]
    assert int(generator.rule.step) == POINTS * STEPS
    assert int(discriminator.rule.step) == 2 * POINTS * STEPS
    assert generator.rule.exp_avg.shape == generator.params.shape
    assert discriminator.rule.exp_avg.shape == discriminator.params.shape


def test_training_lowers_the_distance() -> None:
    task = replace(BASE, steps=50)
    result = train_block(task, FULL, get_rule("adam"), {"alpha": np.array([1e-3, 1e-5])}, 0, epochs=6)
    assert result.value[0] < result.value[1] - 50
    assert result.curve[0, -1] < result.curve[0, 0] - 50


def test_failure_is_the_untrained_generators_distance() -> None:
    metric = BASE.metric.resolved(FULL)
    rule = get_rule("sgd")
    procedure = Adversarial(BASE, FULL, rule, torch.device("cpu"), torch.float32, 1)
    state = procedure.start(torch.zeros(1, dtype=torch.int64))
    assert metric.failure_value == pytest.approx(procedure.evaluate(state).value.item(), rel=5e-3)
    assert not metric.bounded


def test_refusals() -> None:
    plain = Dataset(**{name: getattr(FULL, name) for name in Dataset.__dataclass_fields__})
    with pytest.raises(BadInput, match=r"must be loaded as trainers\.tasks\.gan\.task\.GanData"):
        judge_of(plain)
    with pytest.raises(BadInput, match="steps must be a whole number of at least 1"):
        replace(BASE, steps=0)
    few = replace(FULL, train_x=FULL.train_x[:10])
    with pytest.raises(BadInput, match="10 training images do not fill one batch of 64"):
        train_block(BASE, few, get_rule("adam"), {"alpha": ALPHAS}, 0)
    with pytest.raises(BadInput, match=r"makes a trainers\.tasks\.gan\.network\.Gan, not Sequential"):
        untrained_distance(nn.Sequential, FULL.judge)

    def dropout() -> Gan:
        made = convolutions()
        return Gan(made.generator, nn.Sequential(nn.Dropout(), made.discriminator), 6)

    with pytest.raises(BadInput, match=r"draw random numbers in training \(dropout\)"):
        train_block(replace(BASE, network=dropout), FULL, get_rule("adam"), {"alpha": ALPHAS}, 0)


def test_data_that_cannot_be_judged_are_refused() -> None:
    images, features = FULL.train_x, FULL.judge.features
    with pytest.raises(BadInput, match="more than 32 generated images, not 32"):
        gan_data("x", images, images[:100], features, 32, "", "x")
    with pytest.raises(BadInput, match="more than 32 reference images, not 20"):
        gan_data("x", images, images[:20], features, 100, "", "x")
    with pytest.raises(BadInput, match=r"images of 1x8x8 .*: 1x9x9"):
        gan_data("x", images, torch.zeros(100, 1, 9, 9), features, 100, "", "x")
    broken = images[:100].clone()
    broken[7] = float("nan")
    with pytest.raises(BadInput, match="not finite for 1 of the 100 reference images"):
        gan_data("x", images, broken, features, 100, "", "x")
