"""The Fréchet distance between two sets of images, by the features of a fixed network.

Heusel et al. 2017 (arXiv:1706.08500), section 3: each set's features are modelled by a Gaussian, and the distance of
two Gaussians has a closed form (Dowson & Landau 1982). With the features of Inception-v3 it is known as FID.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor

from grids.errors import BadInput
from trainers.tasks.gan.features.base import Features

TOGETHER = 512
"""Images whose features are computed at once."""


class Gaussian(NamedTuple):
    """A normal law, or several: mean float64 `[..., d]`, covariance float64 `[..., d, d]`."""

    mean: Tensor
    covariance: Tensor


class Moments:
    """The sums that give a Gaussian, gathered batch by batch, of `cells` sets at once.

    Args:
        cells: sets.
        size: features of an image.
        device: where they are added up.
    """

    def __init__(self, cells: int, size: int, device: torch.device) -> None:
        self.count = 0
        self.sum = torch.zeros(cells, size, dtype=torch.float64, device=device)
        self.products = torch.zeros(cells, size, size, dtype=torch.float64, device=device)

    def add(self, features: Tensor) -> None:
        """Further features `[cells, images, d]`."""
        features = features.double()
        self.count += features.shape[1]
        self.sum += features.sum(dim=1)
        self.products += features.transpose(1, 2) @ features

    def gaussian(self) -> Gaussian:
        """The mean and the unbiased covariance, as `numpy.cov` has it."""
        mean = self.sum / self.count
        outer = mean.unsqueeze(2) * mean.unsqueeze(1)
        return Gaussian(mean, (self.products - self.count * outer) / max(self.count - 1, 1))


def gaussian(features: Tensor) -> Gaussian:
    """The Gaussian of features `[images, d]`."""
    moments = Moments(1, features.shape[1], features.device)
    moments.add(features.unsqueeze(0))
    mean, covariance = moments.gaussian()
    return Gaussian(mean[0], covariance[0])


def root(covariance: Tensor) -> Tensor:
    """The symmetric square root of a covariance `[d, d]`; what rounding made negative counts as zero."""
    values, vectors = torch.linalg.eigh(covariance)
    return (vectors * values.clamp(min=0).sqrt()) @ vectors.T


def distance(found: Gaussian, reference: Gaussian, reference_root: Tensor | None = None) -> Tensor:
    """|μ − ν|² + tr(A + B − 2·(B^½ A B^½)^½), the squared Fréchet distance that is called the Fréchet distance here.

    Args:
        found: N(μ, A), one or several, `[..., d]` and `[..., d, d]`.
        reference: N(ν, B), one.
        reference_root: B^½, where it is known.

    Returns:
        float64 `[...]`; NaN where `found` is not finite.

    >>> one = torch.ones(2, dtype=torch.float64)
    >>> distance(Gaussian(3 * one, torch.diag(4 * one)), Gaussian(one, torch.diag(one)))
    tensor(10., dtype=torch.float64)
    """
    middle = root(reference.covariance) if reference_root is None else reference_root
    finite = found.mean.isfinite().all(dim=-1) & found.covariance.isfinite().flatten(-2).all(dim=-1)
    covariance = torch.where(finite[..., None, None], found.covariance, 0.0)
    values = torch.linalg.eigvalsh(middle @ covariance @ middle).clamp(min=0)
    apart = (found.mean - reference.mean).square().sum(dim=-1)
    traces = covariance.diagonal(dim1=-2, dim2=-1).sum(dim=-1) + reference.covariance.trace()
    result = (apart + traces - 2 * values.sqrt().sum(dim=-1)).clamp(min=0)
    return torch.where(finite, result, float("nan"))


@dataclass(frozen=True, eq=False)
class Judge:
    """Computes the distance of generated images from reference images.

    Args:
        features: the network whose features are compared.
        reference: the Gaussian of the reference images.
        reference_root: the square root of its covariance.
        images: how many images are generated; the number belongs to the metric, since fewer give a larger distance.
    """

    features: Features
    reference: Gaussian
    reference_root: Tensor
    images: int

    @classmethod
    def by(cls, features: Features, reference: Tensor, images: int) -> "Judge":
        """The judge that compares with these reference images, `[n, channels, height, width]` in [−1, 1].

        Raises:
            BadInput: no more images, generated or for reference, than an image has features; images of another shape
                than the features are of; features that are not finite.
        """
        for count, which in ((images, "generated"), (len(reference), "reference")):
            if count <= features.size:
                raise BadInput(
                    f"a Fréchet distance by the {features.size} features of {features.title} needs more than "
                    f"{features.size} {which} images, not {count}: of fewer the covariance is singular, the estimate "
                    "biased"
                )
        found = torch.cat([features(part) for part in reference.split(TOGETHER)])
        bad = int((~found.isfinite().all(dim=1)).sum())
        if bad:
            raise BadInput(
                f"the features of {features.title} are not finite for {bad} of the {len(reference)} reference images"
            )
        law = gaussian(found)
        return cls(features, law, root(law.covariance), images)

    def to(self, device: torch.device) -> "Judge":
        """The same on another device."""
        return replace(
            self,
            features=self.features.to(device),
            reference=Gaussian(*(tensor.to(device) for tensor in self.reference)),
            reference_root=self.reference_root.to(device),
        )

    def features_of(self, images: Tensor) -> Tensor:
        """Features `[n, d]` of images `[n, channels, height, width]` in [−1, 1], some hundreds at a time."""
        return torch.cat([self.features(part) for part in images.split(TOGETHER)])

    def moments(self, cells: int) -> Moments:
        """Sums for so many cells' images."""
        return Moments(cells, self.features.size, self.reference_root.device)

    def distance(self, moments: Moments) -> Tensor:
        """Distances of the cells' images from the reference, float64 `[cells]`; NaN where a feature is not finite."""
        return distance(moments.gaussian(), self.reference, self.reference_root)
