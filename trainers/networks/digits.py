"""The two small networks for 8×8 digits, with batch norm: without it small ε would be judged on dead units.

A layer in front of a batch norm has no bias: its gradient would be rounding noise about zero, which optimizers with a
small ε blow up.
"""

from torch import nn


def digits_mlp(width: int = 32) -> nn.Module:
    """64-32-32-10: from pixels `[batch, 64]` to scores `[batch, 10]`; 3,530 parameters. With a width of 256: 85,514."""
    return nn.Sequential(
        nn.Linear(64, width, bias=False),
        nn.BatchNorm1d(width),
        nn.ReLU(),
        nn.Linear(width, width, bias=False),
        nn.BatchNorm1d(width),
        nn.ReLU(),
        nn.Linear(width, 10),
    )


def _convolution(inputs: int, outputs: int, stride: int) -> list[nn.Module]:
    return [
        nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    ]


def digits_conv(width: int = 8) -> nn.Module:
    """Three 3×3 convolutions of 8, 16 and 16 channels: from `[batch, 1, 8, 8]` to `[batch, 10]`; 4,258 parameters.

    With a width of 32: 32, 64 and 64 channels, 58,474.
    """
    return nn.Sequential(
        *_convolution(1, width, stride=1),
        *_convolution(width, 2 * width, stride=2),
        *_convolution(2 * width, 2 * width, stride=2),
        nn.Flatten(),
        nn.Linear(8 * width, 10),
    )
