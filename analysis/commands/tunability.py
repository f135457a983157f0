"""`tunecost tunability`: the value an optimizer reaches with a tuning budget, and how much tuning improves it."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from analysis.commands.options import Noiseless, Seeds, SeedsOf
from grids.commands.options import BootstrapSeed, Epoch, Form, SeedStatistic, Statistic, ValueOf, Within
from grids.errors import BadInput, unknown
from grids.options_text import options_of
from grids.terminal import Format, print_rows, say

if TYPE_CHECKING:
    from analysis.tunability import Contestant
    from grids.surface import Surface

Competing = Annotated[
    list[str],
    typer.Argument(
        metavar="SURFACE|REPLAYS...",
        help="Surfaces, for exact values of random search; replay tables, for all their searchers.",
    ),
]

Trials = Annotated[int, typer.Option("--trials", min=1, metavar="K", help="Trials of random search.")]
Repetition = Annotated[
    bool, typer.Option("--repetition/--no-repetition", help="Whether random search may draw a cell again.")
]


def tunability(
    surfaces: Competing,
    trials: Trials = 20,
    repetition: Repetition = False,
    default: Annotated[
        str | None,
        typer.Option(metavar="AXIS=VALUE,...", help="The default cell.", show_default="that of a shipped optimizer"),
    ] = None,
    seed_statistic: SeedStatistic = "mean",
    value_of: ValueOf = "last",
    within: Within = None,
    seeds: SeedsOf = "common",
    noiseless: Noiseless = False,
    seed: BootstrapSeed = 0,
    form: Form = Format.table,
) -> None:
    """The expected best value after K trials of random search, exactly; its mean over 1 to K; default against tuned.

    `early` is a mean that weights the first trials most. `tunability` is the default's value minus the best value, with
    all axes tuned together and with one axis tuned alone. `cross_loss` is the loss on this task from using the cell
    that is best on average over all given tasks of this optimizer and grid. The interval is the range over the
    surface's single seeds. A replay table has a row for each searcher, estimated, with a 95% bootstrap interval over
    replays. `leads` says after which numbers of trials it is the best of its task.
    """
    from analysis.tunability import early_average, leads
    from analysis.tunability import tunability as against_default

    loaded, contestants = contestants_of(
        surfaces, trials, repetition, seed_statistic, value_of, within, seed, seeds, noiseless
    )
    losses = _cross_losses(loaded, seed_statistic)
    rows: list[dict[str, Any]] = []
    for one, lead in zip(contestants, leads(contestants), strict=True):
        label, curve, surface = one.surface, one.curve, None if one.searcher else loaded[one.surface]
        sign, known, best = -1.0 if one.maximized else 1.0, None, None
        if surface is not None:
            table = surface.table(seed_statistic)
            best, known = sign * float(table.min()), against_default(table, surface.space, _default(default, surface))
            if known is None and default is not None:
                raise BadInput(f"{label}: --default {default} is not a cell of its grid")
        low, high = (None, None) if curve.band is None else (float(side[-1]) for side in curve.band)
        row: dict[str, Any] = {
            "surface": label,
            "optimizer": one.optimizer,
            "task": one.task,
            "trials": trials,
            "expected_best": float(curve.mean[-1]),
            "expected_best_low": low,
            "expected_best_high": high,
            "area": float(curve.mean.mean()),
            "early": early_average(curve.mean),
            "best": best,
            "default": None if known is None else sign * known.default,
            "tunability": None if known is None else known.joint,
            "cross_loss": None if one.searcher else losses.get(label),
            "unit": one.unit,
            "searcher": one.searcher or "random",
            "leads": lead or None,
        }
        if known is not None:
            row |= {f"tunability_{name}": gain for name, gain in known.axes.items()}
        if not form.narrow:
            row |= {
                "repetition": None if one.searcher else repetition,
                "seed_statistic": seed_statistic,
                "value_of": value_of,
            }
        rows.append(row)
    if form.narrow:
        optional = ("best", "default", "tunability", "cross_loss", "leads")
        empty = [name for name in optional if all(row[name] is None for row in rows)]
        empty += [] if any(one.searcher for one in contestants) else ["searcher"]
        rows = [{name: value for name, value in row.items() if name not in empty} for row in rows]
    drawing = "with repetition" if repetition else "without repetition"
    exact = "" if all(one.searcher for one in contestants) else f"; random search {drawing}, exact, of surfaces"
    print_rows(rows, list(rows[0]), form, title=f"expected best of {trials} trials{exact}")
    if len({row["unit"] for row in rows}) > 1 and form.narrow:
        say("these surfaces have different units: compare only rows of the same unit")


def contestants_of(
    names: Sequence[str],
    trials: int,
    repetition: bool,
    seed_statistic: Statistic,
    value_of: Epoch,
    within: str | None,
    seed: int = 0,
    seeds: Seeds = "all",
    noiseless: bool = False,
) -> "tuple[dict[str, Surface], list[Contestant]]":
    """The surfaces and replay tables of `names` as contestants.

    Args:
        names: surfaces, as paths or names, and paths of replay tables.
        trials: the budget.
        repetition: whether random search may draw a cell again.
        seed_statistic, value_of: how a surface's cells are judged.
        within: the part of the surfaces, as `--within` gives it; None: the whole.
        seed: of the bootstrap.
        seeds: whether surfaces of one task are cut to the seeds that all of them have.
        noiseless: whether surfaces are without the noise of their seeds.

    Returns:
        The surfaces by name, and all contestants: one for each surface, then one for each searcher of the tables.

    Raises:
        BadInput: no such surface, a replay table that cannot be read or is too short, or --within with a table.
    """
    from analysis.tunability import Contestant
    from grids.library import load_surface
    from grids.replay_table import is_replay_table
    from grids.within import within as narrowed

    tables = [name for name in dict.fromkeys(names) if is_replay_table(name)]
    loaded = {name: load_surface(name, value_of) for name in dict.fromkeys(names) if name not in tables}
    if within is not None:
        if tables:
            raise BadInput(
                f"{tables[0]}: is a replay table, whose space is fixed; --within belongs to `tunecost replay`"
            )
        loaded = {name: narrowed(surface, within) for name, surface in loaded.items()}
    if seeds == "common":
        loaded = _on_common_seeds(loaded)
    if noiseless and (tables or seed_statistic != "mean"):
        raise BadInput("--noiseless is for surfaces, on the mean over their seeds")
    found = [Contestant.exact(name, one, trials, repetition, seed_statistic, noiseless) for name, one in loaded.items()]
    if tables:
        from analysis.replays import load_groups

        found += [Contestant.replayed(group, trials, seed) for group in load_groups(tables)]
    return loaded, found


def _on_common_seeds(loaded: "dict[str, Surface]") -> "dict[str, Surface]":
    """The surfaces, those of one task on the seeds that all of them have, as far as they have any in common."""
    from analysis.shared_seeds import on_shared_seeds

    found = dict(loaded)
    for task in dict.fromkeys(one.provenance.task for one in loaded.values()):
        found |= on_shared_seeds({name: one for name, one in loaded.items() if one.provenance.task == task})
    return found


def _default(text: str | None, surface: "Surface") -> Mapping[str, float | str]:
    """The cell that `--default` gives, or the defaults of a shipped optimizer; empty if there is neither."""
    if text is not None:
        given: dict[str, float | str] = {}
        for name, value in options_of(text, "--default", "AXIS=VALUE,...").items():
            if name not in surface.space.names:
                raise BadInput(f"--default: {unknown('axis', name, surface.space.names)}")
            given[name] = value if surface.space.axis(name).labelled else _number(name, value)
        return given
    from trainers.rules import get_rule, ships

    if not ships(surface.provenance.optimizer):
        return {}
    known = get_rule(surface.provenance.optimizer).hyperparameters
    return {name: known[name] for name in surface.space.names if name in known}


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise BadInput(f"--default: {name}={text} is not a number") from None


def _cross_losses(loaded: "Mapping[str, Surface]", statistic: str) -> dict[str, float]:
    """The cross loss by surface, for optimizers with surfaces of several tasks on the same grid."""
    from analysis.tunability import cross_losses

    groups: dict[tuple[str, Any], list[str]] = {}
    for label, surface in loaded.items():
        if not surface.space.is_pool:
            key = surface.provenance.optimizer, tuple((axis.name, axis.values) for axis in surface.space.axes)
            groups.setdefault(key, []).append(label)
    found: dict[str, float] = {}
    for labels in groups.values():
        if len({loaded[label].provenance.task for label in labels}) == len(labels) > 1:
            losses = cross_losses([loaded[label].table(statistic) for label in labels])
            if losses is not None:
                found |= dict(zip(labels, losses, strict=True))
    return found
