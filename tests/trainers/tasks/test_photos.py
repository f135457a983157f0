"""Photographs: folders, odd files, and the recipe's transforms against plain arithmetic."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from grids.errors import BadInput
from trainers.tasks.photographs import photos
from trainers.tasks.photographs.folder import PhotoFolder


def picture(path: Path, size: tuple[int, int], mode: str = "RGB", seed: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    width, height = size
    rng = np.random.default_rng(seed)
    flat = rng.integers(0, 255, 3, dtype=np.uint8) + np.zeros((height, width, 3), np.uint8)
    Image.fromarray(flat).convert(mode).save(path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for part, count in (("train", 4), ("val", 2)):
        for name in ("ant", "bee"):
            for at in range(count):
                picture(tmp_path / part / name / f"{at}.JPEG", (60 + 7 * at, 40 + 11 * at), seed=at)
    return tmp_path


def test_a_folder_is_its_files_and_their_classes(folder: Path) -> None:
    data = PhotoFolder("imagenet", 1000)(folder, 0)
    assert data.train_y.tolist() == [0] * 4 + [1] * 4
    assert data.test_y is not None
    assert data.test_y.tolist() == [0, 0, 1, 1]
    assert [Path(data.files[place]).parent.name for place in data.train_x.tolist()] == ["ant"] * 4 + ["bee"] * 4
    assert all("val" in data.files[place] for place in data.valid_x.tolist())
    again = PhotoFolder("imagenet", 1000)(folder, 5)
    assert again.sha256 == data.sha256
    picture(folder / "train" / "ant" / "new.png", (30, 30))
    assert PhotoFolder("imagenet", 1000)(folder, 0).sha256 != data.sha256


def test_folders_that_are_none(folder: Path, tmp_path: Path) -> None:
    load = PhotoFolder("imagenet", 1000)
    with pytest.raises(BadInput, match="no folders train/CLASS and val/CLASS"):
        load(tmp_path / "nowhere", 0)
    with pytest.raises(BadInput, match="2 classes, where the network tells 1 apart"):
        PhotoFolder("imagenet", 1)(folder, 0)
    picture(folder / "val" / "cat" / "0.jpg", (30, 30))
    with pytest.raises(BadInput, match="class 'cat' is none of those in"):
        load(folder, 0)
    (tmp_path / "bare" / "train").mkdir(parents=True)
    (tmp_path / "bare" / "val").mkdir()
    with pytest.raises(BadInput, match="holds no folders of classes"):
        load(tmp_path / "bare", 0)
    (tmp_path / "bare" / "train" / "ant").mkdir()
    (tmp_path / "bare" / "val" / "ant").mkdir()
    with pytest.raises(BadInput, match="no images"):
        load(tmp_path / "bare", 0)


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("size", [(500, 375), (20, 900), (33, 31), (224, 224)])
def test_any_image_becomes_224_pixels_square(mode: str, size: tuple[int, int], tmp_path: Path) -> None:
    picture(tmp_path / "one.jpg", size, mode)
    pixels = photos.read(tmp_path / "one.jpg")
    assert pixels.shape == (size[1], size[0], 3)
    for found in (photos.for_judging(pixels), photos.for_training(pixels, np.random.default_rng(0))):
        assert found.shape == (3, 224, 224)
        assert found.dtype == torch.float32
        assert found.isfinite().all()


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "broken.jpg"
    picture(path, (300, 200))
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(photos.Broken, match=r"broken.jpg: no image that can be read .*--broken skip"):
        photos.read(path)


def test_judging_normalises_by_imagenets_means() -> None:
    pixels = np.full((256, 300, 3), 51, np.uint8)
    found = photos.for_judging(pixels)
    for channel, (mean, deviation) in enumerate(zip(photos.MEAN, photos.DEVIATION, strict=True)):
        np.testing.assert_allclose(found[channel], (0.2 - mean) / deviation, rtol=1e-5)


def test_jitter_is_a_blend() -> None:
    image = np.random.default_rng(0).random((2, 2, 3)).astype(np.float32)
    grey = image @ np.array([0.299, 0.587, 0.114], np.float32)
    np.testing.assert_allclose(photos.jittered(image, 0, 1.2), 1.2 * image, rtol=1e-6)
    np.testing.assert_allclose(photos.jittered(image, 1, 0.7), 0.7 * image + 0.3 * grey.mean(), rtol=1e-5)
    np.testing.assert_allclose(photos.jittered(image, 2, 1.3), 1.3 * image - 0.3 * grey[..., None], rtol=1e-5)


def test_random_parts_have_the_recipes_areas_and_aspects(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, int]] = []
    monkeypatch.setattr(
        photos, "_resized", lambda cut, size: seen.append(cut.shape[:2]) or np.zeros((224, 224, 3), np.uint8)
    )
    rng = np.random.default_rng(0)
    for _ in range(400):
        photos.for_training(np.zeros((500, 500, 3), np.uint8), rng)
    shares = np.array([height * width / 250_000 for height, width in seen])
    aspects = np.array([width / height for height, width in seen])
    assert 0.07 < shares.min() < 0.12
    assert shares.max() > 0.95
    assert aspects.min() > 0.74
    assert aspects.max() < 1.35
    assert np.mean(shares) == pytest.approx(0.48, abs=0.05)  # parts that do not fit are drawn again
