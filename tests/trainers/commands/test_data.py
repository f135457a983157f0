"""`tunecost data get` and `tunecost data check`: what they print and how they end."""

import gzip
import hashlib
import json
import struct
from dataclasses import replace
from pathlib import Path

import pytest

from trainers.tasks.data_sets import SOURCES
from trainers.tasks.images import download as downloads
from tuning.cli import run


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Holds a Fashion-MNIST of 20 and 10 images, which is taken for the real one."""
    source = SOURCES["fashion-mnist"]
    parts = []
    for n in (20, 10):
        parts.append(struct.pack(">BBBBIII", 0, 0, 8, 3, n, 28, 28) + bytes(n * 784))
        parts.append(struct.pack(">BBBBI", 0, 0, 8, 1, n) + bytes(i % 10 for i in range(n)))
    for name, part in zip(source.layouts[1].files, parts, strict=True):
        (tmp_path / name).write_bytes(gzip.compress(part))
    digests = tuple(f"sha256:{hashlib.sha256(part).hexdigest()}" for part in parts)
    monkeypatch.setitem(SOURCES, "fashion-mnist", replace(source, digests=digests))
    return tmp_path


def test_check_prints_name_sizes_hash_and_ok(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["data", "check", "fashion-mnist", "--data", str(folder), "--format", "json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert list(row) == ["name", "folder", "train", "test", "shape", "classes", "sha256", "ok"]
    assert (row["name"], row["train"], row["test"], row["shape"]) == ("fashion-mnist", 20, 10, "1 x 28 x 28")
    assert (row["classes"], row["ok"], row["folder"]) == (10, True, str(folder))
    assert len(row["sha256"]) == 64
    assert run(["data", "check", "fashion-mnist", "--data", str(folder)]) == 0
    assert row["sha256"] in capsys.readouterr().out


def test_a_wrong_file_ends_in_2_with_one_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "t10k-labels-idx1-ubyte.gz").write_bytes(gzip.compress(b"\0\0\x08\x01\0\0\0\x01a"))
    assert run(["data", "check", "fashion-mnist", "--data", str(folder)]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    (line,) = shown.err.splitlines()
    assert "t10k-labels-idx1-ubyte.gz" in line
    assert "expected" in line
    assert "found" in line


@pytest.mark.parametrize("command", ["get", "check"])
def test_an_unknown_set_ends_in_2(command: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run(["data", command, "cifar", "--data", str(tmp_path)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "did you mean 'cifar10'?" in line


def test_check_of_nothing_says_how_to_get_it(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run(["data", "check", "cifar10", "--data", str(tmp_path)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"tunecost data get cifar10 --data {tmp_path}" in line


def test_get_leaves_alone_what_is_there(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["data", "get", "fashion-mnist", "--data", str(folder)]) == 0
    shown = capsys.readouterr()
    assert "already there" in shown.err
    assert "fashion-mnist" in shown.out


def test_get_without_a_network_ends_in_1_with_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def nobody(url: object, timeout: float) -> None:
        raise downloads.urllib.error.URLError(OSError(-2, "Name or service not known"))

    monkeypatch.setattr(downloads.urllib.request, "urlopen", nobody)
    assert run(["data", "get", "cifar100", "--data", str(tmp_path), "--quiet"]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    (line,) = shown.err.splitlines()
    assert "cifar-100-binary.tar.gz: cannot be reached (Name or service not known)" in line


def test_a_text_is_checked_and_never_downloaded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["data", "check", "kjv", "--format", "json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert list(row) == ["name", "folder", "train", "validation", "test", "kinds", "sha256", "ok"]
    assert (row["train"], row["validation"], row["test"], row["kinds"]) == (4_101_901, 40_000, 40_000, 68)
    for command in ("get", "check"):
        assert run(["data", command, "ptb", "--data", str(tmp_path)]) == 2
        shown = capsys.readouterr()
        assert shown.out == ""
        assert "no Penn Treebank in it; put Mikolov's ptb.train.txt" in shown.err
        assert shown.err.count("\n") == 1
