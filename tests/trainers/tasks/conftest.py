"""Small image sets in every canonical layout, with the digests of their own content."""

import gzip
import hashlib
import pickle
import struct
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from trainers.tasks.images.source import Source
from trainers.tasks.images.sources import CIFAR10, CIFAR100, FASHION_MNIST


@dataclass(frozen=True)
class Fake:
    """A small set: how it is described, what it holds, and writers of its layouts into a folder."""

    source: Source
    train_x: np.ndarray
    train_y: np.ndarray
    write: dict[str, Callable[[Path], None]]


def sha256(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def save(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


@pytest.fixture(scope="session")
def cifar10() -> Fake:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (6, 100, 3072), dtype=np.uint8)
    labels = np.tile(np.arange(10, dtype=np.uint8), (6, 10))
    names = [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]
    parts = [np.hstack([y[:, None], x]).tobytes() for x, y in zip(pixels, labels, strict=True)]

    def binary(folder: Path) -> None:
        for name, part in zip(names, parts, strict=True):
            save(folder / f"{name}.bin", part)

    def python(folder: Path) -> None:
        for name, x, y in zip(names, pixels, labels, strict=True):
            batch = {"data": x, "labels": y.tolist(), "batch_label": name, "filenames": ["a.png"] * len(y)}
            save(folder / name, pickle.dumps(batch, protocol=2))

    return Fake(
        replace(CIFAR10, digests=tuple(map(sha256, parts))),
        pixels[:5].reshape(-1, 3, 32, 32),
        labels[:5].reshape(-1).astype(np.int64),
        {"cifar-10-batches-bin": binary, "cifar-10-batches-py": python},
    )


@pytest.fixture(scope="session")
def cifar100() -> Fake:
    rng = np.random.default_rng(1)
    fine = np.tile(np.arange(100, dtype=np.uint8), (2, 1))
    coarse = fine // 5
    pixels = rng.integers(0, 256, (2, 100, 3072), dtype=np.uint8)
    parts = [np.hstack([c[:, None], f[:, None], x]).tobytes() for c, f, x in zip(coarse, fine, pixels, strict=True)]
    batches = [
        pickle.dumps({"data": x, "fine_labels": f.tolist(), "coarse_labels": c.tolist()}, protocol=2)
        for c, f, x in zip(coarse, fine, pixels, strict=True)
    ]
    layouts = (CIFAR100.layouts[0], replace(CIFAR100.layouts[1], digests=tuple(map(sha256, batches))))

    def binary(folder: Path) -> None:
        for name, part in zip(("train.bin", "test.bin"), parts, strict=True):
            save(folder / name, part)

    def python(folder: Path) -> None:
        for name, batch in zip(("train", "test"), batches, strict=True):
            save(folder / name, batch)

    return Fake(
        replace(CIFAR100, digests=tuple(map(sha256, parts)), layouts=layouts),
        pixels[0].reshape(-1, 3, 32, 32),
        fine[0].astype(np.int64),
        {"cifar-100-binary": binary, "cifar-100-python": python},
    )


@pytest.fixture(scope="session")
def fashion() -> Fake:
    rng = np.random.default_rng(2)
    images = [rng.integers(0, 256, (n, 28, 28), dtype=np.uint8) for n in (400, 50)]
    labels = [np.resize(np.arange(10, dtype=np.uint8), n) for n in (400, 50)]
    parts = []
    for x, y in zip(images, labels, strict=True):
        parts.append(struct.pack(">BBBBIII", 0, 0, 8, 3, *x.shape) + x.tobytes())
        parts.append(struct.pack(">BBBBI", 0, 0, 8, 1, *y.shape) + y.tobytes())

    def plain(folder: Path) -> None:
        for name, part in zip(FASHION_MNIST.layouts[0].files, parts, strict=True):
            save(folder / name, part)

    def zipped(folder: Path) -> None:
        for name, part in zip(FASHION_MNIST.layouts[1].files, parts, strict=True):
            save(folder / name, gzip.compress(part))

    return Fake(
        replace(FASHION_MNIST, digests=tuple(map(sha256, parts))),
        images[0][:, None],
        labels[0].astype(np.int64),
        {"FashionMNIST/raw": plain, "": zipped},
    )


@pytest.fixture(scope="session", params=["cifar10", "cifar100", "fashion"])
def fake(request: pytest.FixtureRequest) -> Fake:
    """Each of the three."""
    made: Fake = request.getfixturevalue(request.param)
    return made
