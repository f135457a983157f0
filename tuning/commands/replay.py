"""`tunecost replay`: runs searchers on error surfaces, and writes a replay table."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from grids.commands.options import (
    Jobs,
    PartLowest,
    Quiet,
    Seed,
    SeedStatistic,
    Surfaces,
    ValueOf,
    Within,
)
from grids.commands.outputs import check_writable
from grids.errors import BadInput
from grids.terminal import progress, say
from tuning.ledger import CostModel

if TYPE_CHECKING:
    from grids.surface import Surface

Noise = Literal["seed"]
"""The noise in the values that searchers are told."""


def replay(
    surfaces: Surfaces,
    out: Annotated[Path, typer.Option("--out", help="The replay table to write (.parquet).")],
    searchers: Annotated[
        list[str] | None,
        typer.Option(
            "--searcher",
            "-s",
            metavar="SEARCHER",
            help="One of {searchers}, optuna:NAME or my_module:MyClass, options as gld:radius_max=10,radius_min=1; "
            "may be given again.",
            show_default="{paper_searchers}",
        ),
    ] = None,
    repeats: Annotated[int, typer.Option(help="Replays of each searcher on each surface.")] = 1000,
    max_trials: Annotated[
        int | None,
        typer.Option(help="Trials that a replay may spend.", show_default="the surface's number of cells"),
    ] = None,
    max_epochs: Annotated[
        float | None,
        typer.Option(
            help="Epochs that a replay may spend, in the unit of the surface's curves; a query beyond them is not "
            "started. Trials are then unlimited unless given.",
            show_default="for {fidelity_searchers}: those of a full training of each cell",
        ),
    ] = None,
    cost_model: Annotated[
        CostModel,
        typer.Option(
            help="The cost of continuing a training: resume: its new epochs; restart: all epochs from zero; stop: a "
            "training that was left is never continued (only {stopping_searchers}).",
        ),
    ] = CostModel.resume,
    workers: Annotated[
        int | None,
        typer.Option(
            help="Number of parallel workers to simulate, in the surface's seconds or, if it has none, its epochs.",
            show_default="one",
        ),
    ] = None,
    seed: Seed = 0,
    jobs: Jobs = None,
    seed_statistic: SeedStatistic = "mean",
    value_of: ValueOf = "last",
    noise: Annotated[
        Noise | None,
        typer.Option(
            help="seed: each training has the values of a randomly drawn seed of the surface; `best` is then the value "
            "over all seeds of the cell chosen so far, and every replay spends its whole budget.",
            show_default="none",
        ),
    ] = None,
    within: Within = None,
    lowest: PartLowest = "own",
    nearest: Annotated[
        bool,
        typer.Option(
            "--nearest",
            help="On a pool: searchers may propose any point, and get the nearest configuration; outputs state this.",
        ),
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Replay searchers on error surfaces, many times each, and write every improvement of their best value."""
    from grids import replay_table
    from grids.library import find_surface, load_surface
    from grids.machine import cores, versions
    from grids.replay_header import ReplayHeader
    from grids.surface_facts import SurfaceFacts
    from grids.within import within as narrowed
    from tuning.problem import TabularProblem, unknown_seconds
    from tuning.replay import SOFTWARE
    from tuning.replay import replay_parts as run
    from tuning.searchers import LABELS, names

    for text in surfaces:
        if surfaces.count(text) > 1:
            raise BadInput(f"surface '{text}' is given twice")
    check_writable(out, surfaces)
    loaded = {text: load_surface(text, value_of) for text in surfaces}
    facts = {text: SurfaceFacts.of(one, find_surface(text), seed_statistic) for text, one in loaded.items()}
    parts = loaded if within is None else {text: narrowed(one, within) for text, one in loaded.items()}
    for text, part in parts.items():
        facts[text] = replace(facts[text], clock=TabularProblem.of(text, part, seed_statistic).clock)
        if within is not None:
            facts[text] = replace(facts[text], lowest_within=float(part.table(seed_statistic).min()))
    if nearest and not any(one.space.is_pool for one in loaded.values()):
        raise BadInput("--nearest is for pools, and none of the surfaces is a pool")
    chosen = searchers or list(names(paper=True))
    with progress("replays", len(loaded) * len(chosen) * repeats, quiet) as advance:
        made = run(
            loaded,
            chosen,
            repeats=repeats,
            max_trials=max_trials,
            seed=seed,
            jobs=cores() if jobs is None else jobs,
            seed_statistic=seed_statistic,
            noise=noise is not None,
            within=within,
            lowest=lowest,
            nearest=nearest,
            max_epochs=max_epochs,
            cost_model=cost_model.value,
            workers=workers,
            advance=advance,
            note=lambda line: say(line, quiet),
        )
    header = ReplayHeader(
        seed=seed,
        repeats=repeats,
        max_trials={text: _trials(max_trials, max_epochs, part) for text, part in parts.items()},
        max_epochs=max_epochs,
        cost_model=cost_model.value,
        workers=workers,
        seed_statistic=seed_statistic,
        value_of=value_of,
        noise=noise,
        within=within,
        lowest=lowest,
        nearest="yes" if nearest else None,
        dimensions={text: len(part.space.axes) for text, part in parts.items()},
        surfaces=facts,
        searchers=chosen,
        searcher_labels=LABELS,
        software=versions(*SOFTWARE),
    )
    replay_table.save_parts(made, out, header.to_json())
    rows = sum(part.rows for part in made)
    say(f"{out}: {len(loaded) * len(chosen) * repeats} replays, {rows} rows", quiet)
    for text, part in parts.items():
        if count := unknown_seconds(part):
            say(
                f"{text}: the seconds of {count} of {part.value.size} runs are not known: they count as the mean", quiet
            )


def _trials(max_trials: int | None, max_epochs: float | None, surface: "Surface") -> int | None:
    """The largest number of trials of a searcher that trains every cell to the end; None if only epochs are limited."""
    return max_trials or (surface.space.size if max_epochs is None else None)
