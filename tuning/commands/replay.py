"""`tunecost replay`: runs searchers on error surfaces, and writes a replay table."""

import enum
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grids.errors import BadInput
from tuning.commands.options import (
    Epoch,
    Jobs,
    PartLowest,
    PartOf,
    Quiet,
    Seed,
    SeedStatistic,
    Statistic,
    Surfaces,
    ValueOf,
    Within,
)
from tuning.commands.outputs import check_writable
from tuning.ledger import CostModel
from tuning.terminal import progress, say

if TYPE_CHECKING:
    from grids.surface import Surface


class Noise(enum.StrEnum):
    """The noise in the values that searchers are told."""

    seed = "seed"


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
    seed_statistic: SeedStatistic = Statistic.mean,
    value_of: ValueOf = Epoch.last,
    noise: Annotated[
        Noise | None,
        typer.Option(
            help="seed: each training has the values of a randomly drawn seed of the surface; `best` is then the value "
            "over all seeds of the cell chosen so far, and every replay spends its whole budget.",
            show_default="none",
        ),
    ] = None,
    within: Within = None,
    lowest: PartLowest = PartOf.own,
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
    from grids.surface_facts import SurfaceFacts
    from grids.within import within as narrowed
    from tuning.problem import TabularProblem
    from tuning.replay import cores, versions
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
            lowest=lowest.value,
            nearest=nearest,
            max_epochs=max_epochs,
            cost_model=cost_model.value,
            workers=workers,
            advance=advance,
            note=lambda line: say(line, quiet),
        )
    header = {
        "seed": seed,
        "repeats": repeats,
        "max_trials": {text: _trials(max_trials, max_epochs, part) for text, part in parts.items()},
        "max_epochs": max_epochs,
        "cost_model": cost_model.value,
        "workers": workers,
        "seed_statistic": seed_statistic.value,
        "value_of": value_of.value,
        "noise": noise.value if noise else None,
        "within": within,
        "lowest": lowest.value,
        "nearest": "yes" if nearest else None,
        "dimensions": {text: len(part.space.axes) for text, part in parts.items()},
        "surfaces": {text: one.to_json() for text, one in facts.items()},
        "searchers": chosen,
        "searcher_labels": LABELS,
        "software": versions(),
    }
    replay_table.save_parts(made, out, header)
    rows = sum(part.rows for part in made)
    say(f"{out}: {len(loaded) * len(chosen) * repeats} replays, {rows} rows", quiet)


def _trials(max_trials: int | None, max_epochs: float | None, surface: "Surface") -> int | None:
    """The largest number of trials of a searcher that trains every cell to the end; None if only epochs are limited."""
    return max_trials or (surface.space.size if max_epochs is None else None)
