"""Facts and settings of the device that trains: arithmetic, threads, memory."""

import platform
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import torch

from grids.errors import BadInput
from grids.machine import cores, versions


def pick(text: str) -> torch.device:
    """The device that `text` names: `cpu`, `cuda`, `cuda:1`, or `auto` for a GPU where there is one.

    No other kind is taken, though torch knows more: training was never tried there.

    Raises:
        BadInput: no such device here.
    """
    if text == "auto":
        text = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(text)
        if device.type not in ("cpu", "cuda"):
            raise BadInput(f"device '{text}' is of no kind that trains (cpu, cuda, cuda:1, auto)")
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise BadInput(f"device '{text}' cannot be used here: {reason}") from None
    return device


def devices(text: str) -> list[str]:
    """The devices that one run uses, a worker each: every GPU for `cuda`, every core for `cpu`; `auto` chooses."""
    if text == "cuda" or (text == "auto" and torch.cuda.is_available()):
        return [f"cuda:{k}" for k in range(torch.cuda.device_count())] or [text]
    return ["cpu"] * cores("OMP_NUM_THREADS") if text in ("auto", "cpu") else [text]


def arithmetic(device: torch.device) -> torch.dtype:
    """The precision of matrix products, unless given: bfloat16 on a GPU, float32 on a CPU."""
    return torch.bfloat16 if device.type == "cuda" else torch.float32


@contextmanager
def prepared(device: torch.device) -> Iterator[None]:
    """Within the body, the calling thread's arithmetic is set for training; every thread that trains needs it.

    On a CPU denormal numbers are flushed to zero, and no longer are afterwards where they were not before: cells with
    a tiny learning rate or a dead unit are full of them, and a CPU takes a hundred times as long over each. On a GPU
    the convolutions' algorithms are chosen by trying them; and it becomes the current one, since CUDA graphs and
    Triton work on that one, wherever the tensors lie.
    """
    if device.type != "cpu":
        torch.backends.cudnn.benchmark = True
        if device.index is not None:
            torch.cuda.set_device(device)
        yield
        return
    before = not bool(torch.tensor(_DENORMAL, dtype=torch.float64) * 1.0 > 0)
    torch.set_flush_denormal(True)
    _keep_freed_memory()
    try:
        yield
    finally:
        torch.set_flush_denormal(before)


_DENORMAL = 1e-310


@cache
def _keep_freed_memory() -> None:
    """Let glibc reuse what is freed: by default it hands big arrays back to the system, which clears each page anew.

    It never does so with chunks smaller than the largest that it has seen freed, up to 32 MiB (mallopt(3),
    M_MMAP_THRESHOLD). Other libraries do not mind.
    """
    torch.empty(31 * 2**20, dtype=torch.uint8)


@contextmanager
def single_threaded(device: torch.device) -> Iterator[None]:
    """Within the body, a CPU trains on one thread: values depend on the number."""
    threads = torch.get_num_threads()
    if device.type == "cpu":
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def peak_memory(device: torch.device) -> int:
    """Most bytes used: on a GPU what torch has held of it since it was reset, on a CPU by this process so far."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_reserved(device))
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def describe(device: torch.device) -> str:
    """One line for provenance and benchmarks: the processor, and how many threads of it are used."""
    if device.type == "cuda":
        facts = torch.cuda.get_device_properties(device)
        return f"{facts.name}, {facts.total_memory / 2**30:.0f} GiB, torch {torch.__version__}"
    return f"{_processor()}, {torch.get_num_threads()} threads, torch {torch.__version__}"


def _processor() -> str:
    try:
        with open("/proc/cpuinfo") as lines:
            for line in lines:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def software() -> dict[str, str]:
    """Versions of what a value may depend on."""
    own = {"tunecost": "unknown", **versions("tunecost"), "python": platform.python_version()}
    return {**own, "torch": str(torch.__version__), **versions("numpy")}
