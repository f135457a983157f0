"""The two small networks for 28×28 images of clothes, with batch norm, made for surfaces that a CPU can train.

A layer in front of a batch norm has no bias: its gradient would be rounding noise about zero, which optimizers with a
small ε blow up.
"""

from torch import nn


def fashion_mlp() -> nn.Module:
    """784-32-32-10: from images `[batch, 1, 28, 28]` to scores `[batch, 10]`; 26,570 parameters."""
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(784, 32, bias=False),
        nn.BatchNorm1d(32),
        nn.ReLU(),
        nn.Linear(32, 32, bias=False),
        nn.BatchNorm1d(32),
        nn.ReLU(),
        nn.Linear(32, 10),
    )


def fashion_conv() -> nn.Module:
    """Patches of 4×4, then two 3×3 convolutions: from `[batch, 1, 28, 28]` to `[batch, 10]`; 8,586 parameters.

    The patches come first since they are the cheap layer: its input is the same for all cells.
    """
    return nn.Sequential(
        nn.Conv2d(1, 16, 4, stride=4, bias=False),
        nn.BatchNorm2d(16),
        nn.ReLU(),
        nn.Conv2d(16, 16, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(16),
        nn.ReLU(),
        nn.Conv2d(16, 32, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(32),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(128, 10),
    )
