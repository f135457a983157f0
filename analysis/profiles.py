"""Runtime profiles over targets (ECDF), and performance profiles over problems."""

from collections.abc import Sequence

import numpy as np

from analysis.ert import FEW_HITS, ert
from analysis.replays import Group, Runtimes
from grids.errors import BadInput
from grids.target import Count

_MANY = 21


def many_targets(default: Sequence[float]) -> tuple[float, ...]:
    """21 targets, evenly spaced on a log scale from 10 times the largest default target to a fifth of the smallest.

    Default targets of 0 are ignored.

    >>> many_targets((0.5, 1.0))[:3], many_targets((0.5, 1.0))[-1]
    ((10.0, 7.94, 6.31), 0.1)

    Raises:
        BadInput: no default target is above 0.
    """
    above = [target for target in default if target > 0]
    if not above:
        raise BadInput("the surface's only target is 0; name others with --target")
    return tuple(float(f"{target:.3g}") for target in np.geomspace(10 * max(above), min(above) / 5, _MANY))


def runtime_profile(runtimes: Sequence[Runtimes]) -> tuple[np.ndarray, np.ndarray, float]:
    """The share of (replay, target) pairs reached, against cost: COCO's runtime profile.

    Hansen et al. 2016, "COCO: Performance assessment", section 4.

    Args:
        runtimes: one for each target (and surface, where several are taken together).

    Returns:
        Costs at which a pair is reached, ascending, and the share reached by then, float64 `[steps]` each; and the cost
        up to which all pairs were observed, infinite where all were reached. Later steps are left out.
    """
    end = min(part.horizon for part in runtimes)
    times = np.concatenate([part.time[part.hit] for part in runtimes])
    total = sum(part.repeats for part in runtimes)
    steps, counts = np.unique(times[times <= end], return_counts=True)
    return steps.astype(np.float64), counts.cumsum() / total, end


def cost_ratios(costs: np.ndarray) -> np.ndarray:
    """Each cost over the lowest of its problem: float64 `[problems, solvers]`, infinite where a solver has no cost.

    r_{p,s} of Dolan and Moré 2002, section 2.

    Args:
        costs: float64 `[problems, solvers]`, NaN where a solver did not solve the problem.
    """
    known = np.where(np.isnan(costs), np.inf, costs)
    lowest = known.min(axis=1, keepdims=True)
    # A problem that no solver solved has no lowest cost: all its ratios are infinite.
    return np.divide(known, lowest, out=np.full_like(known, np.inf), where=np.isfinite(known))


def performance_profile(ratios: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """ρ(τ), the share of problems that a solver solves at no more than τ times the lowest cost.

    Dolan and Moré 2002, equation 2.1.

    Args:
        ratios: float64 `[problems]`, one solver's.

    Returns:
        τ at each step, ascending from 1, and ρ there: float64 `[steps]` each.
    """
    steps, counts = np.unique(ratios[np.isfinite(ratios)], return_counts=True)
    share = counts.cumsum() / len(ratios)
    if not steps.size or steps[0] > 1:
        steps, share = np.insert(steps, 0, 1.0), np.insert(share, 0, 0.0)
    return steps, share


def cost_matrix(
    groups: Sequence[Group], targets: Sequence[float] | None = None, count: Count = Count.trials
) -> tuple[list[tuple[str, float]], list[str], np.ndarray, int]:
    """ERT of each searcher on each problem, a surface with a target.

    Args:
        groups: of one or more replay tables; surfaces that some searcher lacks are left out.
        targets: suboptimality; each surface's own where not given.
        count: the kind of cost.

    Returns:
        The problems `[problems]`, the searchers `[solvers]`, ERT `[problems, solvers]` with NaN where nothing hit, and
        how many of these have fewer than `FEW_HITS` hits.

    Raises:
        BadInput: no surface was replayed by every searcher.
    """
    found = {(group.surface, group.searcher): group for group in groups}
    searchers = list(dict.fromkeys(group.searcher for group in groups))
    surfaces = [
        surface
        for surface in dict.fromkeys(group.surface for group in groups)
        if all((surface, searcher) in found for searcher in searchers)
    ]
    if not surfaces:
        raise BadInput("no surface was replayed by all of these searchers, so nothing can be compared")
    own = {group.surface: group.about.targets for group in groups}
    problems = [(surface, target) for surface in surfaces for target in (own[surface] if targets is None else targets)]
    runs = [
        [found[surface, searcher].runtimes(target, count) for searcher in searchers] for surface, target in problems
    ]
    costs = np.array([[ert(part) for part in line] for line in runs])
    few = sum(0 < part.hits < FEW_HITS for line in runs for part in line)
    return problems, searchers, costs, few
