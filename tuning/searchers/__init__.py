"""The searchers, by the text users type.

`NAME`, or `NAME:option=value,option=value`, where NAME is one of `SEARCHERS`; `optuna:NAME` for any sampler class of
Optuna (`optuna:NAME:option=value`); or `my_module:MySearcher` for a class in one's own file. A new searcher of this
program is one file here and one line in `SEARCHERS`.
"""

import re
from collections.abc import Callable

from grids.errors import unknown
from tuning.searchers.base import Searcher, pick
from tuning.searchers.cgld import CGLD
from tuning.searchers.cmaes import CMAES
from tuning.searchers.gld import GLD
from tuning.searchers.optuna_any import optuna_searcher
from tuning.searchers.random import Random
from tuning.searchers.random_unique import RandomUnique
from tuning.searchers.spec import SearcherSpec, own_searcher, read_options
from tuning.searchers.tpe import TPE

SEARCHERS: dict[str, Callable[..., Searcher]] = {
    "random": Random,
    "random-unique": RandomUnique,
    "tpe": TPE,
    "cmaes": CMAES,
    "gld": GLD,
    "cgld": CGLD,
}
"""Name → what is called as `(space, rng, **options)`."""

__all__ = ["SEARCHERS", "Searcher", "SearcherSpec", "get_searcher", "pick"]


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
        factory = SEARCHERS[name]
        return SearcherSpec(text, name, factory, read_options(rest, factory, f"searcher '{name}'"))
    if name == "optuna":
        return optuna_searcher(text)
    if re.match(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*(:|$)", text):
        return own_searcher(text)
    raise unknown("searcher", name, [*SEARCHERS, "optuna:NAME"])
