"""The Fréchet distance: its closed form, torchmetrics' with the same features, and the sets it refuses."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from trainers.tasks.gan.features.base import Features, pixels
from trainers.tasks.gan.frechet import Gaussian, Judge, Moments, distance, gaussian, root


class Projection(nn.Module):
    """From images `[n, 3, 8, 8]` to features `[n, 6]`; the attribute is one that torchmetrics asks for."""

    num_features = 6

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(1)
        self.weight = nn.Parameter(torch.randn(192, 6, generator=generator) / 20, requires_grad=False)

    def forward(self, images: Tensor) -> Tensor:
        return (images.float().flatten(1) / 255 - 0.5) @ self.weight


def features() -> Features:
    return Features("a projection", 6, (3, 8, 8), Projection().eval(), "", prepare=pixels)


def made(count: int, seed: int, shift: float) -> Tensor:
    drawn = torch.rand(count, 3, 8, 8, generator=torch.Generator().manual_seed(seed))
    return (drawn * (2 - shift) - 1 + shift).clamp(-1, 1)


def test_two_samples_of_known_laws_are_as_far_apart_as_the_closed_form_says() -> None:
    # Covariances that commute: Σ (a − b)² over the standard deviations along the common axes, and |μ − ν|².
    rng = np.random.default_rng(0)
    axes = np.linalg.qr(rng.standard_normal((5, 5)))[0]
    a, b = np.array([1.0, 2.0, 3.0, 0.5, 1.5]), np.array([2.0, 1.0, 1.0, 0.5, 3.0])
    apart = np.array([1.0, 0.0, -2.0, 0.5, 0.0])
    exact = ((a - b) ** 2).sum() + (apart**2).sum()
    samples = [rng.standard_normal((200_000, 5)) * scale @ axes.T for scale in (a, b)]
    found = distance(gaussian(torch.from_numpy(samples[0] + apart)), gaussian(torch.from_numpy(samples[1])))
    assert found.item() == pytest.approx(exact, rel=0.01)


def test_covariances_that_do_not_commute_by_scipy() -> None:
    from scipy import linalg

    rng = np.random.default_rng(1)
    one, other = (m @ m.T for m in rng.standard_normal((2, 7, 7)))
    mean = rng.standard_normal(7)
    exact = (mean**2).sum() + np.trace(one + other - 2 * np.real(linalg.sqrtm(one @ other)))
    laws = Gaussian(torch.from_numpy(mean), torch.from_numpy(one)), Gaussian(torch.zeros(7), torch.from_numpy(other))
    assert distance(*laws).item() == pytest.approx(exact, rel=1e-9)
    assert distance(laws[1], laws[0]).item() == pytest.approx(exact, rel=1e-9)


def test_the_distance_to_itself_is_zero_and_a_singular_covariance_is_no_obstacle() -> None:
    law = gaussian(torch.from_numpy(np.random.default_rng(2).standard_normal((4, 6))))
    assert distance(law, law).item() == pytest.approx(0, abs=1e-6)
    assert torch.allclose(root(law.covariance) @ root(law.covariance), law.covariance)


def test_moments_gathered_in_parts_are_those_of_the_whole() -> None:
    drawn = torch.randn(2, 50, 3, generator=torch.Generator().manual_seed(0)) + 100
    moments = Moments(2, 3, torch.device("cpu"))
    for part in drawn.split(17, dim=1):
        moments.add(part)
    found = moments.gaussian()
    for cell in range(2):
        values = drawn[cell].double().numpy()
        np.testing.assert_allclose(found.mean[cell], values.mean(axis=0))
        np.testing.assert_allclose(found.covariance[cell], np.cov(values, rowvar=False), rtol=1e-8)


def test_a_cell_that_is_not_finite_leaves_the_others() -> None:
    judge = Judge.by(features(), made(100, 0, 0.0), 50)
    moments = judge.moments(2)
    moments.add(torch.stack([judge.features_of(made(50, 1, 0.5)), torch.full((50, 6), float("inf"))]))
    found = judge.distance(moments)
    assert found[0].isfinite()
    assert found[1].isnan()


def test_as_torchmetrics_has_it() -> None:
    fid = pytest.importorskip("torchmetrics.image.fid")
    images, reference = made(300, 3, 0.4), made(400, 4, 0.0)
    own = Projection().eval()
    theirs = fid.FrechetInceptionDistance(feature=own, input_img_size=(3, 8, 8))
    for part, real in ((images, False), (reference, True)):
        theirs.update(pixels(part).to(torch.uint8), real=real)
    judge = Judge.by(features(), reference, len(images))
    moments = judge.moments(1)
    moments.add(judge.features_of(images).unsqueeze(0))
    assert judge.distance(moments).item() == pytest.approx(theirs.compute().item(), rel=1e-4)
