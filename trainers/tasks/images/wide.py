"""A wider partner for each task of CPU size: the same data, schedule and metric, for `tunecost transfer`.

The paper's own pair is a wide ResNet 28-4, which hyperparameters are tuned on, and 28-10, which is trained with them.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from torch import nn

from trainers.task import Task
from trainers.tasks.images import cifar, diabetes, digits, fashion  # noqa: F401  (whose tasks come first)
from trainers.tasks.images.small import (
    cifar10_small,
    diabetes_mlp,
    digits_conv,
    digits_mlp,
    fashion_conv,
    fashion_mlp,
)
from trainers.tasks.registry import TASKS, register

_WIDE: dict[str, tuple[Callable[..., nn.Module], int, str]] = {
    "digits-mlp": (digits_mlp, 256, "perceptron 64-256-256-10"),
    "digits-conv": (digits_conv, 32, "three convolutions of 32, 64 and 64 channels"),
    "diabetes-mlp": (diabetes_mlp, 128, "perceptron 10-128-128-1"),
    "fashion-mlp": (fashion_mlp, 256, "perceptron 784-256-256-10"),
    "fashion-conv": (fashion_conv, 64, "three convolutions of 64, 64 and 128 channels"),
    "cifar10-small": (cifar10_small, 64, "three convolutions of 64, 128 and 256 channels"),
}


def _wide(name: str, network: Callable[..., nn.Module], width: int, words: str) -> Task:
    narrow = TASKS[name]
    summary = f"{words} with batch norm, data and {narrow.epochs} epochs of {name}"
    return replace(narrow, name=f"{name}-wide", network=partial(network, width), summary=summary)


for _name, _of in _WIDE.items():
    register(_wide(_name, *_of))
