"""Small perceptrons and convolutional networks with batch norm, of a size that a CPU trains for surfaces.

A layer in front of a batch norm has no bias: its gradient would be rounding noise about zero, which optimizers with a
small ε amplify.
"""

from torch import nn


def _perceptron(inputs: int, width: int, outputs: int) -> list[nn.Module]:
    return [
        nn.Linear(inputs, width, bias=False),
        nn.BatchNorm1d(width),
        nn.ReLU(),
        nn.Linear(width, width, bias=False),
        nn.BatchNorm1d(width),
        nn.ReLU(),
        nn.Linear(width, outputs),
    ]


def _convolution(inputs: int, outputs: int, size: int = 3, stride: int = 2, padding: int = 1) -> list[nn.Module]:
    convolution = nn.Conv2d(inputs, outputs, size, stride=stride, padding=padding, bias=False)
    return [convolution, nn.BatchNorm2d(outputs), nn.ReLU()]


def diabetes_mlp(width: int = 32) -> nn.Module:
    """10-32-32-1: from measurements `[batch, 10]` to `[batch, 1]`; 1,505 parameters. With a width of 128: 18,305."""
    return nn.Sequential(*_perceptron(10, width, 1))


def digits_mlp(width: int = 32) -> nn.Module:
    """64-32-32-10: from pixels `[batch, 64]` to scores `[batch, 10]`; 3,530 parameters. With a width of 256: 85,514."""
    return nn.Sequential(*_perceptron(64, width, 10))


def fashion_mlp(width: int = 32) -> nn.Module:
    """784-32-32-10: from images `[batch, 1, 28, 28]` to scores `[batch, 10]`; 26,570 parameters.

    With a width of 256: 269,834.
    """
    return nn.Sequential(nn.Flatten(), *_perceptron(784, width, 10))


def digits_conv(width: int = 8) -> nn.Module:
    """Three 3×3 convolutions of 8, 16 and 16 channels: from `[batch, 1, 8, 8]` to `[batch, 10]`; 4,258 parameters.

    With a width of 32: 32, 64 and 64 channels, 58,474.
    """
    return nn.Sequential(
        *_convolution(1, width, stride=1),
        *_convolution(width, 2 * width),
        *_convolution(2 * width, 2 * width),
        nn.Flatten(),
        nn.Linear(8 * width, 10),
    )


def fashion_conv(width: int = 16) -> nn.Module:
    """Patches of 4×4, then two 3×3 convolutions: from `[batch, 1, 28, 28]` to `[batch, 10]`; 8,586 parameters.

    With a width of 64: 64, 64 and 128 channels, 117,258.

    The patches come first since they are the cheap layer: its input is the same for all cells.
    """
    return nn.Sequential(
        *_convolution(1, width, size=4, stride=4, padding=0),
        *_convolution(width, width),
        *_convolution(width, 2 * width),
        nn.Flatten(),
        nn.Linear(8 * width, 10),
    )


def cifar10_small(width: int = 16) -> nn.Module:
    """Three 3×3 convolutions of 16, 32 and 64 channels: from `[batch, 3, 32, 32]` to `[batch, 10]`; 33,946 parameters.

    Each halves height and width. 0.7 million multiplications an image. With a width of 64: 64, 128 and 256 channels,
    413,066.
    """
    return nn.Sequential(
        *_convolution(3, width),
        *_convolution(width, 2 * width),
        *_convolution(2 * width, 4 * width),
        nn.Flatten(),
        nn.Linear(64 * width, 10),
    )
