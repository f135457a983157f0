"""The one exception that means "what you gave us is wrong": the command line turns it into a line and exit code 2."""

import difflib
from collections.abc import Iterable

_MOST_NAMES = 60
"""So many known names are listed; a table may have thousands of columns."""


class BadInput(ValueError):
    """Invalid input of the user; the message is one line that says what is wrong, where, and what to do instead."""


class Damaged(BadInput):
    """A file of this program's that is cut short, altered, or of another kind."""


def unknown(kind: str, given: str, known: Iterable[str]) -> BadInput:
    """The error for a name that is not among `known`, with the nearest one suggested.

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
    """`text`, cut where it is longer than a message can bear.

    >>> brief("0123456789", most=6)
    '012...'
    """
    return text if len(text) <= most else text[: most - 3] + "..."
