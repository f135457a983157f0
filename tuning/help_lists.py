"""The lists of searchers and spaces in help texts, which are imported only when the help is shown."""

from collections.abc import Callable


def _searchers(**properties: bool) -> Callable[[], str]:
    """Lists the searchers that have these `properties`, as `tuning.searchers.names` selects them."""

    def listed() -> str:
        from tuning.searchers import names

        return ", ".join(names(**properties))

    return listed


def _stopping_searchers() -> str:
    from tuning.searchers import get_searcher, names

    return " and ".join(name for name in names(fidelities=True) if get_searcher(name).stops)


def _spaces() -> str:
    from grids.space import PRESET_SUMMARIES

    return "; ".join(f"{name} ({summary})" for name, summary in PRESET_SUMMARIES.items())


LISTS: dict[str, Callable[[], str]] = {
    "{searchers}": _searchers(),
    "{paper_searchers}": _searchers(paper=True),
    "{exact_searchers}": _searchers(exact=True),
    "{replayed_searchers}": _searchers(paper=True, exact=False),
    "{fidelity_searchers}": _searchers(fidelities=True),
    "{live_searchers}": _searchers(fidelities=False),
    "{stopping_searchers}": _stopping_searchers,
    "{spaces}": _spaces,
}
"""By placeholder, the function that returns its list. Help texts and shown defaults contain the placeholders."""
