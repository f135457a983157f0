"""The exact law that corresponds to the replays in a table, calculated on the surface that was replayed."""

import math

import numpy as np

from grids.errors import BadInput
from grids.files import file_sha256
from grids.library import find_surface, load_surface
from grids.replay_header import Judged
from grids.surface_facts import SurfaceFacts
from grids.within import within as narrowed
from tuning.exact.laws import exact_curve, exact_laws, too_large
from tuning.exact.runtime import Runtime
from tuning.problem import TabularProblem
from tuning.searchers import get_searcher


def law_of_replays(
    surface_name: str,
    searcher: str,
    judged: Judged,
    about: SurfaceFacts,
    *,
    lowest: float,
    trials: int,
    target: float,
) -> tuple[np.ndarray, Runtime] | None:
    """The mean suboptimality after 1, 2, … `trials` trials, `[trials]`, and the law of the runtime to `target`.

    None where the law cannot be calculated: too many cells, or a pool without neighbours.

    Args:
        surface_name, searcher: of the replays.
        judged: the options by which their cells were judged.
        about: the facts about the surface in their table's header.
        lowest: the value from which their suboptimality is measured.
        trials: the length of the curve.
        target: suboptimality.

    Raises:
        BadInput: replays with noise, or a surface that differs from the one that was replayed.
    """
    if judged.noise != "none":
        raise BadInput(f"--exact needs replays without noise, not those of {surface_name}, {searcher}")
    surface = load_surface(surface_name, judged.value_of)
    whole = float(surface.table(judged.seed_statistic).min())
    known = whole if about.lowest is None else about.lowest
    if judged.lowest == "own":
        known = lowest
    same = math.isclose(whole, known, rel_tol=1e-9, abs_tol=1e-9)
    if not same or (about.sha256 and about.sha256 != file_sha256(find_surface(surface_name))):
        raise BadInput(f"--exact: {surface_name} is no longer the surface that was replayed")
    part = surface if judged.within == "all" else narrowed(surface, judged.within)
    problem = TabularProblem.of(surface_name, part, judged.seed_statistic, lowest=lowest)
    on_pool = part.space.is_pool and not get_searcher(searcher).from_list
    if on_pool or too_large(searcher, part.space.size):
        return None
    table = problem.value.reshape(part.space.shape)
    curve = exact_curve(table, searcher, trials, part.space) + (float(table.min()) - problem.lowest)
    (law,) = exact_laws(table, searcher, [target], problem.lowest, part.space)
    return curve, law
