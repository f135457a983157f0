"""Files and folders appear whole or not at all."""

import os
import stat
from pathlib import Path

import pytest

from grids.atomic import whole_file, whole_folder, write_whole
from grids.errors import BadInput


def test_a_file_is_replaced_whole_and_folders_are_made(tmp_path: Path) -> None:
    path = tmp_path / "a/b/file.txt"
    write_whole(path, "old")
    with whole_file(path) as temporary:
        temporary.write_text("new, half of i")
        assert path.read_text() == "old"
        assert temporary.parent == path.parent
        assert temporary.suffix == ".txt"
        temporary.write_text("new")
    assert path.read_text() == "new"
    assert [found.name for found in path.parent.iterdir()] == ["file.txt"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError, SystemExit])
def test_nothing_is_left_or_lost_where_writing_is_broken_off(tmp_path: Path, error: type[BaseException]) -> None:
    write_whole(tmp_path / "file", "old")

    def breaking() -> None:
        with whole_file(tmp_path / "file") as temporary:
            temporary.write_text("half")
            raise error

    with pytest.raises(error):
        breaking()
    assert (tmp_path / "file").read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


def test_it_gets_the_mode_that_the_umask_leaves(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_whole(tmp_path / "file", b"x")
        assert os.umask(0o027) == 0o027
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o640


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    write_whole(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


def test_a_folder_a_pipe_and_a_device_are_no_place_for_a_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, what in ((tmp_path, "a folder"), (tmp_path / "pipe", "no ordinary file"), (Path("/dev/null"), "no ord")):
        with pytest.raises(BadInput, match=f"cannot be written .it is {what}"):
            write_whole(path, "x")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(BadInput, match="Permission denied"):
        write_whole(tmp_path / "file", "x")
    tmp_path.chmod(0o700)


def test_a_file_in_the_place_of_a_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match="file/inner: cannot be written"):
        write_whole(tmp_path / "file/inner", "x")


def test_a_folder_appears_whole_and_only_where_nothing_is(tmp_path: Path) -> None:
    target = tmp_path / "new" / "folder"
    for _ in range(2):  # where nothing is, and in place of an empty folder
        with whole_folder(target, "it is") as temporary:
            (temporary / "a").write_text("a")
            assert not (target / "a").exists()
        assert [path.name for path in target.iterdir()] == ["a"]
        (target / "a").unlink()
    (target / "old").write_text("")
    for path, message in ((target, "is there already; it is written to"), (target / "old" / "x", "cannot be written")):
        with pytest.raises(BadInput, match=message), whole_folder(path, "it is"):
            pass
    assert [path.name for path in target.parent.iterdir()] == ["folder"]


def test_a_folder_that_is_broken_off_leaves_nothing(tmp_path: Path) -> None:
    def broken_off() -> None:
        with whole_folder(tmp_path / "folder", "it is") as temporary:
            (temporary / "a").write_text("a")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken_off()
    assert not list(tmp_path.iterdir())
