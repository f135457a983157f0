"""Loads the stub of `idle_cuda.cpp`; imports nothing that would import torch before that."""

import ctypes
from collections.abc import Callable
from typing import Any


def load(library: str) -> None:
    """Let torch, once imported, find the stub in the place of its own hooks for CUDA."""
    ctypes.CDLL(library, mode=ctypes.RTLD_GLOBAL)


def call(check: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """What the check returns; an exception as words, since torch's own cannot all leave their process."""
    try:
        return check(*arguments)
    except Exception as error:
        raise RuntimeError(f"{type(error).__name__}: {error}") from None
