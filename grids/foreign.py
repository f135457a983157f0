"""One guard for readers of files of other programs and people, in which anything may stand."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from grids.errors import BadInput, brief


@contextlib.contextmanager
def foreign(source: str | Path) -> Iterator[None]:
    """Within the body, any failure is the fault of the file that is read there, and told in a line that names it.

    Libraries raise exceptions of every kind for dates, types and lengths that they do not expect, and no list of cases
    is ever complete. With TUNECOST_DEBUG set, the traceback is printed as for all faults.

    Args:
        source: the file, folder or address.

    Raises:
        BadInput: in place of every other exception; those of this kind pass unchanged.
    """
    try:
        yield
    except BadInput:
        raise
    except MemoryError as error:
        raise BadInput(f"{source}: it does not fit into memory") from error
    except Exception as error:
        first = next(iter(str(error).strip().splitlines()), "")
        said = f"{type(error).__name__}: {first}" if first else type(error).__name__
        raise BadInput(f"{source}: its content is not what its format says ({brief(said, 200)})") from error


@contextlib.contextmanager
def named(source: str | Path) -> Iterator[None]:
    """Within the body, a message of bad input begins with the name of the file that it speaks of."""
    try:
        yield
    except BadInput as error:
        message = str(error)
        if message.startswith(f"{source}: "):
            raise
        raise BadInput(f"{source}: {message}") from error
