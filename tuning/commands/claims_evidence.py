"""The evidence of `tunecost claims`: surfaces, replays on surfaces without noise, runs on the counterexample."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from grids.errors import BadInput, unknown
from tuning.commands.figure3 import ALPHAS, RIDGE_RUNS, RIDGE_STEPS
from tuning.commands.options import remark_on_targets
from tuning.terminal import progress

if TYPE_CHECKING:
    import numpy as np

    from analysis.claims import Finding
    from analysis.claims.evidence import CounterexampleRuns, Key, Mathematics
    from analysis.replays import Group
    from grids.library import Entry
    from grids.surface import Surface

REPEATS = 400
"""Default number of replays of each searcher, over all `PLAYED` surfaces together."""
DRAWS, PLAYED = 200, 20
"""Surfaces without noise that are drawn for each of Adam and AvaGrad, and how many of them are replayed."""
RUNS, STEPS = 10, 200_000
"""Number and length of runs on the counterexample (equation 11)."""
RATE_RUNS = 20
"""Number of runs for each convergence rate."""
HORIZONS: "tuple[int, ...] | None" = None
"""Numbers of steps at which convergence rates are measured; None: the large ones of `trainers.theory`."""
ALL, EQUATION = "all domains", "equation 11"
"""Stand in the column `task` for statements about the tasks of all domains together, and about no task."""


def findings(
    tasks: "dict[str, dict[str, Surface]]",
    target: float | None = None,
    repeats: int = REPEATS,
    seed: int = 0,
    jobs: int | None = None,
    quiet: bool = False,
    wide: "dict[str, dict[str, Surface]] | None" = None,
) -> "dict[str, list[Finding]]":
    """The findings of `tunecost claims`, by task; those on equation 11 under `EQUATION`, of all domains under `ALL`.

    Args:
        tasks: by task, its surfaces by optimizer.
        target: suboptimality at which tuning cost is compared, in the surfaces' unit; None: their first target.
        repeats: replays of each searcher, over all draws together.
        seed: of all randomness.
        jobs: number of processes; None: all processors.
        quiet: show no progress bar and no messages.
        wide: surfaces of wider networks that the tasks are compared with, as `wide_partners` returns them.

    Raises:
        BadInput: surfaces of one task in different units.
    """
    from analysis.claims import Evidence, dominance, judge, judge_mathematics
    from analysis.claims.domains import domain_of
    from analysis.claims.evidence import pair
    from analysis.claims.widths import wide_partner
    from grids.machine import cores
    from trainers.rules import RULES, STUDY
    from tuning.searchers import SEARCHERS, names

    each = -(-repeats // PLAYED)
    replayed = [name for name in names(paper=True) if name != "random"]
    work = sum(each * PLAYED * len(replayed) for some in tasks.values() for one in pair(some).values() if _several(one))
    known = (wide or {}) | tasks
    found: dict[str, list[Finding]] = {}
    evidences: list[Evidence] = []
    with progress("claims", work, quiet) as advance:
        for name, surfaces in tasks.items():
            goal, level, unit = _targets(name, surfaces, target, quiet)
            draws = _draws(surfaces, goal, seed)
            evidence = Evidence(
                task=name,
                surfaces=surfaces,
                wide=known.get(wide_partner(name), {}),
                draws=draws,
                replays=_replays(surfaces, draws, replayed, each, seed, cores() if jobs is None else jobs, advance),
                searchers={name: SEARCHERS[name].phrase for name in names(paper=True)},
                methods={name: RULES[name].hyperparameters.get("epsilon") for name in STUDY},
                target=goal,
                level=level,
                unit=unit,
            )
            evidences.append(evidence)
            found[name] = judge(evidence)
        found[EQUATION] = list(judge_mathematics(_mathematics(seed)))
    if len({domain_of(surfaces) for surfaces in tasks.values()} - {None}) > 1:
        found[ALL] = dominance(evidences, {name: RULES[name].label for name in STUDY})
    return found


def chosen(tasks: list[str] | None) -> "dict[str, dict[str, Surface]]":
    """The surfaces of the named tasks, by task and optimizer.

    Args:
        tasks: names; None: all tasks of shipped surfaces, or if none is shipped those in ./surfaces.

    Raises:
        BadInput: a task without surfaces, or there are no surfaces at all.
    """
    from grids.library import list_surfaces
    from grids.surface_file import load

    known: dict[str, list[Entry]] = {}
    for entry in list_surfaces():
        known.setdefault(entry.name.partition("/")[0], []).append(entry)
    shipped = [name for name, entries in known.items() if any(entry.shipped for entry in entries)]
    if not known:
        raise BadInput("no surface ships with this program and none is in ./surfaces; `tunecost grid run` makes some")
    for name in tasks or ():
        if name not in known:
            raise unknown("task with surfaces", name, known)
    found: dict[str, dict[str, Surface]] = {}
    for name in tasks or shipped or known:
        surfaces = [load(entry.path) for entry in known[name]]
        found[name] = {surface.provenance.optimizer: surface for surface in surfaces}
    return found


def wide_partners(tasks: "dict[str, dict[str, Surface]]") -> "dict[str, dict[str, Surface]]":
    """The surfaces in ./surfaces or shipped of these tasks' wider networks, by task and optimizer; empty if none."""
    from analysis.claims.widths import wide_partner
    from grids.library import list_surfaces

    available = {entry.name.partition("/")[0] for entry in list_surfaces()}
    partners = [task for task in map(wide_partner, tasks) if task in available]
    return chosen(partners) if partners else {}


