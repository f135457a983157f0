"""Convert photographs of any size to tensors by fb.resnet.torch's recipe for ImageNet, which the paper follows.

Source: fb.resnet.torch, `datasets/transforms.lua` and `datasets/imagenet.lua`.
"""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from grids.errors import BadInput

SIZE, SHORT_SIDE = 224, 256
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
AREA, ASPECT, ATTEMPTS = (0.08, 1.0), (3 / 4, 4 / 3), 10
JITTER, LIGHTING = 0.4, 0.1
EIGENVALUES = np.array([0.2175, 0.0188, 0.0045])
EIGENVECTORS = np.array(
    [[-0.5675, 0.7192, 0.4009], [-0.5808, -0.0045, -0.8140], [-0.5836, -0.6948, 0.4203]],
)
"""Of ImageNet's colours on the scale 0 to 1, as the recipe gives them; eigenvectors are columns."""
GREY = np.array([0.299, 0.587, 0.114], np.float32)


class Broken(BadInput):
    """A file that holds no image that can be read."""


def read(path: Path) -> np.ndarray:
    """An image as RGB, uint8 `[height, width, 3]`, whatever its own colours.

    Raises:
        Broken: it cannot be read.
    """
    from PIL import Image

    try:
        with Image.open(path) as image:
            return np.asarray(image.convert("RGB"))
    except Exception as error:  # Pillow's decoders raise exceptions of many kinds
        raise Broken(
            f"{path}: no image that can be read ({error}); remove it, or skip such files by --broken skip"
        ) from error


def for_training(pixels: np.ndarray, rng: np.random.Generator) -> Tensor:
    """A random part of 8 to 100 % of the area and an aspect of 3/4 to 4/3, at 224×224; colours jittered, lit, mirrored.

    Args:
        pixels: uint8 `[height, width, 3]`.
        rng: of every draw.

    Returns:
        float32 `[3, 224, 224]`, normalised.
    """
    cut = _resized(_random_part(pixels, rng), (SIZE, SIZE)).astype(np.float32) / 255
    for change in rng.permutation(3):
        cut = jittered(cut, int(change), 1.0 + rng.uniform(-JITTER, JITTER))
    cut = cut + (EIGENVECTORS @ (rng.normal(0, LIGHTING, 3) * EIGENVALUES)).astype(np.float32)
    cut = cut[:, ::-1] if rng.random() < 0.5 else cut
    return _normalised(cut)


def for_judging(pixels: np.ndarray) -> Tensor:
    """The short side at 256, then the middle 224×224: float32 `[3, 224, 224]`, normalised."""
    height, width = pixels.shape[:2]
    scale = SHORT_SIDE / min(height, width)
    grown = _resized(pixels, (max(SHORT_SIDE, round(width * scale)), max(SHORT_SIDE, round(height * scale))))
    return _normalised(_middle(grown).astype(np.float32) / 255)


def _random_part(pixels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    height, width = pixels.shape[:2]
    for _ in range(ATTEMPTS):
        area, aspect = height * width * rng.uniform(*AREA), rng.uniform(*ASPECT)
        wide, high = round(float(np.sqrt(area * aspect))), round(float(np.sqrt(area / aspect)))
        if rng.random() < 0.5:
            wide, high = high, wide
        if 0 < wide <= width and 0 < high <= height:
            top, left = rng.integers(height - high + 1), rng.integers(width - wide + 1)
            return pixels[top : top + high, left : left + wide]
    scale = SIZE / min(height, width)
    return _middle(_resized(pixels, (max(SIZE, round(width * scale)), max(SIZE, round(height * scale)))))


def _middle(pixels: np.ndarray) -> np.ndarray:
    top, left = (pixels.shape[0] - SIZE) // 2, (pixels.shape[1] - SIZE) // 2
    return pixels[top : top + SIZE, left : left + SIZE]


def _resized(pixels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    from PIL import Image

    return np.asarray(Image.fromarray(np.ascontiguousarray(pixels)).resize(size, Image.Resampling.BICUBIC))


def jittered(image: np.ndarray, change: int, factor: float) -> np.ndarray:
    """Brightness, contrast or saturation: a blend with black, with the mean grey, or with the image in grey."""
    grey = image @ GREY
    other = (np.float32(0), grey.mean(), grey[..., None])[change]
    return np.asarray(other + np.float32(factor) * (image - other), np.float32)


def _normalised(image: np.ndarray) -> Tensor:
    scaled = (image - np.array(MEAN, np.float32)) / np.array(DEVIATION, np.float32)
    return torch.from_numpy(np.ascontiguousarray(scaled.transpose(2, 0, 1), dtype=np.float32))
