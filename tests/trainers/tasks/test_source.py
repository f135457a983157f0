"""Sets are found in every layout, are the same in each, and are refused with one line where they are not."""

import gzip
import os
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from grids.errors import BadInput
from trainers.tasks.data_sets import SOURCES, get_source
from trainers.tasks.images.cifar_files import unpickle
from trainers.tasks.images.source import read

REAL = Path(os.environ.get("TUNECOST_DATA", "data"))


def test_every_layout_gives_the_same_set(fake: Any, tmp_path: Path) -> None:
    found = []
    for folder, write in fake.write.items():
        write(tmp_path / "d" / folder)
        found.append(read(fake.source, tmp_path / "d"))
        assert found[-1].folder == tmp_path / "d" / folder
        write(tmp_path / "direct" / folder)
        assert read(fake.source, tmp_path / "direct" / folder).sha256 == found[0].sha256
        for file in (tmp_path / "d" / folder).iterdir():
            file.unlink() if file.is_file() else None
    for one in found:
        assert one.sha256 == found[0].sha256
        assert one.images.train_x.dtype == torch.uint8
        assert one.images.train_y.dtype == torch.int64
        assert np.array_equal(one.images.train_x, fake.train_x)
        assert np.array_equal(one.images.train_y, fake.train_y)
        assert len(one.images.test_x) == len(one.images.test_y) > 0


def test_sets_lie_where_their_scripts_put_them(fashion: Any, cifar10: Any, tmp_path: Path) -> None:
    fashion.write[""](tmp_path / "fashion-mnist")
    cifar10.write["cifar-10-batches-bin"](tmp_path / "cifar10" / "cifar-10-batches-bin")
    assert read(fashion.source, tmp_path).folder == tmp_path / "fashion-mnist"
    assert read(cifar10.source, tmp_path).folder == tmp_path / "cifar10" / "cifar-10-batches-bin"


def test_one_changed_byte_is_refused(fake: Any, tmp_path: Path) -> None:
    folder, write = next(iter(fake.write.items()))
    write(tmp_path / folder)
    last = tmp_path / folder / fake.source.layouts[0].files[-1]
    content = bytearray(last.read_bytes())
    content[-1] ^= 1
    last.write_bytes(content)
    digest = fake.source.digests[-1].removeprefix("sha256:")
    with pytest.raises(
        BadInput, match=rf"{last.name}: not .* as published: sha256 expected {digest}, found [0-9a-f]+$"
    ):
        read(fake.source, tmp_path)


def test_a_file_that_is_a_set_but_another_is_refused(fashion: Any, tmp_path: Path) -> None:
    fashion.write[""](tmp_path)
    with pytest.raises(BadInput, match=r"train-images-idx3-ubyte\.gz: not Fashion-MNIST as published"):
        read(SOURCES["fashion-mnist"], tmp_path)


def test_what_is_missing_is_named(cifar10: Any, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"nowhere: no such folder; 'tunecost data get cifar10 --data .*nowhere'"):
        read(cifar10.source, tmp_path / "nowhere")
    with pytest.raises(BadInput, match="no CIFAR-10 in it; 'tunecost data get cifar10"):
        read(cifar10.source, tmp_path)
    cifar10.write["cifar-10-batches-bin"](tmp_path / "cifar-10-batches-bin")
    (tmp_path / "cifar-10-batches-bin" / "data_batch_4.bin").unlink()
    with pytest.raises(BadInput, match=r"data_batch_4\.bin: missing, while other files of CIFAR-10 are there"):
        read(cifar10.source, tmp_path)
    cifar10.write["cifar-10-batches-py"](tmp_path / "cifar-10-batches-py")
    assert read(cifar10.source, tmp_path).folder.name == "cifar-10-batches-py"


@pytest.mark.parametrize(
    "content",
    [b"", b"\x1f\x8b\x08\x00", b"\x1f\x8b" + b"x" * 40, gzip.compress(b"x" * 99, mtime=0)[:-9]],
    ids=["empty", "header", "garbage", "cut"],
)
def test_a_damaged_gzip_is_one_line(fashion: Any, content: bytes, tmp_path: Path) -> None:
    fashion.write[""](tmp_path)
    (tmp_path / "train-labels-idx1-ubyte.gz").write_bytes(content)
    with pytest.raises(BadInput, match=r"train-labels-idx1-ubyte\.gz: (damaged|not Fashion)") as caught:
        read(fashion.source, tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a pickle",
        pickle.dumps([1, 2]),
        pickle.dumps({"data": np.zeros((2, 5), np.uint8), "labels": [1, 2]}),
        pickle.dumps({"data": np.zeros((2, 3072), np.uint8), "labels": [1, 2, 3]}),
        pickle.dumps({"data": np.zeros((2, 3072)), "labels": [1, 2]}),
        pickle.dumps({"data": np.zeros((2, 3072), np.uint8)}),
    ],
)
def test_a_damaged_pickle_is_one_line(cifar10: Any, content: bytes, tmp_path: Path) -> None:
    cifar10.write["cifar-10-batches-py"](tmp_path)
    (tmp_path / "data_batch_1").write_bytes(content)
    with pytest.raises(BadInput, match="data_batch_1: damaged"):
        read(cifar10.source, tmp_path)


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_pickles_of_every_age_are_read(protocol: int) -> None:
    batch = {b"data": np.arange(6144).astype(np.uint8).reshape(2, 3072), b"labels": [3, 7]}
    records = unpickle(pickle.dumps(batch, protocol=protocol), ("labels",))
    assert len(records) == 2 * 3073
    assert (records[0], records[1:4], records[3073]) == (3, b"\0\1\2", 7)


class Hostile:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("caught",)


def test_a_pickle_runs_no_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(pickle.UnpicklingError, match="asks for"):
        unpickle(pickle.dumps({"data": Hostile(), "labels": []}), ("labels",))
    assert not (tmp_path / "caught").exists()


def test_digest_of_a_file_as_it_is_goes_before_that_of_its_content(cifar100: Any, tmp_path: Path) -> None:
    cifar100.write["cifar-100-python"](tmp_path)
    layouts = (cifar100.source.layouts[0], replace(cifar100.source.layouts[1], digests=("md5:0", "md5:0")))
    with pytest.raises(BadInput, match="train: not CIFAR-100 as published: md5 expected 0, found"):
        read(replace(cifar100.source, layouts=layouts), tmp_path)


def test_unknown_set_is_named_with_the_nearest() -> None:
    with pytest.raises(BadInput, match="did you mean 'cifar100'"):
        get_source("cifar-100")


@pytest.mark.parametrize(("name", "train", "mean"), [("cifar10", 50_000, 120.7076), ("fashion-mnist", 60_000, 72.9404)])
def test_the_real_set_is_accepted(name: str, train: int, mean: float) -> None:
    """Where the real set lies in $TUNECOST_DATA or ./data."""
    source = get_source(name)
    try:
        found = read(source, REAL)
    except BadInput as error:
        if "no such folder" in str(error) or " in it; " in str(error):
            pytest.skip(f"{source.title} is not here")
        raise
    assert len(found.images.train_y) == train
    assert (found.images.train_y.bincount() == train // 10).all()
    assert found.images.train_x.double().mean().item() == pytest.approx(mean, abs=1e-4)
