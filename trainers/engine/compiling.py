"""A decorator that compiles a function of the engine with numba, and keeps the result in numba's cache.

numba recompiles a function when its own file changes, but not when what it calls in another file does. So the names of
cache files contain a digest of every source of this package: code compiled from other sources is never loaded.
"""

import functools
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba

_OPTIONS: dict[str, Any] = {
    "nogil": True,
    "fastmath": {"contract", "reassoc", "arcp"},
    "error_model": "numpy",
}
"""Sums may be reordered into vector lanes and products fused, but NaN and infinity keep their meaning: a diverged cell
is recognised by them."""


def compiled(function: Callable[..., Any]) -> Any:
    """Compile a function, when it is first called, for the types it is called with."""
    function.__qualname__ += f"-{_digest()}"  # part of the names of numba's cache files
    try:
        return numba.njit(cache=True, **_OPTIONS)(function)
    except RuntimeError:
        # Neither the folder of this file nor the user's cache folder is writable: compile in every process.
        return numba.njit(**_OPTIONS)(function)


@functools.cache
def _digest() -> str:
    sources = sorted(Path(__file__).parent.rglob("*.py"))
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in sources)).hexdigest()[:16]
