"""Help that names what is registered, without importing it before help is asked for."""

from collections.abc import Callable
from typing import Any

from typer.core import TyperCommand


def _searchers() -> str:
    from tuning.searchers import SEARCHERS

    return ", ".join(SEARCHERS)


def _paper_searchers() -> str:
    from tuning.searchers import names

    return ", ".join(names(paper=True))


def _exact_searchers() -> str:
    from tuning.searchers import names

    return ", ".join(names(exact=True))


def _replayed_searchers() -> str:
    from tuning.searchers import names

    return ", ".join(names(paper=True, exact=False))


def _fidelity_searchers() -> str:
    from tuning.searchers import names

    return ", ".join(names(fidelities=True))


def _live_searchers() -> str:
    from tuning.searchers import names

    return ", ".join(names(fidelities=False))


def _stopping_searchers() -> str:
    from tuning.searchers import get_searcher, names

    return " and ".join(name for name in names(fidelities=True) if get_searcher(name).stops)


def _spaces() -> str:
    from grids.space import PRESET_SUMMARIES

    return "; ".join(f"{name} ({summary})" for name, summary in PRESET_SUMMARIES.items())


LISTS: dict[str, Callable[[], str]] = {
    "{searchers}": _searchers,
    "{paper_searchers}": _paper_searchers,
    "{exact_searchers}": _exact_searchers,
    "{replayed_searchers}": _replayed_searchers,
    "{fidelity_searchers}": _fidelity_searchers,
    "{live_searchers}": _live_searchers,
    "{stopping_searchers}": _stopping_searchers,
    "{spaces}": _spaces,
}
"""What stands for each list in a help text or a shown default."""


class LateHelp(TyperCommand):
    """A command in whose options' help the names of `LISTS` are replaced by those lists when it is shown."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        for parameter in self.params:
            for part in ("help", "show_default"):
                text = getattr(parameter, part, None)
                if isinstance(text, str):
                    setattr(parameter, part, filled(text))
        super().format_help(ctx, formatter)


def filled(text: str) -> str:
    """`text` with each name of `LISTS` in it replaced."""
    for name, words in LISTS.items():
        if name in text:
            text = text.replace(name, words())
    return text
