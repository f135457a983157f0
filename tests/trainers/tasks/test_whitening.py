"""Whitened patches: uncorrelated, of variance one, the same for a network whichever way its images are kept."""

import torch
from torch.nn import functional

from trainers.dataset import Dataset
from trainers.inputs import Inputs
from trainers.whitening import FLOOR, responses, whitening_filters

CPU = torch.device("cpu")


def images(count: int = 400) -> torch.Tensor:
    """Smooth images, whose neighbouring pixels and channels are alike."""
    noise = torch.randn(count, 3, 12, 12, generator=torch.Generator().manual_seed(0))
    smooth = functional.avg_pool2d(noise, 3, stride=1)
    return 3 * smooth + smooth.mean(dim=1, keepdim=True)


def test_responses_are_uncorrelated_and_of_one_size() -> None:
    found = functional.conv2d(images(), whitening_filters(images())).transpose(0, 1).flatten(1).double()
    covariance = torch.cov(found)
    variances = torch.linalg.eigvalsh(torch.cov(functional.unfold(images().double(), 2).transpose(0, 1).flatten(1)))
    expected = torch.diag((variances / (variances + FLOOR)).flip(0))
    assert covariance.shape == (12, 12)
    torch.testing.assert_close(covariance, expected, atol=1e-4, rtol=0)


def test_each_filter_comes_with_its_negative_rectified() -> None:
    filters = whitening_filters(images())
    found = responses(images(), filters)
    assert found.shape == (400, 24, 9, 9)
    torch.testing.assert_close(found[:, :12] - found[:, 12:], functional.conv2d(images(), filters))
    assert (found[:, :12] * found[:, 12:]).abs().max() == 0
    assert found.min() == 0


def test_a_patch_of_one_pixel_whitens_channels() -> None:
    assert whitening_filters(images(), size=1).shape == (3, 3, 1, 1)


def test_inputs_are_normalised_before_they_are_filtered() -> None:
    pixels = (40 * images() + 120).clamp(0, 255).to(torch.uint8)
    scale = ((120.0, 121.0, 122.0), (40.0, 41.0, 42.0))
    normalised = (pixels.float() - torch.tensor(scale[0]).view(3, 1, 1)) / torch.tensor(scale[1]).view(3, 1, 1)
    filters = whitening_filters(normalised)
    labels = torch.zeros(len(pixels), dtype=torch.int64)
    data = Dataset("smooth", pixels, labels, pixels, labels, "0" * 64, normalize=scale, filters=filters)
    torch.testing.assert_close(Inputs(data, CPU, torch.float32)(pixels), responses(normalised, filters))
    assert Inputs(data, CPU, torch.float64)(pixels[:2]).dtype == torch.float64
