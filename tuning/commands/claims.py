"""`tunecost claims`: the paper's statements, held against surfaces one by one."""

import enum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from grids.errors import BadInput, unknown
from tuning.terminal import Format, print_rows, progress

if TYPE_CHECKING:
    from analysis.claims import Evidence
    from analysis.claims.evidence import Descent
    from grids.library import Entry

COLUMNS = ("task", "id", "statement", "paper", "ours", "low", "high", "verdict", "why")
EXACT = ("random", "gld", "cgld")
REPLAYED = ("tpe", "cmaes")
PAIR = ("adam", "avagrad")
RUNS, STEPS = 10, 200_000
"""On the counterexample."""
MOST_SEEDS = 5
"""Seeds whose own tables are judged beside their mean; each costs a few seconds."""


class Form(enum.StrEnum):
    """How findings are printed."""

    table = "table"
    json = "json"
    markdown = "markdown"


def claims(
    task: Annotated[
        list[str] | None,
        typer.Option(help="A task with surfaces; may be given again.", show_default="all that ship, else ./surfaces"),
    ] = None,
    target: Annotated[float, typer.Option(help="Suboptimality at which tuning cost is compared.")] = 0.5,
    repeats: Annotated[int, typer.Option(help="Replays of searchers without an exact law: tpe and cmaes.")] = 200,
    seed: Annotated[int, typer.Option(help="Of all randomness; 0 or more.")] = 0,
    jobs: Annotated[
        int | None, typer.Option(help="Processes; never changes a result.", show_default="all processors")
    ] = None,
    form: Annotated[Form, typer.Option("--format", help="How findings are printed.")] = Form.table,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress bar.")] = False,
) -> None:
    """The paper's statements, each with its number, ours, and whether it holds here, does not, or cannot be told.

    Random search, GLD and CGLD are judged by their exact laws, TPE and CMA-ES by replays. JSON gives the rule behind
    each verdict and the paper's section too.
    """
    from analysis.claims import judge
    from grids.target import check_targets

    check_targets([target])
    for option, number, least in (("seed", seed, 0), ("repeats", repeats, 1), ("jobs", jobs, 1)):
        if number is not None and number < least:
            raise BadInput(f"--{option} must be {least} or more, not {number}")
    entries = _chosen(task)
    rows: list[dict[str, Any]] = []
    with progress(
        "claims", 2 * len(EXACT) * len(entries) + 2 * repeats * len(REPLAYED) * len(entries), quiet
    ) as advance:
        runs = _counterexample(seed)
        for name, found in entries.items():
            evidence = _evidence(name, found, target, repeats, seed, jobs, runs, advance)
            rows += [{"task": name} | finding.row() for finding in judge(evidence)]
    if form == Form.json:
        print_rows(rows, COLUMNS, Format.json)
    elif form == Form.markdown:
        print(_markdown(rows))
    else:
        for name in entries:
            some = [{column: row[column] for column in COLUMNS[1:]} for row in rows if row["task"] == name]
            print_rows(some, COLUMNS[1:], Format.table, name)


def _chosen(tasks: list[str] | None) -> "dict[str, list[Entry]]":
    """The surfaces of each task asked for."""
    from grids.library import list_surfaces

    known: dict[str, list[Entry]] = {}
    for entry in list_surfaces():
        known.setdefault(entry.name.partition("/")[0], []).append(entry)
    shipped = {name: entries for name, entries in known.items() if any(entry.shipped for entry in entries)}
    if tasks is None:
        if not known:
            raise BadInput(
                "no surface ships with this program and none is in ./surfaces; `tunecost grid run` makes some"
            )
        return shipped or known
    for name in tasks:
        if name not in known:
            raise unknown("task with surfaces", name, known)
    return {name: known[name] for name in tasks}


def _evidence(
    task: str,
    entries: "list[Entry]",
    target: float,
    repeats: int,
    seed: int,
    jobs: int | None,
    runs: "dict[tuple[str, float], Descent]",
    advance: Any,
) -> "Evidence":
    import numpy as np

    from analysis.claims import Evidence
    from analysis.claims.evidence import is_plane, tables
    from analysis.replays import split
    from grids.surface_file import load
    from tuning.exact import exact_curve, exact_laws
    from tuning.replay import cores, replay

    surfaces = {surface.provenance.optimizer: surface for surface in (load(entry.path) for entry in entries)}
    pair = {name: surfaces[name] for name in PAIR if name in surfaces and is_plane(surfaces[name])}
    survival, curves = {}, {}
    for name, surface in pair.items():
        budget = surface.space.size
        some = tables(surface)[: MOST_SEEDS + 1]
        for searcher in EXACT:
            laws = [exact_laws(table, searcher, [target])[0].survival(budget) for table in some]
            survival[name, searcher] = np.array(laws)
            curves[name, searcher] = np.array([exact_curve(table, searcher, budget) for table in some])
            advance(1)
    replays = {}
    if pair:
        labelled = {f"{task}/{name}": surface for name, surface in pair.items()}
        frame = replay(
            labelled, REPLAYED, repeats=repeats, seed=seed, jobs=cores() if jobs is None else jobs, advance=advance
        )
        replays = {(group.optimizer, group.searcher): group for group in split(frame)}
    return Evidence(task, surfaces, replays, survival, curves, runs, target, seed)


def _markdown(rows: list[dict[str, Any]]) -> str:
    lines: list[str] = []
    for task in dict.fromkeys(row["task"] for row in rows):
        lines += [f"### {task}", "", "| statement | paper | ours | verdict | why |", "|---|---|---|---|---|"]
        for row in (row for row in rows if row["task"] == task):
            cells = (row["statement"], _number(row["paper"]), _with_interval(row), f"**{row['verdict']}**", row["why"])
            lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
        lines.append("")
    return "\n".join(lines).rstrip()


def _with_interval(row: dict[str, Any]) -> str:
    ours, low, high = (_number(row[name]) for name in ("ours", "low", "high"))
    return f"{ours} [{low}, {high}]" if low or high else ours


def _number(value: float | None) -> str:
    return "" if value is None or value != value else f"{value:.3g}"


def _counterexample(seed: int) -> "dict[tuple[str, float], Descent]":
    """What section 8 is judged by, at the learning rates of `tunecost figure 3`, and at others beside them."""
    import numpy as np

    from analysis.claims.counterexample import METHODS
    from analysis.claims.evidence import Descent
    from trainers.counterexample import Setting, samples, simulate
    from tuning.commands.figure3 import ALPHAS

    rates = tuple(float(f"{rate:.3g}") for rate in np.geomspace(1e-6, 1, 13))
    rare, ends = samples(seed, RUNS, STEPS), np.array([1, STEPS])
    found = {}
    for method, power in METHODS:
        settings = [Setting(method, rate, 1.0 if power else 1e-8, power) for rate in rates]
        means = simulate(settings, rare, ends)
        found[method, power] = Descent(rates, rates.index(ALPHAS[method]), means[..., 1] / means[..., 0], STEPS)
    return found
