"""A small convolutional network for CIFAR-10, made for surfaces: hundreds of cells must train in minutes on a GPU.

Nets of this size are bound by memory traffic, not arithmetic. So height and width are halved early, pooling comes
before the norm and the ReLU (which then touch a quarter of the numbers), and most channels stand where images are
small. Batch norm behind every convolution, and no part that favours an optimizer.

The aim is a best cell of at least 88% after 8 epochs. No GPU has trained it to the end yet: neither that nor the time
of a surface is measured. Known so far, from single cells on a CPU: this network had 20.2% error after 5 of the 8 epochs
(Adam, α = 0.1, ε = 0.1, float32), where that run was stopped. One with residual blocks, of 24 to 192 channels and 54
million multiplications an image, ended at 14.1% (Adam, α = 0.05, ε = 0.1, bfloat16) and 15.2% (α = 1e-3, ε = 1e-8).
"""

from torch import nn

from trainers.networks.initial import kaiming


def _layer(inputs: int, outputs: int, pool: bool) -> list[nn.Module]:
    return [
        nn.Conv2d(inputs, outputs, 3, padding=1, bias=False),
        *([nn.MaxPool2d(2)] if pool else []),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    ]


def cifar10_convnet() -> nn.Module:
    """Five 3×3 convolutions of 32 to 256 channels: from `[batch, 3, 32, 32]` to `[batch, 10]`; 981,802 parameters.

    38.6 million multiplications an image.
    """
    return kaiming(
        nn.Sequential(
            *_layer(3, 32, pool=True),
            *_layer(32, 64, pool=True),
            *_layer(64, 128, pool=False),
            *_layer(128, 256, pool=True),
            *_layer(256, 256, pool=False),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(256, 10),
        )
    )
