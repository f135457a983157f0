"""How this package compiles: once on a machine, kept in numba's cache; free of Python's lock, so that threads share."""

from collections.abc import Callable
from typing import Any, TypeVar

import numba

Function = TypeVar("Function", bound=Callable[..., Any])
_njit: Any = numba.njit


def compiled(function: Function) -> Function:
    """Compile a function when it is first called, for the types it is called with."""
    return _compile(function, fastmath=False)


def compiled_sum(function: Function) -> Function:
    """As `compiled`, and sums may be reordered, for speed: where their rounding decides nothing."""
    return _compile(function, fastmath={"reassoc"})


def _compile(function: Function, fastmath: bool | set[str]) -> Function:
    try:
        return _njit(cache=True, nogil=True, fastmath=fastmath)(function)
    except RuntimeError:
        # Neither beside this file nor in the user's cache is there a folder to write to: compiled anew each time.
        return _njit(nogil=True, fastmath=fastmath)(function)
