"""Downloads against a server on this machine: whole, broken off and resumed, refused, damaged, already there."""

import hashlib
import io
import tarfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from grids.errors import BadInput
from trainers.tasks.images.download import Unreachable, get
from trainers.tasks.images.source import Source


@dataclass
class Server:
    """What it serves, how it misbehaves, and what was asked of it."""

    files: dict[str, bytes] = field(default_factory=dict)
    ranges: bool = True
    cut_after: int | None = None
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name, asked = self.path.lstrip("/"), self.headers.get("Range")
            state.asked.append((name, asked))
            if name not in state.files:
                self.send_error(404)
                return
            content = state.files[name]
            start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and state.ranges else 0
            if start >= len(content):
                self.send_error(416)
                return
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(content) - start))
            self.end_headers()
            self.wfile.write(content[start : start + state.cut_after if state.cut_after else None])

        def log_message(self, format: str, *args: Any) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    state.url = f"http://127.0.0.1:{http.server_port}"
    yield state
    http.shutdown()
    thread.join()
    http.server_close()


def tarball(folder: Path) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        tar.add(folder, arcname=folder.name)
    return buffer.getvalue()


def published(fake: Any, server: Server, tmp_path: Path) -> Source:
    """The fake set as the server has it."""
    name, write = next(iter(fake.write.items()))
    if "FashionMNIST" in name:
        name = "FashionMNIST/raw"
        write = fake.write[""]
    original = tmp_path / "original" / name
    write(original)
    source: Source = fake.source
    downloads = []
    for download in source.downloads:
        file = download.url.rsplit("/", 1)[1]
        if download.members:
            server.files[file] = tarball(original)
            members = tuple(path.name for path in original.iterdir())
        else:
            server.files[file], members = (original / file).read_bytes(), ()
        md5 = hashlib.md5(server.files[file]).hexdigest()
        downloads.append(replace(download, md5=md5, size=len(server.files[file]), members=members))
    return replace(source, downloads=tuple(downloads))


def test_a_set_comes_down_under_torchvisions_names(fake: Any, server: Server, tmp_path: Path) -> None:
    source = published(fake, server, tmp_path)
    steps: list[int] = []
    found = get(source, tmp_path / "data", base=server.url, advance=steps.append)
    assert found.folder == tmp_path / "data" / source.downloads[0].folder
    assert sum(steps) == sum(download.size for download in source.downloads)
    left = {path.name for path in (tmp_path / "data").rglob("*") if path.is_file()}
    assert not any(name.endswith((".part", ".tar.gz")) for name in left)
    assert len(server.asked) == len(source.downloads)


@pytest.mark.parametrize("ranges", [True, False])
def test_a_broken_download_goes_on_where_it_stopped(cifar10: Any, server: Server, ranges: bool, tmp_path: Path) -> None:
    source = published(cifar10, server, tmp_path)
    server.cut_after = 1000
    with pytest.raises(Unreachable, match="the connection broke off; what has come down is kept"):
        get(source, tmp_path / "data", base=server.url)
    (part,) = (tmp_path / "data").iterdir()
    assert part.name == "cifar-10-binary.tar.gz.part"
    assert part.stat().st_size == 1000
    server.cut_after, server.ranges = None, ranges
    steps: list[int] = []
    get(source, tmp_path / "data", base=server.url, advance=steps.append)
    assert server.asked[-1] == ("cifar-10-binary.tar.gz", "bytes=1000-")
    assert sum(steps) == source.downloads[0].size
    assert steps[0] == 1000 or not ranges


def test_a_part_that_is_whole_already_is_used(cifar10: Any, server: Server, tmp_path: Path) -> None:
    source = published(cifar10, server, tmp_path)
    (tmp_path / "cifar-10-binary.tar.gz.part").write_bytes(server.files["cifar-10-binary.tar.gz"])
    assert get(source, tmp_path, base=server.url).folder.name == "cifar-10-batches-bin"


def test_another_file_than_the_published_one_is_refused_and_forgotten(
    fashion: Any, server: Server, tmp_path: Path
) -> None:
    source = published(fashion, server, tmp_path)
    server.files["train-labels-idx1-ubyte.gz"] = b"<html>Please log in</html>"
    with pytest.raises(Unreachable, match=r"train-labels.*: not the published file: md5 expected \w+, found \w+$"):
        get(source, tmp_path / "data", base=server.url)
    assert not list((tmp_path / "data").rglob("train-labels*"))
    assert list((tmp_path / "data").rglob("train-images*"))


def test_the_users_own_archive_is_used_and_stays(cifar100: Any, server: Server, tmp_path: Path) -> None:
    source = published(cifar100, server, tmp_path)
    archive = tmp_path / "data" / "cifar-100-binary.tar.gz"
    archive.parent.mkdir()
    archive.write_bytes(server.files[archive.name])
    get(source, tmp_path / "data", base=server.url)
    assert archive.exists()
    assert not server.asked


def test_no_server_and_no_file_are_one_line(cifar10: Any, server: Server, tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match=r"cifar-10-binary\.tar\.gz: the server answers 404"):
        get(cifar10.source, tmp_path, base=f"{server.url}/none")
    with pytest.raises(Unreachable, match=r"cifar-10-binary\.tar\.gz: cannot be reached \(Connection refused\)"):
        get(cifar10.source, tmp_path, base="http://127.0.0.1:9")


def test_a_folder_that_cannot_be_written_is_the_users_to_mend(cifar10: Any, server: Server, tmp_path: Path) -> None:
    source = published(cifar10, server, tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match=r"file.*cannot be written"):
        get(source, tmp_path / "file", base=server.url)
