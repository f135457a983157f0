"""Load tasks, update rules and searchers from a user's own module, named as `module:name`.

Only a name that the user typed is loaded. Surfaces, replay tables and other files may hold such names too, and come
from other people: `not_named` words the refusal of a name that only a file gives.
"""

import hashlib
import importlib
import importlib.util
import inspect
import os
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

from grids.errors import BadInput, brief, unknown


def load_object(text: str, what: str, kinds: tuple[type, ...] = ()) -> Any:
    """The object that `module:name` names.

    The current folder comes last on the module path, so that a user's file never replaces an installed package.

    Args:
        text: `module:name`.
        what: the kind of object, without an article, for messages: "task".
        kinds: types; where the name is unknown, the module's objects of these types are suggested.

    Raises:
        BadInput: no such module or name, or the module cannot be imported; the message says where.
    """
    module_name, _, name = text.partition(":")
    module = load_module(module_name, f"{what} '{text}'")
    if not hasattr(module, name):
        known = [key for key, value in vars(module).items() if kinds and isinstance(value, kinds)]
        raise unknown(f"{what} in {place_of(module)}", name, known)
    return getattr(module, name)


def load_module(name: str, owner: str) -> ModuleType:
    """A module by its dotted name; see `load_object`.

    Raises:
        BadInput: there is none, or importing it fails; the message begins with `owner`.
    """
    if "/" in name or name.endswith(".py"):
        raise BadInput(
            f"{owner}: a module is named without its folder and ending: {Path(name).stem}:NAME for "
            f"{Path(name).stem}.py in the current folder"
        )
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())
    try:
        return importlib.import_module(name)
    except (Exception, SystemExit) as error:  # a user's file may raise anything
        missing = isinstance(error, ModuleNotFoundError) and f"{name}.".startswith(f"{error.name}.")
        if missing or not name:
            raise BadInput(f"{owner}: no module '{name}' in this folder or among what is installed") from error
        raise BadInput(f"{owner}: {reason(error, name)}") from error


def reason(error: BaseException, module: str = "") -> str:
    """The exception that a user's code raised, with its file and line number, as one line of text.

    Args:
        error: what was raised.
        module: the module that could not be imported, where an import failed.
    """
    said = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    if isinstance(error, BadInput):
        said = str(error)
    if isinstance(error, SyntaxError):
        return f"{_shown(str(error.filename))}, line {error.lineno}: {error.msg}"
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_users(frame.filename)]
    if frames:
        return f"{_shown(frames[-1].filename)}, line {frames[-1].lineno}: {said}"
    return f"module '{module}' cannot be imported ({said})" if module else said


def not_named(owner: str, what: str, text: str, option: str) -> BadInput:
    """The error for code that a file asks for and the user did not name.

    Args:
        owner: the file, or what was read from it, with which the message begins.
        what: the kind of object, as in `load_object`.
        text: the name in the file.
        option: the command's option by which the user names it.
    """
    return BadInput(
        f"{owner}: its file asks for the {what} '{brief(text)}', which does not ship with this program; a file alone "
        f"loads no code: name it on the command line too, as {option} '{brief(text)}'"
    )


def source_sha256(obj: Any) -> str | None:
    """sha256 of the file in which a user's object was defined; None where it has no file.

    Args:
        obj: a module, or the name of one that is loaded, or anything with `__module__`.
    """
    module = obj if isinstance(obj, ModuleType) else sys.modules.get(obj if isinstance(obj, str) else obj.__module__)
    try:
        return None if module is None else hashlib.sha256(inspect.getsource(module).encode()).hexdigest()
    except (OSError, TypeError):
        return None


def source_of(obj: Any) -> str | None:
    """The text of the file in which an object was defined; None where it has no file."""
    try:
        return inspect.getsource(sys.modules[obj.__module__])
    except (OSError, TypeError, KeyError):
        return None


def place_of(module: ModuleType) -> str:
    """The path of a module's file, relative to the current folder where it lies inside."""
    file = getattr(module, "__file__", None)
    return f"module {module.__name__}" if file is None else _shown(file)


def _shown(filename: str) -> str:
    path = Path(filename)
    return str(path.relative_to(os.getcwd()) if path.is_relative_to(os.getcwd()) else path)


def _is_users(filename: str) -> bool:
    """Whether a file is neither of this program, nor of Python, nor of an installed package."""
    path = Path(filename)
    if filename.startswith("<") or "site-packages" in path.parts or "importlib" in path.parts:
        return False
    ours = Path(__file__).parent.parent
    mine = any(path.is_relative_to(ours / package) for package in ("grids", "trainers", "tuning", "analysis"))
    return not mine and not path.is_relative_to(Path(os.__file__).parent)
