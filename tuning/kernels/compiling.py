"""Decorators that compile a function with numba when it is first called, and keep the result in numba's cache.

Compiled functions release the GIL, so that replays can run in several threads. Importing numba, or loading a function
from its cache, takes longer than a few replays take in Python; so a compiled function also has a plain form: the same
source, run by Python (`plain`).

numba recompiles a function when its own file changes, but not when a function inlined from another file changes. So
the names of cache files contain a digest of all sources of this package and of the searchers, whose constants are
compiled in: code compiled from other sources is never loaded.
"""

import contextlib
import functools
import hashlib
import importlib
import threading
import types
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar, cast

Function = TypeVar("Function", bound=Callable[..., Any])

_LOCK = threading.RLock()


class Compiled:
    """A function in two forms; a call runs the compiled one, from compiled code too.

    Args:
        compile_function: returns the compiled form; called once, when it is first needed.
        make_plain: returns the plain form; called once, when it is first needed.
        source: the function as it was written, where there is one.
        options: numba's, with which it is compiled.
    """

    def __init__(
        self,
        compile_function: Callable[[], Any],
        make_plain: Callable[[], Callable[..., Any]],
        source: Callable[..., Any] | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        self._compile, self._make_plain, self.source = compile_function, make_plain, source
        self.options = dict(options or {})
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
        """numba's type of this object, which it looks up where a compiled function refers to it."""
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
    """Compile a function that only compiled functions call, for the types it is called with.

    It cannot make arrays, only use and return those that it is given: so nothing counts references to them, which
    would take longer than most searchers' trials (an atomic addition for each array, at each call and assignment).
    """
    return _compiled(function, no_cpython_wrapper=True, _nrt=False)


def compiled_part(function: Function) -> Function:
    """As `compiled`, for short functions: they are always inlined."""
    return _compiled(function, no_cpython_wrapper=True, _nrt=False, forceinline=True)


def compiled_sum(function: Function) -> Function:
    """As `compiled`, and sums may be reordered for speed; only where rounding does not change results."""
    return _compiled(function, no_cpython_wrapper=True, _nrt=False, fastmath={"reassoc"})


def compiled_start(function: Function) -> Function:
    """As `compiled`, for functions that make arrays."""
    return _compiled(function, no_cpython_wrapper=True)


def compiled_entry(function: Function) -> Function:
    """As `compiled`, for functions that Python calls."""
    return _compiled(function)


def compiled_elsewhere(text: str, plain: Function) -> Function:
    """A compiled function of a module that imports numba, for modules that must not import it.

    Args:
        text: the compiled function, `module:name`.
        plain: its plain form.
    """
    module, _, name = text.partition(":")
    return cast(Function, Compiled(lambda: getattr(importlib.import_module(module), name).fast, lambda: plain))


def two_forms(compiled: Function, plain: Callable[..., Any]) -> Function:
    """A function whose plain form has other source than its compiled form, `compiled`."""
    return cast(Function, Compiled(lambda: cast(Compiled, compiled).fast, lambda: plain))


def plain(function: Function) -> Function:
    """The plain form of a compiled function; the compiled functions that it calls are replaced by their plain forms."""
    return cast(Function, cast(Compiled, function).plain)


def with_parts(function: Function, name: str, parts: Mapping[str, Callable[..., Any]]) -> Function:
    """A compiled function with other functions in place of some that it calls.

    Args:
        function: decorated by one of the above.
        name: of the result, different for different parts: its cache file is named by it.
        parts: compiled functions by the names that `function` calls them by.
    """
    known = cast(Compiled, function)
    assert known.source is not None
    return _compiled(cast(Function, _with_globals(known.source, parts, name)), **known.options)


def _compiled(function: Function, **options: Any) -> Function:
    return cast(Function, Compiled(lambda: _compile(function, options), lambda: _plain(function), function, options))


def _plain(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same code with other globals: plain forms in place of compiled functions."""
    named = {name: function.__globals__.get(name) for name in function.__code__.co_names}
    return _with_globals(function, {name: part.plain for name, part in named.items() if isinstance(part, Compiled)})


def _with_globals(function: Callable[..., Any], parts: Mapping[str, Any], name: str = "") -> Callable[..., Any]:
    code: types.CodeType = function.__code__
    names = {**function.__globals__, **parts}
    made = types.FunctionType(code, names, name or function.__name__, function.__defaults__, function.__closure__)
    made.__module__, made.__qualname__ = function.__module__, made.__name__
    return made


def _njit(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    jit: Any
    try:
        from tuning.kernels.parts import jit
    except ImportError:  # numba's internal classes are not where they were
        from numba import njit as jit
    return cast(Callable[[Callable[..., Any]], Any], jit(**options))


def _compile(function: Callable[..., Any], options: dict[str, Any]) -> Any:
    function.__qualname__ += f"-{_digest()}"  # part of the names of numba's cache files
    # Divisions by zero give what NumPy gives, without a branch for an exception.
    options = {"nogil": True, "error_model": "numpy", "no_cfunc_wrapper": True, **options}
    try:
        return _njit(cache=True, **options)(function)
    except RuntimeError:
        # Neither the folder of this file nor the user's cache folder is writable: compile in every process.
        return _njit(**options)(function)


@contextlib.contextmanager
def before_compiling(note: Callable[[], None]) -> Iterator[None]:
    """Call `note` when something is compiled that is not in numba's cache, the first time only."""
    from numba.core import event

    class Listener(event.Listener):
        noted = False

        def on_start(self, started: Any) -> None:
            if not self.noted:
                self.noted = True
                note()

        def on_end(self, ended: Any) -> None:
            pass

    with event.install_listener("numba:compile", Listener()):
        yield


@functools.cache
def _digest() -> str:
    here = Path(__file__).parent
    sources = [*sorted(here.glob("*.py")), *sorted(here.with_name("searchers").rglob("*.py"))]
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in sources)).hexdigest()[:16]
