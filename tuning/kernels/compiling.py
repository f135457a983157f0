"""How this package compiles: when a function is first called, and once on a machine, kept in numba's cache.

Compiled functions let go of Python's lock, so that threads share the work. Importing numba, or a kernel that is in its
cache, takes longer than a few replays take in plain Python; so a compiled function also has a plain form, which is
the same source run by Python (`plain`).

numba compiles again what changed, but looks only at the file of a function itself, and what it keeps of a function has
the functions of other files copied into it. So the files it keeps are named by the content of all sources here, and of
the searchers', whose constants are compiled in: code of other sources is never found, not even half written.
"""

import functools
import hashlib
import importlib
import threading
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

Function = TypeVar("Function", bound=Callable[..., Any])

_LOCK = threading.RLock()


class Compiled:
    """A function in two forms; calling it calls the compiled one, in compiled code too.

    Args:
        compile_function: makes the compiled form; called once, when it is first needed.
        make_plain: makes the plain form, likewise.
    """

    def __init__(self, compile_function: Callable[[], Any], make_plain: Callable[[], Callable[..., Any]]) -> None:
        self._compile, self._make_plain = compile_function, make_plain
        self._made: dict[str, Any] = {}

    @property
    def fast(self) -> Any:
        """The form that numba compiles."""
        return self._once("fast", self._compile)

    @property
    def plain(self) -> Callable[..., Any]:
        """The form that Python runs."""
        return cast(Callable[..., Any], self._once("plain", self._make_plain))

    @property
    def _numba_type_(self) -> Any:
        """By which numba knows what this is where a compiled function names it."""
        return self.fast._numba_type_

    def __call__(self, *args: Any) -> Any:
        return self.fast(*args)

    def _once(self, form: str, make: Callable[[], Any]) -> Any:
        if form not in self._made:
            with _LOCK:
                if form not in self._made:
                    self._made[form] = make()
        return self._made[form]


def compiled(function: Function) -> Function:
    """Compile a function when it is first called, for the types it is called with."""
    return _compiled(function)


def compiled_part(function: Function) -> Function:
    """As `compiled`, for what only compiled functions call: it is copied into them.

    A call costs two atomic additions for each array that it hands over, one by one inside tuples too.
    """
    return _compiled(function, forceinline=True)


def compiled_sum(function: Function) -> Function:
    """As `compiled_part`, and sums may be reordered, for speed: where their rounding decides nothing."""
    return _compiled(function, forceinline=True, fastmath={"reassoc"})


def compiled_with_python(function: Function) -> Function:
    """As `compiled`, for what asks Python in between and holds its lock meanwhile."""
    return _compiled(function, nogil=False)


def compiled_elsewhere(text: str, plain: Function) -> Function:
    """What `compiled` made in a module that imports numba, for modules that must not; with its own plain form.

    Args:
        text: `module:name`.
        plain: the plain form.
    """
    module, _, name = text.partition(":")
    return cast(Function, Compiled(lambda: getattr(importlib.import_module(module), name).fast, lambda: plain))


def plain(function: Function) -> Function:
    """The plain form of a compiled function: all that it calls is plain as well."""
    return cast(Function, cast(Compiled, function).plain)


def _compiled(function: Function, **options: Any) -> Function:
    return cast(Function, Compiled(lambda: _compile(function, options), lambda: _plain(function)))


def _plain(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same code, in whose names the plain forms stand for compiled ones."""
    code: types.CodeType = function.__code__
    named = {name: function.__globals__.get(name) for name in code.co_names}
    forms = {name: value.plain for name, value in named.items() if isinstance(value, Compiled)}
    names = {**function.__globals__, **forms}
    return types.FunctionType(code, names, function.__name__, function.__defaults__, function.__closure__)


def _njit(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    import numba

    return cast(Callable[[Callable[..., Any]], Any], numba.njit(**options))


def _compile(function: Callable[..., Any], options: dict[str, Any]) -> Any:
    function.__qualname__ += f"-{_digest()}"  # what numba names its files after
    options = {"nogil": True, **options}
    try:
        return _njit(cache=True, **options)(function)
    except RuntimeError:
        # Neither beside this file nor in the user's cache is there a folder to write to: compiled anew each time.
        return _njit(**options)(function)


@functools.cache
def _digest() -> str:
    here = Path(__file__).parent
    sources = [*sorted(here.glob("*.py")), *sorted(here.with_name("searchers").rglob("*.py"))]
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in sources)).hexdigest()[:16]