def _targets(task: str, surfaces: "dict[str, Surface]", target: float | None, quiet: bool) -> tuple[float, float, str]:
    """The target at which costs of a task are compared, the largest target, and their unit.

    Each default target is the largest of those of the compared pair's surfaces, or of all if neither is there.

    Raises:
        BadInput: surfaces of different units.
    """
    from analysis.claims.evidence import PAIR
    from grids.metric import common_unit, default_targets

    unit = common_unit([(one.name, one.provenance.unit) for one in surfaces.values()], f"the claims on {task}")
    pair = [surfaces[name] for name in PAIR if name in surfaces] or list(surfaces.values())
    defaults = {one.name: default_targets(one) for one in pair}
    remark_on_targets(((name, targets, unit) for name, targets in defaults.items()), quiet)
    common = [max(level) for level in zip(*(targets.values for targets in defaults.values()), strict=False)]
    return common[0] if target is None else target, max(common), unit


def _several(surface: "Surface") -> bool:
    return len(surface.seeds) > 1


def _draws(surfaces: "Mapping[str, Surface]", target: float, seed: int) -> "dict[str, np.ndarray]":
    """Tables `[draws, alpha, epsilon]` without noise of the pair that the paper compares, where both have two seeds."""
    from analysis.claims.evidence import pair
    from analysis.ert import stream
    from analysis.noiseless import draws, shifts

    both = pair(surfaces)
    if len({one.seeds for one in both.values()}) > 1:
        return {}
    return {
        name: draws(one, DRAWS, stream(seed, one.name, "noiseless"), 4 * target)
        + shifts(one, seed, DRAWS)[:, None, None]
        for name, one in both.items()
        if _several(one)
    }


def _replays(
    surfaces: "Mapping[str, Surface]",
    draws: "Mapping[str, np.ndarray]",
    searchers: list[str],
    each: int,
    seed: int,
    jobs: int,
    advance: Callable[[int], None],
) -> "dict[Key, list[Group]]":
    """Replays by optimizer and searcher: a group for each of the first draws, with random streams of its own."""
    from analysis.replays import split
    from tuning.replay import replay

    found: dict[Key, list[Group]] = {}
    for number in range(PLAYED if draws else 0):
        tables = {name: surfaces[name].with_values(some[number][..., None]) for name, some in draws.items()}
        numbers = range(number * each, (number + 1) * each)
        for group in split(replay(tables, searchers, repeats=numbers, seed=seed, jobs=jobs, advance=advance)):
            found.setdefault((group.surface, group.searcher), []).append(group)
    return found


def _mathematics(seed: int) -> "Mathematics":
    """Runs on equation 11, with which the theorems and Figure 3 are compared."""
    from analysis.claims import Mathematics
    from trainers import theory

    ridge = theory.ridge(seed, RIDGE_RUNS, RIDGE_STEPS)
    rates = theory.rates(seed, RATE_RUNS, theory.LARGE_HORIZONS if HORIZONS is None else HORIZONS)
    return Mathematics(
        counterexample=_counterexample(seed),
        rates={name: (rate.steps, rate.means) for name, rate in rates.items()},
        family=theory.family(seed, RUNS, STEPS),
        regimes=(ridge.epsilon, ridge.alpha),
    )


def _counterexample(seed: int) -> "dict[tuple[str, float], CounterexampleRuns]":
    """Runs of each method on the counterexample (section 8), at learning rates that include those of `figure 3`."""
    import numpy as np

    from analysis.claims.counterexample import METHODS
    from analysis.claims.evidence import CounterexampleRuns
    from trainers.counterexample import Setting, samples, simulate

    rates = tuple(float(f"{rate:.3g}") for rate in np.geomspace(1e-6, 1, 13))
    rare, ends = samples(seed, RUNS, STEPS), np.array([1, STEPS])
    found = {}
    for method, power in METHODS:
        settings = [Setting(method, rate, 1.0 if power else 1e-8, power) for rate in rates]
        means = simulate(settings, rare, ends)
        found[method, power] = CounterexampleRuns(
            rates, rates.index(ALPHAS[method]), means[..., 1] / means[..., 0], STEPS
        )
    return found
