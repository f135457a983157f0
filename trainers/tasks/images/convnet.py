"""A small convolutional network for CIFAR-10, made for surfaces: hundreds of cells must train in minutes on a GPU.

Networks of this size are limited by memory traffic, not arithmetic. So pooling comes before the norm and the ReLU
(which then touch a quarter of the numbers), and most channels stand where images are small. The first layer of such a
network learns much the same with any optimizer, so it is not trained: inputs are whitened patches (`data.whitening`),
computed once for all cells. Three groups of layers as in KellerJordan/cifar10-airbench, narrower, and without its parts
that favour an optimizer (a rate for each kind of parameter, averages of iterates).

Reached by one cell each after 8 epochs on 45,000 real images, in float32 on a CPU (validation error): AvaGrad 19.5 %
(α 1, ε 0.1), SGD 20.9 % (α 0.1; 21.1 % at 0.5), Adam 35.4 % (α 0.1, ε 0.1).
"""

from torch import nn

from trainers.tasks.images.initial import kaiming


def _group(inputs: int, outputs: int) -> list[nn.Module]:
    return [
        nn.Conv2d(inputs, outputs, 3, padding=1, bias=False),
        nn.MaxPool2d(2),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
        nn.Conv2d(outputs, outputs, 3, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    ]


def cifar10_convnet() -> nn.Module:
    """Six 3×3 convolutions of 48, 112 and 112 channels: from `[batch, 24, 31, 31]` to `[batch, 10]`.

    420,394 parameters; 37.6 million multiplications an image. The inputs are the responses of 12 filters and their
    negatives.
    """
    return kaiming(
        nn.Sequential(
            *_group(24, 48),
            *_group(48, 112),
            *_group(112, 112),
            nn.MaxPool2d(3),
            nn.Flatten(),
            nn.Linear(112, 10),
        )
    )
