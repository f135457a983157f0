"""The searchers, selected by the text that users type.

`NAME`, or `NAME:option=value,option=value`, where NAME is one of `SEARCHERS`; `optuna:NAME` for any sampler class of
Optuna (`optuna:NAME:option=value`); or `my_module:my_searcher` for a class or a form in a user's own file. To
add a searcher to this package, add a module here that registers a form.
"""

import importlib
import pkgutil
import re
from collections.abc import Collection

from grids.errors import unknown
from grids.options_text import options_of
from grids.plugins import not_named
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
    "names_code",
    "normal",
    "pick",
    "searcher_in_file",
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


def names_code(text: str) -> bool:
    """Whether `get_searcher` would import a module that does not ship, for the searcher itself or its option `of`.

    >>> names_code("gld:radius_max=10"), names_code("mine:Searcher"), names_code("median:of=mine:Searcher")
    (False, True, True)
    """
    name, found, rest = text.strip().partition(":")
    if name not in SEARCHERS:
        return bool(found) and name != OPTUNA
    of = options_of(rest, f"searcher '{name}'").get("of")
    return of is not None and names_code(of.replace(";", ","))


def searcher_in_file(text: str, named: Collection[str], owner: str, option: str = "-s") -> SearcherSpec:
    """The searcher that a file names; code that does not ship is loaded only if the user named it too.

    Args:
        text: as the file has it.
        named: the searchers that the user named, as texts.
        owner: the file, with which the refusal begins.
        option: by which the user names them.

    Raises:
        BadInput: as `get_searcher`, or it does not ship and is not named.
    """
    if text not in named and names_code(text):
        raise not_named(owner, "searcher", text, option)
    return get_searcher(text)
