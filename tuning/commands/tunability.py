"""`tunecost tunability`: how good an optimizer gets with a budget, and what tuning it is worth."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from grids.errors import BadInput
from tuning.commands.options import Epoch, Form, SeedStatistic, Statistic, Surfaces, ValueOf, Within
from tuning.terminal import Format, print_rows, say

if TYPE_CHECKING:
    from grids.surface import Surface

COLUMNS = (
    "surface",
    "optimizer",
    "task",
    "trials",
    "expected_best",
    "expected_best_low",
    "expected_best_high",
    "area",
    "early",
    "best",
    "default",
    "tunability",
    "cross_loss",
    "unit",
)

Trials = Annotated[int, typer.Option("--trials", min=1, metavar="K", help="Trials of random search.")]
Repetition = Annotated[
    bool, typer.Option("--repetition/--no-repetition", help="Whether random search may draw a cell again.")
]


def tunability(
    surfaces: Surfaces,
    trials: Trials = 20,
    repetition: Repetition = False,
    default: Annotated[
        str | None,
        typer.Option(
            metavar="AXIS=VALUE,...", help="The default cell.", show_default="the optimizer's, where it ships"
        ),
    ] = None,
    seed_statistic: SeedStatistic = Statistic.mean,
    value_of: ValueOf = Epoch.last,
    within: Within = None,
    form: Form = Format.table,
) -> None:
    """The expected best after K trials of random search, exactly; its mean over 1 to K; default against tuned.

    `early` weighs the first trials most. `tunability` is the default's value less the best, jointly and with one axis
    tuned alone; `cross_loss` what is lost on this task by the cell that serves best on average over all tasks given of
    this optimizer and grid. The band is the range over the surface's single seeds.
    """
    from analysis.tunability import cross_losses, curve_of, early_average
    from analysis.tunability import tunability as against_default
    from grids.library import load_surface
    from grids.within import within as narrowed

    loaded = {label: load_surface(label, value_of.value) for label in dict.fromkeys(surfaces)}
    if within is not None:
        loaded = {label: narrowed(surface, within) for label, surface in loaded.items()}
    losses = _cross(loaded, seed_statistic.value, cross_losses)
    rows: list[dict[str, Any]] = []
    for label, surface in loaded.items():
        curve = curve_of(surface, trials, repetition, seed_statistic.value)
        table, about = surface.table(seed_statistic.value), surface.provenance
        sign = -1.0 if about.maximized else 1.0
        known = against_default(table, surface.space, _default(default, surface))
        if known is None and default is not None:
            raise BadInput(f"{label}: --default {default} is no cell of its grid")
        low, high = (None, None) if curve.band is None else (float(side[-1]) for side in curve.band)
        row: dict[str, Any] = {
            "surface": label,
            "optimizer": about.optimizer,
            "task": about.task,
            "trials": trials,
            "expected_best": float(curve.mean[-1]),
            "expected_best_low": low,
            "expected_best_high": high,
            "area": float(curve.mean.mean()),
            "early": early_average(curve.mean),
            "best": sign * float(table.min()),
            "default": None if known is None else sign * known.default,
            "tunability": None if known is None else known.joint,
            "cross_loss": losses.get(label),
            "unit": about.unit,
        }
        if known is not None:
            row |= {f"tunability_{name}": gain for name, gain in known.axes.items()}
        if not form.narrow:
            row |= {"repetition": repetition, "seed_statistic": seed_statistic.value, "value_of": value_of.value}
        rows.append(row)
    if form.narrow:
        empty = [name for name in ("default", "tunability", "cross_loss") if all(row[name] is None for row in rows)]
        rows = [{name: value for name, value in row.items() if name not in empty} for row in rows]
    shown = [name for name in COLUMNS if name in rows[0]]
    way = "with repetition" if repetition else "without repetition"
    print_rows(rows, shown, form, title=f"random search {way}, {trials} trials")
    if len({row["unit"] for row in rows}) > 1 and form.narrow:
        say("these surfaces have several units: compare rows of one unit")


def _default(text: str | None, surface: "Surface") -> Mapping[str, float | str]:
    """The cell that `--default` names, or the shipped optimizer's own; empty where there is none."""
    if text is not None:
        given: dict[str, float | str] = {}
        for part in text.split(","):
            name, equals, value = (piece.strip() for piece in part.partition("="))
            if not equals or name not in surface.space.names:
                axes = ", ".join(surface.space.names)
                raise BadInput(f"--default is written AXIS=VALUE,... with the axes {axes}, not '{part}'")
            given[name] = value if surface.space.axis(name).labelled else _number(name, value)
        return given
    from trainers.rules import get_rule, ships

    if not ships(surface.provenance.optimizer):
        return {}
    rule = get_rule(surface.provenance.optimizer)
    known = rule.hyperparameters
    return {name: known[name] for name in surface.space.names if name in known}


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise BadInput(f"--default: {name}={text} is not a number") from None


def _cross(loaded: "Mapping[str, Surface]", statistic: str, losses: Any) -> dict[str, float]:
    """Loss by surface, of optimizers with several tasks on one grid."""
    groups: dict[tuple[str, Any], list[str]] = {}
    for label, surface in loaded.items():
        if not surface.space.is_pool:
            key = surface.provenance.optimizer, tuple((axis.name, axis.values) for axis in surface.space.axes)
            groups.setdefault(key, []).append(label)
    found: dict[str, float] = {}
    for labels in groups.values():
        if len({loaded[label].provenance.task for label in labels}) == len(labels) > 1:
            each = losses([loaded[label].table(statistic) for label in labels])
            found |= dict(zip(labels, each, strict=True))
    return found
