"""The option `of` of searchers over fidelities: another searcher that proposes the cells."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from grids.errors import BadInput
from grids.space import Cell, Space
from tuning.searchers.base import Query
from tuning.searchers.spec import SearcherSpec
from tuning.streams import PROPOSER


def proposer_spec(of: str) -> SearcherSpec:
    """The searcher that `of` names, options after a colon separated by `;`, as `gld:radius_max=10;ball=clip`.

    Raises:
        BadInput: an unknown searcher or option, or a searcher over fidelities.
    """
    from tuning.searchers import SEARCHERS, get_searcher

    spec = get_searcher(of.replace(";", ","))
    if spec.over_fidelities or (spec.name in SEARCHERS and SEARCHERS[spec.name].fidelities):
        raise BadInput(f"option 'of' is the searcher that proposes cells, and '{of}' compares shorter trainings itself")
    return spec


def proposes_from_list(options: Mapping[str, Any]) -> bool:
    """Whether a searcher with these options works on a pool: if the searcher that proposes its cells does."""
    return proposer_spec(str(options.get("of", "random"))).from_list


class Proposer:
    """A searcher that proposes cells to another, with its own random stream.

    Args:
        spec: the searcher.
        space: its space.
        rng: of the searcher that it proposes to; its own stream is derived from this generator's seed sequence.
        bracket: the number of the bracket it proposes cells for; each has its own proposer.

    Raises:
        BadInput: an option out of range.
    """

    def __init__(self, spec: SearcherSpec, space: Space, rng: np.random.Generator, bracket: int = 0) -> None:
        parent = rng.bit_generator.seed_seq
        assert isinstance(parent, np.random.SeedSequence)
        key = (*parent.spawn_key, PROPOSER, bracket)
        self.spec, self.space = spec, space
        self.rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence(parent.entropy, spawn_key=key)))
        self.begin()

    def begin(self) -> None:
        """Start a new searcher on the same stream."""
        self._searcher = self.spec.build(self.space, self.rng)

    def ask(self) -> Cell | None:
        """The next cell; None where the searcher waits for a value.

        Raises:
            BadInput: it asks for a `Query` instead of a cell.
        """
        asked = self._searcher.ask()
        if isinstance(asked, Query):
            raise BadInput(f"option 'of' is the searcher that proposes cells, and '{self.spec.text}' asks for a Query")
        found: Cell | None = asked
        return found

    def tell(self, cell: Cell, value: float) -> None:
        self._searcher.tell(cell, value)
