"""Filters that whiten an image set's small patches, for a first layer that is fixed rather than trained."""

import torch
from torch import Tensor
from torch.nn import functional

IMAGES = 5_000
"""Images that the covariance is estimated from, the first ones of the training set."""

FLOOR = 5e-4
"""Added to every variance, so that directions in which patches hardly vary are not amplified."""


def whitening_filters(images: Tensor, size: int = 2) -> Tensor:
    """Filters `[channels·size², channels, size, size]`, float32, whose responses to normalised images are uncorrelated.

    They are the eigenvectors of the covariance of all patches, each divided by the root of its eigenvalue, the largest
    first: what KellerJordan/cifar10-airbench has for a first layer.

    Args:
        images: normalised, `[images, channels, height, width]`; the first `IMAGES` count.
        size: of a patch, in pixels.
    """
    patches = functional.unfold(images[:IMAGES].double(), size).transpose(1, 2).flatten(0, 1)
    variances, directions = torch.linalg.eigh(torch.cov(patches.T))
    # An eigenvector's sign is the library's choice; here its largest number is positive.
    largest = directions.gather(0, directions.abs().argmax(dim=0, keepdim=True))
    directions = directions * largest.sign() / (variances + FLOOR).sqrt()
    return directions.T.flip(0).reshape(-1, images.shape[1], size, size).float()


def responses(images: Tensor, filters: Tensor) -> Tensor:
    """Rectified responses of each filter and its negative to normalised images: `[images, 2·filters, high, wide]`."""
    found = functional.conv2d(images, filters)
    return torch.cat((found, -found), dim=1).relu_()
