"""The searchers, selected by the text that users type.

`NAME`, or `NAME:option=value,option=value`, where NAME is one of `SEARCHERS`; `optuna:NAME` for any sampler class of
Optuna (`optuna:NAME:option=value`); or `my_module:my_searcher` for a class or a form in a user's own file. To
add a searcher to this package, add a module here that registers a form.
"""

import importlib
import pkgutil
import re

from grids.errors import unknown
from tuning.kernels.compiling import compiled
from tuning.kernels.draws import normal, pick, uniform
from tuning.searchers.base import Query, Searcher
from tuning.searchers.fidelities import Fidelities
from tuning.searchers.form import Asked, Form, whole
from tuning.searchers.optuna_any import OPTUNA, optuna_searcher
from tuning.searchers.registry import Registered, registered
from tuning.searchers.spec import SearcherSpec, own_searcher, read_options

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")

SEARCHERS: dict[str, Registered] = registered()
"""Every searcher of this program by name, in the order of lists and figures."""

LABELS: dict[str, str] = {name: one.label for name, one in SEARCHERS.items()} | {OPTUNA: "Optuna"}
"""Their names in figures, in the order of figures."""

__all__ = [
    "LABELS",
    "SEARCHERS",
    "Asked",
    "Fidelities",
    "Form",
    "Query",
    "Registered",
    "Searcher",
    "SearcherSpec",
    "compiled",
    "get_searcher",
    "names",
    "normal",
    "pick",
    "uniform",
    "whole",
]


def names(
    *,
    paper: bool | None = None,
    exact: bool | None = None,
    fidelities: bool | None = None,
) -> tuple[str, ...]:
    """The names of the searchers with the given properties; a property that is None is ignored.

    Args:
        paper: whether the AvaGrad paper compares it.
        exact: whether the exact law of its runtime is known.
        fidelities: whether it asks for shorter trainings too.
    """
    asked = {"paper": paper, "exact": exact, "fidelities": fidelities}
    return tuple(
        name
        for name, one in SEARCHERS.items()
        if all(wanted is None or getattr(one, kind) == wanted for kind, wanted in asked.items())
    )


def get_searcher(text: str) -> SearcherSpec:
    """The searcher that `text` names, with its options read.

    >>> get_searcher("gld:radius_max=10,ball=clip").options
    {'radius_max': 10.0, 'ball': 'clip'}

    Raises:
        BadInput: an unknown name (the nearest is suggested), an unknown option, or one of the wrong type.
    """
    text = text.strip()
    name, _, rest = text.partition(":")
    if name in SEARCHERS:
        one = SEARCHERS[name]
        return SearcherSpec(text, name, one.form, read_options(rest, one.form, f"searcher '{name}'"))
    if name == OPTUNA:
        return optuna_searcher(text)
    if re.match(r"[A-Za-z_./][\w./-]*:[A-Za-z_]\w*(:|$)", text):
        return own_searcher(text)
    raise unknown("searcher", name, [*SEARCHERS, f"{OPTUNA}:NAME"])
