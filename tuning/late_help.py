"""Help texts with lists of searchers and spaces, which are imported only when the help is shown."""

from collections.abc import Callable
from typing import Any

from typer.core import TyperCommand


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


class LateHelp(TyperCommand):
    """A command that fills in the placeholders of `LISTS` in its options' help when the help is shown."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        for parameter in self.params:
            for part in ("help", "show_default"):
                text = getattr(parameter, part, None)
                if isinstance(text, str):
                    setattr(parameter, part, filled(text))
        super().format_help(ctx, formatter)


def filled(text: str) -> str:
    """`text` with each placeholder of `LISTS` replaced by its list."""
    for placeholder, listed in LISTS.items():
        if placeholder in text:
            text = text.replace(placeholder, listed())
    return text
