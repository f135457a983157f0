"""What a figure of replays calls its searchers, and in which order they stand."""

from collections.abc import Mapping, Sequence

from analysis.replays import Group


def searcher_labels(groups: Sequence[Group]) -> dict[str, str]:
    """The groups' searchers as typed, each with its label on one or more lines, in the order of figures.

    That is the order in which the replay tables' headers list them, with options in the alphabet's; searchers that no
    header lists follow in order of appearance, under the names that they were given.
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
    """`CMA-ES` for `cmaes`, where that is what `known` calls it; options after a colon go to lines of their own.

    >>> label("gld:radius_max=10,ball=clip", {"gld": "GLD"})
    'GLD\\nradius_max=10\\nball=clip'
    """
    name, _, options = text.partition(":")
    first = known.get(name, name).replace(", ", ",\n")
    return "\n".join([first, *(option for option in options.split(",") if option)])


def on_one_line(label: str) -> str:
    """A label for a legend's line."""
    return " ".join(label.split("\n"))
