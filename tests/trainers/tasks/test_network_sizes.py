"""Networks have the size that their papers publish, the initialisation they say, and only layers without surprises."""

from collections.abc import Callable

import pytest
import torch
from torch import nn

from trainers.tasks import get_task
from trainers.tasks.gan.network import Gan, digits_gan, geometric_gan
from trainers.tasks.images.convnet import cifar10_convnet
from trainers.tasks.images.resnet import resnet20, wide_resnet
from trainers.tasks.images.small import cifar10_small, fashion_conv, fashion_mlp
from trainers.tasks.language.network import CharacterLSTM


def parameters(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


@pytest.mark.parametrize(
    ("make", "millions", "exact"),
    [
        (cifar10_convnet, 0.42, 420_394),
        (resnet20, 0.27, 272_474),
        (lambda: wide_resnet(16, 4), 2.7, 2_748_890),
        (lambda: wide_resnet(28, 4), 5.9, 5_849_050),
        (lambda: wide_resnet(28, 10), 36.5, 36_479_194),
        (lambda: wide_resnet(28, 10, classes=100), 36.5, 36_536_884),
    ],
)
def test_sizes_are_the_published_ones(make: Callable[[], nn.Module], millions: float, exact: int) -> None:
    count = parameters(make())
    assert count == exact
    assert count / 1e6 == pytest.approx(millions, abs=0.051)


@pytest.mark.parametrize(
    ("make", "generator", "discriminator", "side"),
    [(geometric_gan, 3_812_355, 2_931_009, 32), (digits_gan, 9_536, 8_513, 8)],
)
def test_the_two_networks_of_a_gan(make: Callable[[], Gan], generator: int, discriminator: int, side: int) -> None:
    made = make()
    assert (parameters(made.generator), parameters(made.discriminator)) == (generator, discriminator)
    images = made.generator(torch.randn(2, made.latent))
    assert images.shape == (2, 3 if side == 32 else 1, side, side)
    assert images.detach().abs().max() <= 1
    assert made.discriminator(images).shape == (2, 1)
    for module in made.modules():
        if isinstance(module, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
            rows = module.weight.detach().flatten(1)
            rows = rows if rows.shape[0] <= rows.shape[1] else rows.T
            assert torch.allclose(rows @ rows.T, torch.eye(len(rows)), atol=1e-4)
            assert module.bias is None or not module.bias.any()


@pytest.mark.parametrize(("make", "count"), [(fashion_mlp, 26_570), (fashion_conv, 8_586)])
def test_fashion_networks_have_the_size_they_say(make: Callable[[], nn.Module], count: int) -> None:
    network = make()
    assert parameters(network) == count
    assert network(torch.zeros(2, 1, 28, 28)).shape == (2, 10)


def test_the_small_cifar_network_has_the_size_it_says() -> None:
    network = cifar10_small()
    assert parameters(network) == 33_946
    assert network(torch.zeros(2, 3, 32, 32)).shape == (2, 10)


@pytest.mark.parametrize(
    ("make", "image"),
    [(cifar10_convnet, (24, 31, 31)), (resnet20, (3, 32, 32)), (lambda: wide_resnet(16, 2), (3, 32, 32))],
)
def test_networks_start_as_he_et_al_say(make: Callable[[], nn.Module], image: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    network = make()
    assert network(torch.zeros(2, *image)).shape == (2, 10)
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            fan_in = module.weight[0].numel()
            assert module.weight.std().item() == pytest.approx((2 / fan_in) ** 0.5, rel=0.15)
            assert module.bias is None or not module.bias.any()


def test_depth_counts_the_convolutions_and_only_changing_widths_have_one_in_the_shortcut() -> None:
    convolutions = {n: m for n, m in wide_resnet(28, 2).named_modules() if isinstance(m, nn.Conv2d)}
    assert len(convolutions) == 28
    shortcuts = [m for n, m in convolutions.items() if "shortcut" in n]
    assert [(m.kernel_size, m.stride) for m in shortcuts] == [((1, 1), (1, 1)), ((1, 1), (2, 2)), ((1, 1), (2, 2))]


@pytest.mark.parametrize("make", [fashion_mlp, fashion_conv, cifar10_convnet, resnet20, lambda: wide_resnet(16, 2)])
def test_no_bias_stands_in_front_of_a_norm(make: Callable[[], nn.Module]) -> None:
    biased = [m for m in make().modules() if isinstance(m, nn.Conv2d | nn.Linear) and m.bias is not None]
    assert len(biased) == 1
    assert isinstance(biased[0], nn.Linear)
    assert biased[0].out_features == 10


@pytest.mark.parametrize(
    ("task", "count"),
    [("ptb-lstm-300", 1_736_450), ("ptb-lstm-1000", 13_787_650), ("kjv-lstm", 37_700), ("kjv-transformer", 63_044)],
)
def test_character_models_have_the_size_they_say(task: str, count: int) -> None:
    assert parameters(get_task(task).network()) == count


def test_a_character_lstm_begins_as_its_authors_have_it() -> None:
    network = CharacterLSTM(kinds=50, embedding=20, hidden=30, layers=3)
    assert 0.09 < float(network.embedding.detach().abs().max()) <= 0.1
    assert not network.bias.any()
    for layer, width in zip(network.layers, (30, 30, 20), strict=True):
        largest = max(float(p.detach().abs().max()) for p in layer.parameters())
        assert 0.95 * width**-0.5 < largest <= width**-0.5  # torch's own
