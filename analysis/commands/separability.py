"""`tunecost separability`: measures whether two hyperparameters can be tuned separately."""

import math
from pathlib import Path
from typing import Annotated, Literal

import typer

from grids.commands.options import (
    Form,
    Quiet,
    SeedStatistic,
    Surfaces,
    ValueOf,
    nondefault_columns,
    remark_on_targets,
)
from grids.errors import BadInput
from grids.terminal import Format, print_rows, say

TABLE = (
    "surface",
    "first",
    "second",
    "additive_share",
    "interaction_share",
    "moves_cells",
    "moves",
    "at_edge",
    "slope_low",
    "slope_high",
    "common_loss",
    "loss_mean",
    "loss_max",
    "share_within",
)

ScaleName = Literal["rank", "log", "clip", "value"]
"""The scale of values on which variance is decomposed: the names of `analysis.separability.Scale`."""


def separability(
    surfaces: Surfaces,
    scale: Annotated[
        ScaleName,
        typer.Option(
            help="Scale of the values whose variance is decomposed: rank of the cell, log of its suboptimality, value "
            "clipped at the upper quartile (clip), or the value itself."
        ),
    ] = "rank",
    level: Annotated[
        float | None,
        typer.Option(
            help="Suboptimality within which tuning one axis after the other should end.",
            show_default="the surface's first target",
        ),
    ] = None,
    split: Annotated[
        float | None,
        typer.Option(
            help="Value of the second axis at which the ridge's slope may change.", show_default="1e-3 for epsilon"
        ),
    ] = None,
    seed_statistic: SeedStatistic = "mean",
    value_of: ValueOf = "last",
    form: Form = Format.table,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Also draw a figure, as .pdf, .png or .svg; the numbers drawn are written next to it as .csv."
        ),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Can two hyperparameters be tuned separately? One row for each pair of axes.

    `additive_share`: the share of variance explained by a function of the first axis plus a function of the second,
    over the cells that trained. `at_edge`: the number of columns whose best value is the first or last of the axis; a
    better one may lie beyond, so that they are left out of slopes.
    `moves`: how far the best value of the first axis moves over the columns of the second, in cells and in decades
    (log axes). `slope_low`, `slope_high`: the slope of this ridge below and above --split (Theil-Sen; 95% intervals in
    CSV and JSON). `common_loss`: the largest loss in any column when one value of the first axis, the one for which it
    is smallest, is used in all columns. `loss`: suboptimality after tuning the first axis at a fixed value of the
    second, then the second at that value of the first; mean and maximum over all fixed values, and the share of them
    that end within --level. JSON also has these losses and the ridge for every column of the grid.
    """
    if out is not None:
        from analysis.figures.style import check_ending

        check_ending(out)
    if level is not None and not (math.isfinite(level) and level >= 0):
        raise BadInput(f"--level must be a number of at least 0, not {level:g}")
    if split is not None and not math.isfinite(split):
        raise BadInput(f"--split must be a number, not {split:g}")

    from dataclasses import replace

    from analysis import separability as measures
    from grids.library import load_surface
    from grids.metric import default_targets

    def split_of(pair: measures.Pair) -> float | None:
        return split if split is not None else measures.TRANSITION if pair.second.name == "epsilon" else None

    pairs = [pair for text in surfaces for pair in measures.pairs(load_surface(text, value_of), seed_statistic)]
    defaults = {pair.surface.name: default_targets(pair.surface, seed_statistic) for pair in pairs}
    if level is None:
        first = [(name, replace(targets, values=targets.values[:1])) for name, targets in defaults.items()]
        units = {pair.surface.name: pair.surface.provenance.unit for pair in pairs}
        remark_on_targets(((name, targets, units[name]) for name, targets in first), quiet, "--level")
    levels = [defaults[pair.surface.name].values[0] if level is None else level for pair in pairs]
    rows = [
        measures.separability_row(pair, measures.Scale(scale), at, split_of(pair))
        for pair, at in zip(pairs, levels, strict=True)
    ]
    names = list(dict.fromkeys(name for row in rows for name in row))  # rows differ: only some pairs have a split
    judged = {"seed_statistic": seed_statistic, "value_of": value_of}
    if form.narrow:
        shown = (*TABLE, *nondefault_columns([judged]))
        narrow = [{name: (row | judged).get(name) for name in shown} for row in rows]
        print_rows(narrow, shown, form, "can they be tuned separately?")
    elif form == Format.json:
        by_column = [{"by_column": measures.ridge_rows(pair, at)} for pair, at in zip(pairs, levels, strict=True)]
        print_rows([row | more | judged for row, more in zip(rows, by_column, strict=True)], names, form)
    else:
        print_rows([row | judged for row in rows], names, form)
    if out is not None:
        from analysis.figures import separability as figure
        from analysis.figures.style import save, styled
        from grids.replay_header import Judged

        with styled():
            drawn, numbers = figure.draw(pairs, rows, split_of, Judged(**judged))
            for path in save(drawn, out, [row | judged for row in numbers]):
                say(f"wrote {path}", quiet)
