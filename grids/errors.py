"""The one exception that means "what you gave us is wrong": the command line turns it into a line and exit code 2."""

import difflib
from collections.abc import Iterable


class BadInput(ValueError):
    """Input that its sender can mend; the message is one line that says what is wrong and where."""


def unknown(kind: str, given: str, known: Iterable[str]) -> BadInput:
    """The error for a name that is not among `known`, with the nearest one suggested.

    >>> print(unknown("searcher", "cmase", ["cmaes", "gld"]))
    unknown searcher 'cmase'; did you mean 'cmaes'? (known: cmaes, gld)
    """
    names = sorted(known)
    near = difflib.get_close_matches(given, names, n=1, cutoff=0.4)
    hint = f"; did you mean '{near[0]}'?" if near else ""
    listed = f"known: {', '.join(names)}" if names else "there is none"
    return BadInput(f"unknown {kind} '{given}'{hint} ({listed})")
