"""`tunecost claims`: compares each of the paper's statements with what surfaces show."""

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from analysis.commands.figure3 import ALPHAS, RIDGE_RUNS, RIDGE_STEPS
from grids.commands.options import Form, Jobs, Quiet, Seed, check_least, remark_on_targets
from grids.terminal import Format, markdown_table, print_rows, progress, say

if TYPE_CHECKING:
    from analysis.claims import Finding
    from analysis.claims.evidence import CounterexampleRuns, Mathematics
    from grids.surface import Surface

REPEATS = 400
"""Default number of replays of each searcher, over all surfaces without noise together."""
RUNS, STEPS = 10, 200_000
"""Number and length of runs on the counterexample (equation 11)."""
RATE_RUNS = 20
"""Number of runs for each convergence rate."""
HORIZONS: "tuple[int, ...] | None" = None
"""Numbers of steps at which convergence rates are measured; None: the large ones of `trainers.theory`."""
EQUATION = "equation 11"
"""Stands in the column `task` for statements about no task."""
COLUMNS = ("task", "id", "statement", "paper", "ours", "low", "high", "verdict", "why", "seeds_to_settle", "p")
SHOWN = COLUMNS[1:-2]
"""Columns of a table on a terminal; its title is the task, and `why` names the seeds that would decide a claim."""


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
        int, typer.Option(help="Replays of each searcher, over all the surfaces without noise together.")
    ] = REPEATS,
    holm: Annotated[
        bool,
        typer.Option("--holm", help="Decide only what holds together with the task's other verdicts (Holm's method)."),
    ] = False,
    seed: Seed = 0,
    jobs: Jobs = None,
    form: Form = Format.table,
    quiet: Quiet = False,
) -> None:
    """The paper's statements: for each the paper's number, ours, and whether it holds, fails, or cannot be decided.

    Intervals are over seeds: costs are those on surfaces without the noise that the seeds support, values are those of
    seeds that had no part in choosing the cell, and a best value at the edge of its grid tells one side only. With one
    seed nothing is told of values and costs. Where a statement cannot be decided, the reason says how many seeds would
    do it. JSON also has the whole rule of each verdict, the section of the paper, and the level p at which it would be
    decided. Statements about equation 11 are the same for every task and stand once, apart; with tasks of more than one
    domain, the last ones are about the paper's title: which optimizers are dominant in vision, language and generation.
    """
    from analysis.claims import by_holm
    from analysis.claims.gathering import chosen, wide_partners
    from grids.target import check_targets

    check_targets([] if target is None else [target])
    for option, number, least in (("seed", seed, 0), ("repeats", repeats, 1), ("jobs", jobs, 1)):
        check_least(option, number, least)
    tasks = chosen(task)
    found = findings(tasks, target, repeats, seed, jobs, quiet, wide_partners(tasks))
    if holm:
        found = {name: by_holm(some) for name, some in found.items()}
    rows = rows_of(found)
    if form in (Format.json, Format.csv, Format.latex):
        print_rows(rows, COLUMNS, form)
    elif form == Format.markdown:
        print(_markdown(rows))
    else:
        for name in found:
            shown = [{column: row[column] for column in SHOWN} for row in rows if row["task"] == name]
            print_rows(shown, SHOWN, Format.table, name)
    if form.narrow or form == Format.markdown:
        for name, some in found.items():
            if words := summary(name, some, holm):
                say(words, quiet)


def findings(
    tasks: "dict[str, dict[str, Surface]]",
    target: float | None = None,
    repeats: int = REPEATS,
    seed: int = 0,
    jobs: int | None = None,
    quiet: bool = False,
    wide: "dict[str, dict[str, Surface]] | None" = None,
) -> "dict[str, list[Finding]]":
    """The findings by task; those on equation 11 under `EQUATION`, of all domains under `ALL`.

    Raises:
        BadInput: surfaces of one task in different units.
    """
    from analysis.claims import judge_mathematics
    from analysis.claims.gathering import ALL, Study, task_targets
    from grids.machine import cores
    from trainers.rules import RULES, STUDY
    from tuning.replay import replay
    from tuning.searchers import SEARCHERS, names

    study = Study(
        replay=partial(replay, jobs=cores() if jobs is None else jobs),
        searchers={name: SEARCHERS[name].phrase for name in names(paper=True)},
        labels={name: RULES[name].label for name in STUDY},
        epsilons={name: RULES[name].hyperparameters.get("epsilon") for name in STUDY},
        repeats=repeats,
        seed=seed,
    )
    for task, surfaces in tasks.items():
        targets, unit = task_targets(task, surfaces)
        remark_on_targets(((name, own, unit) for name, own in targets.items()), quiet)
    with progress("claims", study.work(tasks), quiet) as advance:
        found, together = study.findings(tasks, target, wide or {}, advance)
        found[EQUATION] = list(judge_mathematics(_mathematics(seed)))
    return found | ({ALL: together} if together else {})


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


def rows_of(found: "dict[str, list[Finding]]") -> list[dict[str, Any]]:
    """A row for each finding, with its task, by the names of `COLUMNS` and further ones."""
    return [{"task": name} | finding.row() for name, some in found.items() for finding in some]


def summary(task: str, found: "list[Finding]", holm: bool = False) -> str:
    """How many statements hold on a task, and how many chance alone would decide; empty where none has a level."""
    from analysis.claims import Verdict, chance

    known, decided, by_chance = chance(found)
    if not known:
        return ""
    held, failed, left = (sum(one.verdict == verdict for one in found) for verdict in Verdict)
    words = f"{task}: of {len(found)} statements {held} hold, {failed} do not, {left} cannot be told"
    if holm:
        return (
            f"{words}; the verdicts of the {known} with an interval over seeds hold together at 95 %, by Holm's method"
        )
    return (
        f"{words}; of the {known} with an interval over seeds {decided} are decided, and chance alone would decide "
        f"{by_chance:.1f} if none were true or false by any margin (--holm corrects for that)"
    )


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
