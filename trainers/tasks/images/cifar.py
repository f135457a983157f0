"""CIFAR-10 and CIFAR-100: one task in a size that a CPU trains, the others for GPUs."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from torch import nn

from trainers.procedures.classification import smoothed_cross_entropy
from trainers.task import Schedule, Task
from trainers.tasks.images.augment import FlipCrop
from trainers.tasks.images.convnet import cifar10_convnet
from trainers.tasks.images.resnet import resnet20, wide_resnet
from trainers.tasks.images.small import cifar10_small
from trainers.tasks.images.sources import CIFAR10, CIFAR100
from trainers.tasks.images.split import Split
from trainers.tasks.registry import register

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


# Many images judge a cell, since half a point is asked of an error near 45 %: of 10,000 its standard error is 0.5.
register(
    Task(
        name="cifar10-small",
        summary="CIFAR-10, 10,000 training and 10,000 validation images, three convolutions of 16, 32 and 64 channels "
        "with batch norm, 8 epochs",
        network=cifar10_small,
        load=replace(_CIFAR10, train=10_000, validation=10_000),
        classes=10,
        epochs=8,
        batch_size=128,
        augment=FlipCrop(),
        needs_data=True,
    )
)

# Eight epochs are too few to overfit: hence a narrower crop, and an α that falls to the very end.
_TITLE = "six convolutions of 48 to 112 channels with batch norm on whitened patches"
register(
    replace(
        _cifar("cifar10-convnet", _TITLE, cifar10_convnet, epochs=8, load=replace(_CIFAR10, whiten=2)),
        batch_size=512,
        augment=FlipCrop(padding=2),
        schedule=Schedule("linear"),
        loss=smoothed_cross_entropy,
    )
)

register(_cifar("cifar10-resnet20", "ResNet-20", resnet20, epochs=16))

register(_cifar("cifar10-wrn-16-4", "wide ResNet 16-4", partial(wide_resnet, 16, 4), epochs=30))

register(_cifar("cifar10-wrn-28-4", "wide ResNet 28-4 as in the paper", partial(wide_resnet, 28, 4), epochs=200))

register(_cifar("cifar10-wrn-28-10", "wide ResNet 28-10 as in the paper", partial(wide_resnet, 28, 10), epochs=200))


_NETWORK = partial(wide_resnet, 28, 10, classes=100)
register(_cifar("cifar100-wrn-28-10", "wide ResNet 28-10 as in the paper", _NETWORK, epochs=200, load=_CIFAR100))
