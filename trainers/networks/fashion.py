"""The two small networks for 28×28 images of clothes, with batch norm, made for surfaces that a CPU can train.

A layer in front of a batch norm has no bias: its gradient would be rounding noise about zero, which optimizers with a
small ε blow up.
"""

from torch import nn


def fashion_mlp(width: int = 32) -> nn.Module:
    """784-32-32-10: from images `[batch, 1, 28, 28]` to scores `[batch, 10]`; 26,570 parameters.

    With a width of 256: 269,834.
    """
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(784, width, bias=False),
        nn.BatchNorm1d(width),
        nn.ReLU(),
        nn.Linear(width, width, bias=False),
        nn.BatchNorm1d(width),
        nn.ReLU(),
        nn.Linear(width, 10),
    )


def fashion_conv(width: int = 16) -> nn.Module:
    """Patches of 4×4, then two 3×3 convolutions: from `[batch, 1, 28, 28]` to `[batch, 10]`; 8,586 parameters.

    With a width of 64: 64, 64 and 128 channels, 117,258.

    The patches come first since they are the cheap layer: its input is the same for all cells.
    """
    return nn.Sequential(
        nn.Conv2d(1, width, 4, stride=4, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(),
        nn.Conv2d(width, width, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(),
        nn.Conv2d(width, 2 * width, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(2 * width),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(8 * width, 10),
    )
