"""Residual networks for 32×32 images: ResNet-20 and wide residual networks."""

from torch import Tensor, nn

from trainers.tasks.images.initial import kaiming


def _convolution(inputs: int, outputs: int, size: int = 3, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, size, stride=stride, padding=size // 2, bias=False)


class PlainBlock(nn.Module):
    """Two convolutions and a shortcut: convolution, norm, ReLU, convolution, norm, sum, ReLU.

    He et al. 2015 (arXiv:1512.03385), figure 2 and, where widths change, option B: a 1×1 convolution with its norm.

    Args:
        inputs, outputs: channels.
        stride: of the first convolution and the shortcut.
    """

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1, self.norm1 = _convolution(inputs, outputs, stride=stride), nn.BatchNorm2d(outputs)
        self.conv2, self.norm2 = _convolution(outputs, outputs), nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU()
        self.shortcut: nn.Module = nn.Identity()
        if inputs != outputs or stride != 1:
            self.shortcut = nn.Sequential(_convolution(inputs, outputs, 1, stride), nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        """From `[batch, inputs, height, width]` to `[batch, outputs, height/stride, width/stride]`."""
        y = self.relu(self.norm1(self.conv1(x)))
        return self.relu(self.norm2(self.conv2(y)) + self.shortcut(x))


class PreactivatedBlock(nn.Module):
    """Two convolutions and a shortcut, with norm and ReLU in front of each convolution.

    He et al. 2016 (arXiv:1603.05027), figure 4e, as Zagoruyko & Komodakis 2016 (arXiv:1605.07146) widen it. Where
    widths change, the shortcut is a 1×1 convolution of what the first norm and ReLU give.

    Args:
        inputs, outputs: channels.
        stride: of the first convolution and the shortcut.
    """

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.norm1, self.conv1 = nn.BatchNorm2d(inputs), _convolution(inputs, outputs, stride=stride)
        self.norm2, self.conv2 = nn.BatchNorm2d(outputs), _convolution(outputs, outputs)
        self.relu = nn.ReLU()
        self.shortcut = _convolution(inputs, outputs, 1, stride) if inputs != outputs or stride != 1 else None

    def forward(self, x: Tensor) -> Tensor:
        """From `[batch, inputs, height, width]` to `[batch, outputs, height/stride, width/stride]`."""
        active = self.relu(self.norm1(x))
        y = self.conv2(self.relu(self.norm2(self.conv1(active))))
        return y + (x if self.shortcut is None else self.shortcut(active))


def _stages(block: type[PlainBlock] | type[PreactivatedBlock], widths: tuple[int, ...], blocks: int) -> list[nn.Module]:
    """Three stages of blocks, from 16 channels; the second and third begin by halving height and width."""
    layers: list[nn.Module] = []
    inputs = 16
    for stage, outputs in enumerate(widths):
        for at in range(blocks):
            layers.append(block(inputs, outputs, 2 if stage > 0 and at == 0 else 1))
            inputs = outputs
    return layers


def resnet20() -> nn.Module:
    """ResNet-20, from images `[batch, 3, 32, 32]` to scores `[batch, 10]`; 272,474 parameters.

    He et al. 2015, section 4.2, who give 0.27 million.
    """
    return kaiming(
        nn.Sequential(
            _convolution(3, 16),
            nn.BatchNorm2d(16),
            nn.ReLU(),
            *_stages(PlainBlock, (16, 32, 64), blocks=3),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(64, 10),
        )
    )


def wide_resnet(depth: int, width: int, classes: int = 10) -> nn.Module:
    """WRN-depth-width without dropout, from images `[batch, 3, 32, 32]` to scores `[batch, classes]`.

    Zagoruyko & Komodakis 2016, table 1; their table 4 gives 36.5 million parameters for WRN-28-10.

    Args:
        depth: 6 times the blocks of a stage, plus 4: the convolutions, those of the three shortcuts among them.
        width: factor on the 16, 32 and 64 channels of the stages.
        classes: number of scores.
    """
    return kaiming(
        nn.Sequential(
            _convolution(3, 16),
            *_stages(PreactivatedBlock, (16 * width, 32 * width, 64 * width), blocks=(depth - 4) // 6),
            nn.BatchNorm2d(64 * width),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(64 * width, classes),
        )
    )
