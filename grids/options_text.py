"""Options as users type them behind a name, `name=value,name=value`: of optimizers, searchers, cells."""

from typing import Any

from grids.errors import BadInput


def options_of(text: str, owner: str, form: str = "name=value") -> dict[str, str]:
    """The options of `text` by name, in order, their values as text; none in an empty one.

    >>> options_of("radius_max=10, ball=clip", "searcher 'gld'")
    {'radius_max': '10', 'ball': 'clip'}

    Args:
        text: what stands behind the name's colon.
        owner: whose options they are, with which messages begin.
        form: how an option is written, for messages.

    Raises:
        BadInput: one that is not of the form, or is given twice.
    """
    found: dict[str, str] = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        name, _, value = (piece.strip() for piece in part.partition("="))
        if not (name and value):
            raise BadInput(f"{owner}: options are written {form}, not '{part}'")
        if name in found:
            raise BadInput(f"{owner}: option '{name}' is given twice")
        found[name] = value
    return found


def plain_value(text: str) -> Any:
    """The value that a text looks like: true, false, none, a whole number, a number; else the text itself.

    >>> [plain_value(text) for text in ("none", "True", "3", "1e-8", "clip")]
    [None, True, 3, 1e-08, 'clip']
    """
    words = {"true": True, "false": False, "none": None}
    if text.lower() in words:
        return words[text.lower()]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
