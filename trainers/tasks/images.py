"""Image classification: Fashion-MNIST in sizes that a CPU trains; CIFAR-10 and CIFAR-100 for GPUs."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from torch import nn

from trainers.data.augment import FlipCrop
from trainers.data.sources import CIFAR10, CIFAR100, FASHION_MNIST
from trainers.data.split import Split
from trainers.networks.convnet import cifar10_convnet
from trainers.networks.fashion import fashion_conv, fashion_mlp
from trainers.networks.resnet import resnet20, wide_resnet
from trainers.task import Task

_FASHION = Split(FASHION_MNIST, train=10_000, validation=5_000, normalize=((72.94,), (90.02,)))

_FASHION_TASKS = (
    Task(
        name="fashion-mlp",
        summary="Fashion-MNIST, 10,000 training and 5,000 validation images, perceptron 784-32-32-10 with batch norm, "
        "10 epochs",
        network=fashion_mlp,
        load=_FASHION,
        classes=10,
        epochs=10,
        batch_size=128,
        needs_data=True,
    ),
    Task(
        name="fashion-conv",
        summary="Fashion-MNIST, 10,000 training and 5,000 validation images, three convolutions of 16, 16 and 32 "
        "channels with batch norm, 8 epochs",
        network=fashion_conv,
        load=_FASHION,
        classes=10,
        epochs=8,
        batch_size=128,
        needs_data=True,
    ),
)

# Means and deviations of the channels as the paper's authors have them; the milestones 60, 120 and 160 of 200 epochs,
# the factor 0.2 and weight decay 5e-4 are every task's defaults.
_CIFAR10 = Split(CIFAR10, train=45_000, validation=5_000, normalize=((125.3, 123.0, 113.9), (63.0, 62.1, 66.7)))
_CIFAR100 = Split(CIFAR100, train=45_000, validation=5_000, normalize=((129.3, 124.1, 112.4), (68.2, 65.4, 70.4)))


def _cifar(name: str, title: str, network: Callable[[], nn.Module], epochs: int, load: Split = _CIFAR10) -> Task:
    """A task of 45,000 training images, flipped and cropped, in batches of 128, and 5,000 for validation."""
    return Task(
        name=name,
        summary=f"{load.source.title}, 45,000 training and 5,000 validation images, {title}, {epochs} epochs",
        network=network,
        load=load,
        classes=100 if load is _CIFAR100 else 10,
        epochs=epochs,
        batch_size=128,
        augment=FlipCrop(),
        needs_data=True,
    )


_CIFAR_TASKS = (
    # Eight epochs are too few to overfit: hence a narrower crop, and an α that falls in small steps to the end.
    replace(
        _cifar("cifar10-convnet", "five convolutions of 32 to 256 channels with batch norm", cifar10_convnet, epochs=8),
        augment=FlipCrop(padding=2),
        milestones=(0.375, 0.625, 0.75, 0.875),
        factor=0.4,
    ),
    _cifar("cifar10-resnet20", "ResNet-20", resnet20, epochs=16),
    _cifar("cifar10-wrn-16-4", "wide ResNet 16-4", partial(wide_resnet, 16, 4), epochs=30),
    _cifar("cifar10-wrn-28-4", "wide ResNet 28-4 as in the paper", partial(wide_resnet, 28, 4), epochs=200),
    _cifar("cifar10-wrn-28-10", "wide ResNet 28-10 as in the paper", partial(wide_resnet, 28, 10), epochs=200),
    _cifar(
        "cifar100-wrn-28-10",
        "wide ResNet 28-10 as in the paper",
        partial(wide_resnet, 28, 10, classes=100),
        epochs=200,
        load=_CIFAR100,
    ),
)

IMAGE_TASKS: dict[str, Task] = {task.name: task for task in (*_FASHION_TASKS, *_CIFAR_TASKS)}
