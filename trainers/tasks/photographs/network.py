"""ResNet-50 for images of 224×224 pixels."""

from torch import Tensor, nn

EXPANSION = 4


class Bottleneck(nn.Module):
    """1×1, 3×3 and 1×1 convolutions with norms, and a shortcut.

    He et al. 2015 (arXiv:1512.03385), figure 5, with the stride in the 3×3 convolution, as fb.resnet.torch has it.

    Args:
        inputs: channels.
        width: channels of the 3×3 convolution; it gives four times as many.
        stride: of the 3×3 convolution and the shortcut.
    """

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        outputs = EXPANSION * width
        self.conv1, self.norm1 = nn.Conv2d(inputs, width, 1, bias=False), nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride=stride, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(width)
        self.conv3, self.norm3 = nn.Conv2d(width, outputs, 1, bias=False), nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU()
        self.shortcut: nn.Module = nn.Identity()
        if inputs != outputs or stride != 1:
            self.shortcut = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, x: Tensor) -> Tensor:
        """From `[batch, inputs, height, width]` to `[batch, 4·width, height/stride, width/stride]`."""
        y = self.relu(self.norm1(self.conv1(x)))
        y = self.relu(self.norm2(self.conv2(y)))
        return self.relu(self.norm3(self.conv3(y)) + self.shortcut(x))


def resnet50(classes: int = 1000, blocks: tuple[int, ...] = (3, 4, 6, 3), width: int = 64) -> nn.Module:
    """Scores `[batch, classes]` of images `[batch, 3, 224, 224]`; 25,557,032 parameters.

    Weights of convolutions are drawn as fb.resnet.torch draws them, from N(0, 2/(size²·outputs)); biases are zero.

    Args:
        classes: scores.
        blocks: of each stage.
        width: channels of the first convolution.
    """
    layers: list[nn.Module] = [
        nn.Conv2d(3, width, 7, stride=2, padding=3, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(),
        nn.MaxPool2d(3, stride=2, padding=1),
    ]
    inputs = width
    for stage, count in enumerate(blocks):
        for at in range(count):
            layers.append(Bottleneck(inputs, width * 2**stage, 2 if stage and not at else 1))
            inputs = EXPANSION * width * 2**stage
    network = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(inputs, classes))
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        elif isinstance(module, nn.Linear):
            nn.init.zeros_(module.bias)
    return network
