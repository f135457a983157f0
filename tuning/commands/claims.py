"""`tunecost claims`: compares each of the paper's statements with what surfaces show."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from grids.errors import BadInput, unknown
from tuning.commands.figure3 import ALPHAS, RIDGE_RUNS, RIDGE_STEPS
from tuning.commands.options import Form, Jobs, Quiet, Seed, check_least, remark_on_targets
from tuning.terminal import Format, markdown_table, print_rows, progress

if TYPE_CHECKING:
    import numpy as np

    from analysis.claims.evidence import CounterexampleRuns, Key
    from analysis.replays import Group
    from grids.library import Entry
    from grids.surface import Surface

COLUMNS = ("task", "id", "statement", "paper", "ours", "low", "high", "verdict", "why", "seeds_to_settle")
SHOWN = COLUMNS[1:-1]
"""Columns of a table on a terminal; its title is the task, and `why` names the seeds that would decide a claim."""
REPEATS = 200
"""Default number of replays of searchers without an exact law."""
ALL = "all domains"
"""Stands in the column `task` for statements about the tasks of all domains together."""
RUNS, STEPS = 10, 200_000
"""Number and length of runs on the counterexample (equation 11)."""
RATE_RUNS = 20
"""Number of runs for each convergence rate."""
HORIZONS: "tuple[int, ...] | None" = None
"""Numbers of steps at which convergence rates are measured; None: the large ones of `trainers.theory`."""


def claims(
    task: Annotated[
        list[str] | None,
        typer.Option(
            help="A task with surfaces; may be given again.", show_default="all shipped ones, or those in ./surfaces"
        ),
    ] = None,
    target: Annotated[
        float | None,
        typer.Option(help="Suboptimality at which tuning cost is compared.", show_default="the surfaces' first target"),
    ] = None,
    repeats: Annotated[
        int, typer.Option(help="Replays of searchers without an exact law: {replayed_searchers}.")
    ] = REPEATS,
    seed: Seed = 0,
    jobs: Jobs = None,
    form: Form = Format.table,
    quiet: Quiet = False,
) -> None:
    """The paper's statements: for each the paper's number, ours, and whether it holds, fails, or cannot be decided.

    Searchers with an exact law are judged by it, the others by replays. Intervals are over seeds; where a statement
    cannot be decided, the reason says how many seeds would be enough. JSON also has the rule behind each verdict and
    the section of the paper. With tasks of more than one domain, the last statements are about the paper's title:
    which optimizers are dominant in all of vision, language and generation.
    """
    from grids.target import check_targets

    check_targets([] if target is None else [target])
    for option, number, least in (("seed", seed, 0), ("repeats", repeats, 1), ("jobs", jobs, 1)):
        check_least(option, number, least)
    tasks = chosen(task)
    rows = findings(tasks, target, repeats, seed, jobs, quiet, wide_partners(tasks))
    if form in (Format.json, Format.csv, Format.latex):
        print_rows(rows, COLUMNS, form)
    elif form == Format.markdown:
        print(_markdown(rows))
    else:
        for name in dict.fromkeys(row["task"] for row in rows):
            some = [{column: row[column] for column in SHOWN} for row in rows if row["task"] == name]
            print_rows(some, SHOWN, Format.table, name)


def findings(
    tasks: "dict[str, dict[str, Surface]]",
    target: float | None = None,
    repeats: int = REPEATS,
    seed: int = 0,
    jobs: int | None = None,
    quiet: bool = False,
    wide: "dict[str, dict[str, Surface]] | None" = None,
) -> list[dict[str, Any]]:
    """The rows of `tunecost claims`.

    Args:
        tasks: by task, its surfaces by optimizer.
        target: suboptimality at which tuning cost is compared, in the surfaces' unit; None: their first target.
        repeats: replays of each searcher without an exact law.
        seed: of all randomness.
        jobs: number of processes; None: all processors.
        quiet: show no progress bar and no messages.
        wide: surfaces of wider networks that the tasks are compared with, as `wide_partners` returns them.

    Returns:
        A row for each statement, by the names of `COLUMNS`.

    Raises:
        BadInput: surfaces of one task in different units.
    """
    from analysis.claims import Evidence, dominance, judge
    from analysis.claims.domains import domain_of
    from analysis.claims.widths import wide_partner
    from trainers.rules import RULES, STUDY
    from tuning.replay import cores
    from tuning.searchers import SEARCHERS, names

    exact, replayed = len(names(paper=True, exact=True)), len(names(paper=True, exact=False))
    work = sum(
        exact + repeats * replayed + _repeats_of_part(repeats) * replayed * (len(some) - 1)
        for surfaces in tasks.values()
        for some in _tables(surfaces).values()
    )
    phrases = {name: SEARCHERS[name].phrase for name in names(paper=True)}
    known = (wide or {}) | tasks
    rows: list[dict[str, Any]] = []
    evidences: list[Evidence] = []
    with progress("claims", work, quiet) as advance:
        runs, theory = _counterexample(seed), _theory(seed)
        for name, surfaces in tasks.items():
            goal, level, unit = _targets(name, surfaces, target, quiet)
            laws = _laws(surfaces, goal, advance)
            replays = _replays(surfaces, repeats, seed, cores() if jobs is None else jobs, advance)
            evidence = Evidence(
                task=name,
                surfaces=surfaces,
                wide=known.get(wide_partner(name), {}),
                replays=replays,
                survival=laws[0],
                curves=laws[1],
                counterexample=runs,
                searchers=phrases,
                methods=STUDY,
                target=goal,
                level=level,
                unit=unit,
                seed=seed,
                **theory,
            )
            evidences.append(evidence)
            rows += [{"task": name} | finding.row() for finding in judge(evidence)]
    if len({domain_of(surfaces) for surfaces in tasks.values()} - {None}) > 1:
        labels = {name: RULES[name].label for name in STUDY}
        rows += [{"task": ALL} | finding.row() for finding in dominance(evidences, labels)]
    return rows


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


def _tables(surfaces: "dict[str, Surface]") -> "dict[str, list[np.ndarray]]":
    """The tables `[alpha, epsilon]` over the seeds of the two surfaces that the paper compares (`pair`)."""
    from analysis.claims.evidence import pair
    from analysis.claims.precision import tables

    return {name: tables(surface) for name, surface in pair(surfaces).items()}


def _laws(
    surfaces: "dict[str, Surface]", target: float, advance: "Callable[[int], None]"
) -> "tuple[dict[Key, np.ndarray], dict[Key, np.ndarray]]":
    """By optimizer and searcher, exact survival and exact curves over one trial per cell: `[tables, trials]`."""
    import numpy as np

    from tuning.exact import exact_curve, exact_laws
    from tuning.searchers import names

    survival, curves = {}, {}
    for name, some in _tables(surfaces).items():
        for searcher in names(paper=True, exact=True):
            laws = [exact_laws(table, searcher, [target])[0].survival(table.size) for table in some]
            survival[name, searcher] = np.array(laws)
            curves[name, searcher] = np.array([exact_curve(table, searcher, table.size) for table in some])
            advance(1)
    return survival, curves


def _repeats_of_part(repeats: int) -> int:
    """The number of replays on the mean over a part of the seeds, where `repeats` are on the mean over all."""
    return max(1, repeats // 4)


def _replays(
    surfaces: "dict[str, Surface]", repeats: int, seed: int, jobs: int, advance: "Callable[[int], None]"
) -> "dict[Key, list[Group]]":
    """Replays by optimizer and searcher: first on the mean over all seeds, then on means over parts of them."""
    from dataclasses import replace

    import numpy as np

    from analysis.replays import split
    from tuning.replay import replay
    from tuning.searchers import names

    of_all: dict[str, Surface] = {}
    of_parts: dict[str, Surface] = {}
    for name, some in _tables(surfaces).items():
        for number, table in enumerate(some):
            value, diverged = table[..., None], np.zeros((*table.shape, 1), bool)
            bare = replace(surfaces[name], curve=None, train_loss=None, seconds=None, extra={}, filled=None)
            averaged = replace(bare, seeds=(0,), value=value, diverged=diverged)
            (of_parts if number else of_all)[f"{name}/{number}"] = averaged
    found: dict[Key, list[Group]] = {}
    searchers = names(paper=True, exact=False)
    for labelled, many in ((of_all, repeats), (of_parts, _repeats_of_part(repeats))):
        if labelled:
            frame = replay(labelled, searchers, repeats=many, seed=seed, jobs=jobs, advance=advance)
            for group in split(frame):
                found.setdefault((group.surface.rpartition("/")[0], group.searcher), []).append(group)
    return found


def _markdown(rows: list[dict[str, Any]]) -> str:
    lines: list[str] = []
    for task in dict.fromkeys(row["task"] for row in rows):
        cells = [
            (row["statement"], _number(row["paper"]), _with_interval(row), f"**{row['verdict']}**", row["why"])
            for row in rows
            if row["task"] == task
        ]
        lines += [f"### {task}", "", markdown_table(("statement", "paper", "ours", "verdict", "why"), cells), ""]
    return "\n".join(lines).rstrip()


def _with_interval(row: dict[str, Any]) -> str:
    ours, low, high = (_number(row[name]) for name in ("ours", "low", "high"))
    return f"{ours} [{low}, {high}]" if low or high else ours


def _number(value: float | None) -> str:
    return "" if value is None or value != value else f"{value:.3g}"


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


def _theory(seed: int) -> dict[str, Any]:
    """The measurements with which the theorems are compared, by their names in `Evidence`."""
    from trainers import theory

    ridge = theory.ridge(seed, RIDGE_RUNS, RIDGE_STEPS)
    rates = theory.rates(seed, RATE_RUNS, theory.LARGE_HORIZONS if HORIZONS is None else HORIZONS)
    return {
        "rates": {name: (rate.steps, rate.means) for name, rate in rates.items()},
        "family": theory.family(seed, RUNS, STEPS),
        "regimes": (ridge.epsilon, ridge.alpha),
    }
