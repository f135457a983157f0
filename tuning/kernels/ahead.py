"""Cells proposed ahead to searchers over fidelities, for the compiled loop.

The searcher that proposes the cells is told their values at the first rung. These do not depend on what becomes of the
trainings, so it can run before them: by the same compiled loop, on the table of these values.
"""

import numpy as np

from grids.space import Space
from tuning.kernels.loop import run
from tuning.kernels.pcg import streams
from tuning.searchers.form import Form, with_room
from tuning.searchers.proposer import Proposed, bracket_proposer
from tuning.streams import PROPOSER

FIRST = 512
"""The number of trainings for which cells are proposed at first; times four whenever a replay needs more."""


def is_known_ahead(form: Form, of: Form | None, once: bool) -> bool:
    """Whether the cells that `of` proposes to `form` can be made ahead."""
    return of is not None and (once or form.proposes == "first" or not of.learns)


def proposed_ahead(
    of: str,
    proposed: Proposed,
    space: Space,
    told: np.ndarray,
    columns: np.ndarray,
    trainings: int,
    first: np.random.SeedSequence,
    repeats: range,
) -> np.ndarray:
    """The cells of the first trainings of each bracket: the same as `tuning.searchers.proposer.Proposers` gives.

    Args:
        of: the text of the option.
        proposed: from the tables of the searcher that the cells are for.
        space: the space.
        told: float64 `[cells, columns, points]`, the values of the cells that may be proposed.
        columns: int32 `[replays, trainings or more]`, the column that each training is told from.
        trainings: of all brackets together, at least.
        first: the seed sequence of any replay of the searcher that the cells are for.
        repeats: the numbers of the replays.

    Returns:
        int32 `[replays, brackets, trainings]`, whose last axis is as long as the longest bracket needs.
    """
    sizes = proposed.sizes
    ends = np.cumsum(sizes)
    rounds = -(-trainings // int(ends[-1]))
    known = np.zeros((len(repeats), rounds * int(ends[-1])), np.int32)
    most = min(known.shape[1], columns.shape[1])
    known[:, :most] = columns[:, :most]
    found = np.full((len(repeats), len(sizes), rounds * int(sizes.max())), -1, np.int32)
    for bracket, (size, end) in enumerate(zip(sizes.tolist(), ends.tolist(), strict=True)):
        # The numbers of this bracket's trainings: `size` in each round.
        places = (np.arange(rounds)[:, None] * ends[-1] + end - size + np.arange(size)).ravel()
        spec, tables = bracket_proposer(of, proposed, bracket, space)
        assert spec.form is not None
        final = np.ascontiguousarray(told[..., proposed.points[bracket]])
        rngs = streams(first, repeats, (PROPOSER, bracket))
        cells = np.full((len(repeats), len(places)), -1, np.int32)
        own = np.ascontiguousarray(known[:, places])
        run(spec.form, with_room(tables, len(places)), rngs, final, own, -np.inf, cells)
        found[:, bracket, : len(places)] = cells
    return found
