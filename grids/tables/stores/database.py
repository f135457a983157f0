"""SQLite databases, opened for reading only."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from grids.errors import BadInput


@contextlib.contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that cannot write. Raises BadInput where the database is locked, damaged or none."""
    try:
        with contextlib.closing(
            sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=2)
        ) as connection:
            yield connection
    except sqlite3.Error as error:
        way = "; wait until the program that writes it has ended, or copy it" if "locked" in str(error) else ""
        raise BadInput(f"its database cannot be read ({error}){way}") from error


def tables_of(path: Path) -> set[str]:
    """The names of a database's tables. Raises BadInput as `opened`."""
    with opened(path) as database:
        return {name for (name,) in database.execute("select name from sqlite_master where type = 'table'")}


def rows(database: sqlite3.Connection, table: str, *columns: str) -> Iterator[tuple[Any, ...]]:
    """The rows of a table. Raises BadInput where it lacks a column, as one of another version may."""
    try:
        yield from database.execute(f"select {', '.join(columns)} from {table}")
    except sqlite3.OperationalError as error:
        if "no such column" in str(error):
            raise BadInput(f"its table '{table}' is of another version ({error}): write the trials as CSV") from error
        raise
