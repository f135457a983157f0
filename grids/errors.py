"""The exception for invalid user input, and helpers that word its message."""

import difflib
import unicodedata
from collections.abc import Iterable, Sequence

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
    there = f"known: {listed(names)}" if names else "there is none"
    return BadInput(f"unknown {kind} '{brief(given)}'{hint} ({there})")


def listed(names: Sequence[str], most: int = _MOST_NAMES) -> str:
    """Names with commas between them; of more than `most`, the first ones and how many more there are.

    >>> listed(["a", "b", "c"], most=2)
    'a, b and 1 more'
    """
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(map(brief, names[:most])) + more


def brief(text: str, most: int = 60) -> str:
    """`text`, cut to at most `most` characters for use in a message.

    >>> brief("0123456789", most=6)
    '012...'
    """
    return text if len(text) <= most else text[: most - 3] + "..."


def visible(text: str) -> str:
    """`text` with characters that a terminal obeys, or that cannot be seen, written as escapes; spaces stay.

    >>> visible("a\\x1b[31mb\\u202ec\\nd é")
    'a\\\\x1b[31mb\\\\u202ec\\\\nd é'
    """
    if text.isprintable():
        return text
    shown = (c if c.isprintable() or unicodedata.category(c) == "Zs" else _escaped(c) for c in text)
    return "".join(shown)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode()
