"""`tunecost grid list|show`: lists surfaces, and shows what a surface contains."""

from typing import Annotated, Any

import typer

from grids.commands.options import Form, SeedStatistic, ValueOf
from grids.errors import BadInput, listed
from grids.terminal import Format, print_object, print_rows, show_line

SurfaceText = Annotated[
    str, typer.Argument(metavar="SURFACE", help="A path, or a name as `digits-mlp/adam`; `grid list` shows them.")
]


def list_(form: Form = Format.table) -> None:
    """List the surfaces that ship with the program and those in ./surfaces."""
    from grids.library import list_surfaces
    from grids.metric import default_targets
    from grids.surface_file import load

    rows: list[dict[str, Any]] = []
    for entry in list_surfaces():
        row: dict[str, Any] = {"surface": entry.name, "where": "shipped" if entry.shipped else str(entry.path)}
        try:
            surface = load(entry.path)
        except BadInput as error:
            rows.append(row | {"note": str(error)})
            continue
        shape = " x ".join(f"{len(axis)} {axis.name}" for axis in surface.space.axes)
        lowest = float(surface.mean.min())
        rows.append(
            row
            | {"cells": surface.space.size, "shape": shape, "seeds": len(surface.seeds)}
            | {"lowest": lowest, "unit": surface.provenance.unit, "metric": surface.provenance.metric}
            | {"failure": surface.provenance.failure, "targets": list(default_targets(surface).values)}
        )
    columns = ["surface", "where", "shape", "cells", "seeds", "lowest", "unit", "metric", "failure", "targets"]
    print_rows(rows, columns, form)


def show(
    surface: SurfaceText,
    column: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Also summarize this column of numbers.", show_default="none"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    form: Annotated[
        Format,
        typer.Option("--format", help="table: everything, as text; json: as --json; others: only the best cells."),
    ] = Format.table,
    seed_statistic: SeedStatistic = "mean",
    value_of: ValueOf = "last",
) -> None:
    """Best cells, quantiles, the share of cells near the best, and where the surface came from."""
    from grids.library import load_surface
    from grids.space import value_text
    from grids.summary import summary
    from grids.units import with_unit

    facts = summary(load_surface(surface, value_of), seed_statistic, column=column)
    if as_json or form == Format.json:
        print_object(facts)
        return
    highest = bool(facts["fixed"].get("maximize"))
    word = "highest" if highest else "lowest"
    if highest and form == Format.table:
        facts = _in_own_sense(facts)
    best = [
        {key: value_text(item) if isinstance(item, str) else item for key, item in row.items()} for row in facts["best"]
    ]
    if form != Format.table:
        print_rows(best, list(best[0]), form)
        return
    unit = facts["unit"]
    shape = " x ".join(f"{len(axis['values'])} {axis['name']}" for axis in facts["axes"])
    kind = "configurations in a pool, no grid" if facts["pool"] else "cells"
    cells = f"{facts['cells']} {kind} ({shape}), {len(facts['seeds'])} seed(s)"
    show_line(f"{facts['surface']}: {facts['metric']}, {cells}")
    show_line(f"{word}: {with_unit(format(facts['lowest'], '.6g'), unit)} ({facts['seed_statistic']} over seeds)")
    if facts["failure"] is not None:
        show_line(f"a diverged run is worth {with_unit(format(facts['failure'], 'g'), unit)}")
    targets = with_unit(listed([f"{target:g}" for target in facts["targets"]], 20), unit)
    show_line(f"targets: {targets}" + (" (a share of its own range)" if facts["targets_derived"] else ""))
    print_rows(best, list(best[0]), Format.table, "best cells")
    show_line(f"quantiles over cells: {_quantiles(facts['quantiles'])}")
    for level, share in facts["share_within"].items():
        show_line(f"within {with_unit(level, unit)} of the {word}: {100 * share:.1f} % of cells")
    if column is not None:
        _print_column(facts["column"])
    if facts["filled_runs"]:
        filled = facts["filled"]
        replacement = f"{filled.get('with', 'one')} ({filled.get('value')})"
        show_line(f"filled: {facts['filled_runs']} runs had no value and got {replacement}")
    show_line(f"diverged: {facts['diverged_runs']} runs ({100 * facts['diverged_share']:.1f} %)")
    for name in ("fixed", "data", "software"):
        if facts[name]:
            show_line(f"{name}: " + ", ".join(f"{key}={value}" for key, value in facts[name].items()))
    for name in ("device", "created", "command"):
        if facts[name]:
            show_line(f"{name}: {facts[name]}")


def _in_own_sense(facts: dict[str, Any]) -> dict[str, Any]:
    """The facts of a maximized surface as its metric has them, where higher is better."""
    best = [{**row, "value": 0.0 - row["value"]} for row in facts["best"]]
    quantiles = {f"{1 - float(q):g}": 0.0 - value for q, value in reversed(facts["quantiles"].items())}
    metric = facts["metric"].removeprefix("-").strip()
    signed = {name: None if facts[name] is None else 0.0 - facts[name] for name in ("lowest", "failure")}
    return {**facts, **signed, "metric": metric, "best": best, "quantiles": quantiles}


def _print_column(found: dict[str, Any]) -> None:
    name, without = found["name"], found["cells_without"]
    if found["lowest"]:
        print_rows(found["lowest"], list(found["lowest"][0]), Format.table, f"cells of the lowest {name}")
        show_line(f"quantiles of {name} over cells: {_quantiles(found['quantiles'])}")
    if without:
        show_line(f"cells without a {name}: {without}")


def _quantiles(values: dict[str, float]) -> str:
    return ", ".join(f"{q}: {value:.4g}" for q, value in values.items())
