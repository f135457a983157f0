"""The exception for invalid user input, and helpers that word its message."""

import difflib
from collections.abc import Iterable

_MOST_NAMES = 60
"""At most this many known names are listed: a table may have thousands of columns."""


class BadInput(ValueError):
    """Invalid user input. The message is one line that says what is wrong, where, and what to do instead.

    The command line prints it and exits with code 2.
    """


class Damaged(BadInput):
    """A file of this program that is cut short, altered, or of another kind."""


def unknown(kind: str, given: str, known: Iterable[str]) -> BadInput:
    """The error for a name that is not in `known`, which suggests the most similar one.

    >>> print(unknown("searcher", "cmase", ["cmaes", "gld"]))
    unknown searcher 'cmase'; did you mean 'cmaes'? (known: cmaes, gld)
    """
    names = sorted(known)
    near = difflib.get_close_matches(given, names, n=1, cutoff=0.4)
    hint = f"; did you mean '{brief(near[0])}'?" if near else ""
    listed = f"known: {', '.join(map(brief, names[:_MOST_NAMES]))}" if names else "there is none"
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return BadInput(f"unknown {kind} '{brief(given)}'{hint} ({listed}{more})")


def brief(text: str, most: int = 60) -> str:
    """`text`, cut to at most `most` characters for use in a message.

    >>> brief("0123456789", most=6)
    '012...'
    """
    return text if len(text) <= most else text[: most - 3] + "..."
