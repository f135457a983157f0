"""The labels and the order of searchers in figures."""

from collections.abc import Mapping, Sequence

from analysis.replays import Group


def searcher_labels(groups: Sequence[Group]) -> dict[str, str]:
    """The labels of the groups' searchers, on one or more lines, by searcher as typed, in the order of figures.

    That is the order in the headers of the replay tables, and alphabetical for the options of one searcher. Searchers
    that no header lists follow in order of appearance, under their own names.
    """
    known: dict[str, str] = {}
    for group in groups:
        known.update(group.searcher_labels)
    order = list(known)

    def place(text: str) -> tuple[int, str]:
        name = text.partition(":")[0]
        return (order.index(name), text) if name in known else (len(order), "")

    texts = sorted(dict.fromkeys(group.searcher for group in groups), key=place)
    return {text: label(text, known) for text in texts}


def label(text: str, known: Mapping[str, str]) -> str:
    """A searcher's label by `known`, where it has one; options after a colon are on further lines.

    >>> label("gld:radius_max=10,ball=clip", {"gld": "GLD"})
    'GLD\\nradius_max=10\\nball=clip'
    """
    name, _, options = text.partition(":")
    first = known.get(name, name).replace(", ", ",\n")
    return "\n".join([first, *(option for option in options.split(",") if option)])


def on_one_line(label: str) -> str:
    """A label with spaces in place of line breaks, for legends."""
    return " ".join(label.split("\n"))
