"""Features of the Inception-v3 of 2015 by which FID is defined, from a weights file that a user has.

No package ships these weights. The file is the one that `pytorch-fid`, `torch-fidelity` and others download, converted
from TensorFlow's of 2015-12-05; its name ends in the first eight digits of its sha256.
"""

from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor, nn

from grids.errors import BadInput
from grids.files import file_sha256
from trainers.tasks.gan.features.base import Features, frozen, pixels

TITLE = "Inception-v3"
METRIC = "FID"
SIZE = 2048
FILE = "pt_inception-2015-12-05-6726825d.pth"
NAMES = (FILE, "weights-inception-2015-12-05-6726825d.pth")
DIGEST = "6726825d"
"""The first digits of the file's sha256."""


@lru_cache(maxsize=1)
def inception_features(folder: Path, shape: tuple[int, int, int] = (3, 32, 32)) -> Features:
    """The 2,048 pooled features, from the weights in a folder.

    Raises:
        BadInput: no such file there, another file of that name, or the package that knows the network is missing.
    """
    path = next((folder / name for name in NAMES if (folder / name).is_file()), None)
    if path is None:
        raise BadInput(f"{folder}: FID needs the weights of {TITLE}, the file {FILE}, in this folder")
    found = file_sha256(path)
    if not found.startswith(DIGEST):
        raise BadInput(
            f"{path}: not the weights that FID is defined by: their sha256 begins {DIGEST}, this file's {found[:8]}"
        )
    try:
        from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3
    except ImportError as error:
        raise BadInput(f"FID needs the package torch-fidelity ({error}): pip install torch-fidelity") from error
    network = FeatureExtractorInceptionV3("inception-v3-compat", ["2048"], feature_extractor_weights_path=str(path))
    return Features(TITLE, SIZE, shape, frozen(_First(network)), found, prepare=_bytes, metric=METRIC)


class _First(nn.Module):
    """The first of the outputs, of which there is one."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> Tensor:
        return torch.as_tensor(self.network(images)[0])


def _bytes(images: Tensor) -> Tensor:
    """The network enlarges and scales bytes itself, as TensorFlow did."""
    return pixels(images.nan_to_num()).to(torch.uint8)
