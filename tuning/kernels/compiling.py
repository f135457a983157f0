"""How this package compiles: once on a machine, kept in numba's cache; free of Python's lock, so that threads share.

numba compiles again what changed, but looks only at the file of a function itself, and what it keeps of a function has
the functions of other files copied into it. So the files it keeps are named by the content of all sources here, and of
the searchers', whose constants are compiled in: code of other sources is never found, not even half written.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numba

Function = TypeVar("Function", bound=Callable[..., Any])
_njit: Any = numba.njit


def compiled(function: Function) -> Function:
    """Compile a function when it is first called, for the types it is called with."""
    return _compile(function)


def compiled_part(function: Function) -> Function:
    """As `compiled`, for what only compiled functions call: it is copied into them.

    A call costs two atomic additions for each array that it hands over, one by one inside tuples too.
    """
    return _compile(function, forceinline=True)


def compiled_sum(function: Function) -> Function:
    """As `compiled_part`, and sums may be reordered, for speed: where their rounding decides nothing."""
    return _compile(function, forceinline=True, fastmath={"reassoc"})


def compiled_with_python(function: Function) -> Function:
    """As `compiled`, for what asks Python in between and holds its lock meanwhile."""
    return _compile(function, nogil=False)


def _digest() -> str:
    here = Path(__file__).parent
    sources = [*sorted(here.glob("*.py")), *sorted(here.with_name("searchers").rglob("*.py"))]
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in sources)).hexdigest()[:16]


SOURCES = _digest()


def _compile(function: Function, **options: Any) -> Function:
    function.__qualname__ += f"-{SOURCES}"  # what numba names its files after
    options = {"nogil": True, **options}
    try:
        return _njit(cache=True, **options)(function)
    except RuntimeError:
        # Neither beside this file nor in the user's cache is there a folder to write to: compiled anew each time.
        return _njit(**options)(function)
