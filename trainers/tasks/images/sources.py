"""The image sets by name, with their published digests.

The sha256 of CIFAR-10 and Fashion-MNIST were taken from files whose md5 are the published ones. CIFAR-100 is checked
by published md5: of `train.bin` and `test.bin` in the binary layout, of `train` and `test` in the python one.
"""

from collections.abc import Sequence
from functools import partial

import numpy as np
import torch

from trainers.tasks.images import cifar_files as cifar
from trainers.tasks.images import idx
from trainers.tasks.images.source import Download, FileLayout, Images, Source

_TORONTO = "https://www.cs.toronto.edu/~kriz/"
_ZALANDO = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"


def _images(train: tuple[np.ndarray, np.ndarray], test: tuple[np.ndarray, np.ndarray]) -> Images:
    # Copies, since tensors must own memory they may write to.
    arrays = (train[0].copy(), train[1].astype(np.int64), test[0].copy(), test[1].astype(np.int64))
    return Images(*(torch.from_numpy(array) for array in arrays))


def _parse_cifar(parts: Sequence[bytes], labels: int) -> Images:
    return _images(cifar.parse(b"".join(parts[:-1]), labels), cifar.parse(parts[-1], labels))


def _parse_fashion(parts: Sequence[bytes]) -> Images:
    train_x, train_y, test_x, test_y = (idx.parse(part) for part in parts)
    return _images((train_x[:, None], train_y), (test_x[:, None], test_y))


def _same(raw: bytes) -> bytes:
    return raw


_BATCHES = (*(f"data_batch_{i}" for i in range(1, 6)), "test_batch")

CIFAR10 = Source(
    name="cifar10",
    title="CIFAR-10",
    home=f"{_TORONTO}cifar.html",
    digests=(
        "sha256:cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5",
        "sha256:a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed",
        "sha256:bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67",
        "sha256:014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48",
        "sha256:755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add",
        "sha256:8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b",
    ),
    layouts=(
        FileLayout(
            folders=("", "cifar-10-batches-bin", "cifar10", "cifar10/cifar-10-batches-bin"),
            files=tuple(f"{name}.bin" for name in _BATCHES),
            decode=_same,
        ),
        FileLayout(
            folders=("", "cifar-10-batches-py", "cifar10", "cifar10/cifar-10-batches-py"),
            files=_BATCHES,
            decode=partial(cifar.unpickle, labels=("labels",)),
        ),
    ),
    parse=partial(_parse_cifar, labels=1),
    downloads=(
        Download(
            url=f"{_TORONTO}cifar-10-binary.tar.gz",
            md5="c32a1d4ab5d03f1284b67883e8d87530",
            size=170_052_171,
            folder="cifar-10-batches-bin",
            members=(*(f"{name}.bin" for name in _BATCHES), "batches.meta.txt"),
        ),
    ),
    training=(0, 1, 2, 3, 4),
    sha256="013ba16d14ecc4829da62bf2af648ca30f600491ecb3e7f329c827db0dd17522",
)

CIFAR100 = Source(
    name="cifar100",
    title="CIFAR-100",
    home=f"{_TORONTO}cifar.html",
    digests=("md5:6172c7755cfe09b2fe270c85cebc1b15", "md5:4499cfba6c016c1be1438163640a0898"),
    layouts=(
        FileLayout(
            folders=("", "cifar-100-binary", "cifar100", "cifar100/cifar-100-binary"),
            files=("train.bin", "test.bin"),
            decode=_same,
        ),
        FileLayout(
            folders=("", "cifar-100-python", "cifar100", "cifar100/cifar-100-python"),
            files=("train", "test"),
            decode=partial(cifar.unpickle, labels=("coarse_labels", "fine_labels")),
            digests=("md5:16019d7e3df5f24257cddd939b257f8d", "md5:f0ef6b0ae62326f3e7ffdfab6717acfc"),
        ),
    ),
    parse=partial(_parse_cifar, labels=2),
    downloads=(
        Download(
            url=f"{_TORONTO}cifar-100-binary.tar.gz",
            md5="03b5dce01913d631647c71ecec9e9cb8",
            size=168_513_733,
            folder="cifar-100-binary",
            members=("train.bin", "test.bin", "fine_label_names.txt", "coarse_label_names.txt"),
        ),
    ),
)

_IDX = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
_IDX_FOLDERS = ("", "FashionMNIST/raw", "fashion-mnist", "fashion-mnist/FashionMNIST/raw")

FASHION_MNIST = Source(
    name="fashion-mnist",
    title="Fashion-MNIST",
    home="https://github.com/zalandoresearch/fashion-mnist",
    digests=(
        "sha256:c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        "sha256:bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        "sha256:5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        "sha256:0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    ),
    layouts=tuple(
        FileLayout(folders=_IDX_FOLDERS, files=tuple(f"{name}{ending}" for name in _IDX), decode=idx.decode)
        for ending in ("", ".gz")
    ),
    parse=_parse_fashion,
    downloads=tuple(
        Download(url=f"{_ZALANDO}{name}.gz", md5=md5, size=size, folder="FashionMNIST/raw")
        for name, md5, size in zip(
            _IDX,
            (
                "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
                "25c81989df183df01b3e8a0aad5dffbe",
                "bef4ecab320f06d8554ea6380940ec79",
                "bb300cfdad3c16e7a12a480ee83cd310",
            ),
            (26_421_880, 29_515, 4_422_102, 5_148),
            strict=True,
        )
    ),
)
