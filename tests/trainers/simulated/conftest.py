"""A process of its own for the simulated GPU, whose stub torch must find when it is first imported."""

import hashlib
import multiprocessing
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import idle_cuda  # noqa: E402

Run = Callable[..., Any]
"""`run(check, *arguments)` gives what the check returns there, or raises what it raises."""


@pytest.fixture(scope="session")
def simulated_gpu() -> Iterator[Run]:
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), idle_cuda.load, (str(_library()),)) as process:
        yield lambda check, *arguments: process.submit(idle_cuda.call, check, arguments).result()


def _library() -> Path:
    """The stub, compiled once for each version of torch."""
    import torch

    if torch.version.cuda is not None:
        pytest.skip("a torch that is built for CUDA has hooks of its own, beside which there is no room for the stub")
    source = HERE / "idle_cuda.cpp"
    home = Path(torch.__file__).parent
    digest = hashlib.sha256(source.read_bytes() + f"{home} {torch.__version__}".encode()).hexdigest()[:16]
    library = Path(tempfile.gettempdir()) / f"tunecost-idle-cuda-{digest}.so"
    if library.exists():
        return library
    compiler = shutil.which("c++") or shutil.which("g++")
    if compiler is None:
        pytest.skip("the stub of torch's hooks for CUDA needs a C++ compiler")
    made = library.with_name(f"{library.name}.{multiprocessing.current_process().pid}")
    words = [compiler, "-std=c++20", "-shared", "-fPIC", f"-I{home}/include", str(source), "-o", str(made)]
    links = [f"-L{home}/lib", "-lc10", "-ltorch_cpu", f"-Wl,-rpath,{home}/lib"]
    subprocess.run([*words, *links], check=True)
    return made.replace(library)
