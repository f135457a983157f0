"""Options that commands on replay tables share, and the groups of replays that they select."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from grids.commands.options import Counted, LowestOf, Relative
from grids.errors import BadInput
from grids.target import Count
from grids.terminal import progress, say

if TYPE_CHECKING:
    from analysis.again import Again
    from analysis.replays import Group

Seeds = Literal["common", "all"]
"""The seeds of surfaces that are compared."""
SeedsOf = Annotated[
    Seeds,
    typer.Option(
        "--seeds",
        help="common: surfaces of one task are compared on the seeds that all of them have, and replays on others are "
        "played again; all: as in the replays.",
    ),
]
Noiseless = Annotated[
    bool,
    typer.Option(
        "--noiseless",
        help="Play the replays again on surfaces without the noise of their seeds, drawn from what all of their seeds "
        "support: intervals are then over seeds. Surfaces with one seed are left out.",
    ),
]


@dataclass(frozen=True, kw_only=True)
class CostOptions:
    """The kind of cost, and how suboptimality is measured."""

    count: Counted = Count.trials
    relative: Relative = False
    lowest: LowestOf = None
    seeds: SeedsOf = "common"
    noiseless: Noiseless = False

    def groups(self, paths: Sequence[Path], quiet: bool = False, levels: Sequence[float] = ()) -> "list[Group]":
        """The groups of replay tables, as `analysis.again.Again.groups` gives them.

        Raises:
            BadInput: as there; or `levels`, which are absolute, of surfaces without noise.
        """
        if self.noiseless and levels:
            raise BadInput("--noiseless measures from the lowest value of each surface: not --level")
        lowest = self.lowest
        return again(quiet).groups(paths, self.relative, lowest, self.seeds == "common", self.noiseless)


def again(quiet: bool = False) -> "Again":
    """The player of replays, on all cores."""
    from analysis.again import Again
    from grids.machine import cores
    from tuning.paths import not_again
    from tuning.replay import replay

    return Again(partial(replay, jobs=cores()), not_again, partial(say, quiet=quiet), partial(progress, quiet=quiet))


def cost_model_text(groups: "Sequence[Group]", count: Count) -> str:
    """The cost model for a table's title, as `, cost model resume`; empty where `count` does not depend on it."""
    dependent = count not in (Count.trials, Count.unique) or any(group.shortened for group in groups)
    models = dict.fromkeys(group.judged.cost_model for group in groups)
    return f", cost model {' or '.join(models)}" if dependent else ""
