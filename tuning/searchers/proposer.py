"""The option `of` of searchers over fidelities: another searcher that proposes the cells.

A form whose cells come from another searcher gets its source of cells in place of a random stream. In Python that is a
`Proposers`, which asks and tells the other searcher. Compiled code gets the cells that the other searcher proposes,
made ahead by `tuning.kernels.ahead`: since it is told the values at the first rung alone, which do not depend on what
becomes of the trainings later.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from grids.errors import BadInput
from grids.space import Space
from tuning.kernels.compiling import compiled_part, two_forms
from tuning.searchers.base import Query
from tuning.searchers.form import SHORT, WAIT
from tuning.searchers.spec import SearcherSpec
from tuning.streams import PROPOSER


class Proposed(NamedTuple):
    """What a form wants from the searcher that proposes its cells: the field `proposed` of its tables.

    Args:
        points: int64 `[brackets]`, the point of each bracket's first rung, whose values the proposer is told.
        sizes: int64 `[brackets]`, the number of trainings that begin in each bracket before the next one's turn.
        once: whether the proposer is random search without repetition, begun again in each turn of a bracket.
    """

    points: np.ndarray
    sizes: np.ndarray
    once: bool


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


def bracket_proposer(of: str, proposed: Proposed, bracket: int, space: Space) -> tuple[SearcherSpec, Any]:
    """The searcher that proposes a bracket's cells, and its tables, None where it has no compiled form.

    Raises:
        BadInput: an option out of range.
    """
    if proposed.once:
        spec = proposer_spec("random-unique")
        return spec, spec.tables(space)._replace(round=int(proposed.sizes[bracket]))
    spec = proposer_spec(of)
    return spec, spec.tables(space) if spec.on(space) is spec.form else None


class Proposers:
    """The searchers that propose cells to the brackets of another one, each with its own random stream.

    Args:
        of: the text of the option.
        proposed: from the other searcher's tables.
        space: the space.
        rng: of the other searcher; the streams are derived from this generator's seed sequence.

    Raises:
        BadInput: an option out of range.
    """

    def __init__(self, of: str, proposed: Proposed, space: Space, rng: np.random.Generator) -> None:
        parent = rng.bit_generator.seed_seq
        assert isinstance(parent, np.random.SeedSequence)
        self.space, self._searchers = space, []
        for bracket in range(len(proposed.points)):
            key = (*parent.spawn_key, PROPOSER, bracket)
            own = np.random.Generator(np.random.PCG64(np.random.SeedSequence(parent.entropy, spawn_key=key)))
            spec, tables = bracket_proposer(of, proposed, bracket, space)
            self._searchers.append((spec, spec.build(space, own, tables=tables)))

    def propose(self, bracket: int, number: int) -> int:
        """The flat number of the next cell of a bracket, or `WAIT`; `number` counts the cells of the bracket.

        Raises:
            BadInput: the proposer asks for a `Query` instead of a cell.
        """
        spec, searcher = self._searchers[bracket]
        asked = searcher.ask()
        if isinstance(asked, Query):
            raise BadInput(f"option 'of' is the searcher that proposes cells, and '{spec.text}' asks for a Query")
        return WAIT if asked is None else self.space.flat(asked)

    def inform(self, bracket: int, cell: int, value: float) -> None:
        """Tell a bracket's proposer the value of a cell that it proposed."""
        self._searchers[bracket][1].tell(self.space.cell(int(cell)), value)


@compiled_part
def _made_ahead(cells: np.ndarray, bracket: int, number: int) -> int:
    return int(cells[bracket, number]) if number < cells.shape[1] else SHORT


@compiled_part
def _told_ahead(cells: np.ndarray, bracket: int, cell: int, value: float) -> None:
    pass


propose: Any = two_forms(_made_ahead, Proposers.propose)
"""`propose(cells, bracket, number)`, of a source of cells: see `Proposers.propose`."""

inform: Any = two_forms(_told_ahead, Proposers.inform)
"""`inform(cells, bracket, cell, value)`, of a source of cells: see `Proposers.inform`."""
