"""`tunecost figure …`: draws a figure into a file, and writes the numbers drawn as CSV next to it."""

import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from analysis.commands.options import CostOptions, Noiseless, SeedsOf
from analysis.commands.tunability import Competing, Repetition, Trials, contestants_of
from grids.by_name import by_name
from grids.commands.options import (
    BootstrapSeed,
    FigureOut,
    Quiet,
    Replays,
    SeedStatistic,
    Surfaces,
    Targets,
    ValueOf,
    Within,
    remark_on_range,
    remark_on_targets,
)
from grids.errors import BadInput
from grids.target import Count
from grids.terminal import say

if TYPE_CHECKING:
    from analysis.replays import Group

Scales = Literal["one", "each"]
"""The surfaces of figure 1 that share a colour scale."""


def figure1(
    surfaces: Surfaces,
    out: FigureOut = Path("figure1.pdf"),
    axes: Annotated[
        str | None,
        typer.Option(
            metavar="A,B",
            help="The axes to show, the vertical one first; over other axes, the lowest value is shown.",
            show_default="the first two",
        ),
    ] = None,
    within: Within = None,
    seed_statistic: SeedStatistic = "mean",
    value_of: ValueOf = "last",
    scales: Annotated[
        Scales, typer.Option(help="One colour scale for all surfaces, or a column with its own scale for each metric.")
    ] = "one",
    quiet: Quiet = False,
) -> None:
    """Error surfaces as heat maps of the distance from each one's lowest value, with best and diverged cells."""
    from analysis.figures.style import check_ending, styled

    check_ending(out)

    from analysis.figures import figure1
    from grids.library import load_surface
    from grids.within import within as narrowed

    shown = _shown(axes)
    loaded = [load_surface(text, value_of) for text in surfaces]
    if within is not None:
        loaded = [narrowed(surface, within) for surface in loaded]
    with styled():
        drawn = figure1.draw(loaded, seed_statistic, value_of, shown, scales == "each")
        _save(drawn, out, quiet)


def _shown(text: str | None) -> list[str]:
    """The one or two axes that `--axes` names."""
    from grids.tables.importing import split_names

    shown = split_names(text or "")
    if text is not None and not 1 <= len(set(shown)) == len(shown) <= 2:
        raise BadInput(f"--axes of figure 1 names one axis or two different ones, not '{text}'")
    return shown


def figure2(
    replays: Replays,
    options: CostOptions,
    out: FigureOut = Path("figure2.pdf"),
    target: Annotated[
        float | None,
        typer.Option(
            help="Suboptimality that the bars' searchers must reach.", show_default="the surfaces' first target"
        ),
    ] = None,
    level: Annotated[
        float | None,
        typer.Option(
            metavar="VALUE",
            help="Instead of a target: the value that the bars' searchers must reach, in the metric's unit. Curves are "
            "then measured from the lowest value of all surfaces of the task.",
            show_default="none",
        ),
    ] = None,
    mark: Annotated[
        float | None,
        typer.Option(
            help="Suboptimality at which the curves' crossings are marked.",
            show_default="the surfaces' largest target",
        ),
    ] = None,
    exact: Annotated[bool, typer.Option("--exact", help="Draw exact curves and means for {exact_searchers}.")] = False,
    seed: BootstrapSeed = 0,
    quiet: Quiet = False,
) -> None:
    """Tuning cost: trials to a target for each searcher, and mean suboptimality against trials for GLD and CGLD."""
    from analysis.figures.style import check_ending, styled
    from grids.target import check_targets

    check_ending(out)
    check_targets([] if target is None else [target])
    if mark is not None and not (math.isfinite(mark) and mark > 0):
        raise BadInput(f"--mark must be a number above 0, not {mark:g}")

    from analysis.figures import figure2
    from analysis.levels import judged_groups
    from grids.target import check_levels

    if level is not None:
        check_levels([level], [] if target is None else [target], options.relative, options.lowest)
        if exact:
            raise BadInput(
                "--exact draws means to a target, and --level is an absolute value: `tunecost exact --level`"
            )
    count, lowest = options.count, options.lowest
    groups = (options if level is None else replace(options, lowest="all")).groups(replays, quiet)
    if exact and count != Count.trials:
        raise BadInput("--exact gives the law of trials only; --count must be trials")
    if exact and options.noiseless:
        raise BadInput("--exact is the law on one surface, and --noiseless plays many: take one of them")
    laws = _exact_laws(judged_groups(replays, False, lowest), groups, target, quiet) if exact else None
    remark_on_range(((group.surface, group.about) for group in groups), [target], quiet)
    if (target is None and level is None) or mark is None:
        _remark(groups, quiet, "--target and --mark" if target is None and level is None else "--mark")
    with styled():
        _save(figure2.draw(groups, target, mark, count, level=level, seed=seed, exact=laws), out, quiet)


def _exact_laws(
    groups: "list[Group]", shown: "list[Group]", target: float | None, quiet: bool
) -> dict[tuple[str, str], Any]:
    """The exact curves and means of the groups whose searcher has an exact law, up to the trials of their replays.

    Args:
        groups: in the surfaces' own unit.
        shown: the same groups as they are drawn, which may be in percent of the lowest value.
        target: suboptimality in the unit of `shown`; None: the first default target of each task.

    Raises:
        BadInput: replays under noise, or a surface that is not the one replayed.
    """
    from analysis.figures.curves import Exact
    from analysis.replays import common_targets
    from tuning.exact import EXACT
    from tuning.exact.replayed import law_of_replays

    laws = {}
    for group, drawn in zip(groups, shown, strict=True):
        if group.searcher.partition(":")[0] not in EXACT:
            continue
        default = common_targets([one for one in shown if one.task == group.task])[0]
        factor = abs(drawn.lowest()) / abs(group.lowest()) if drawn.about.unit != group.about.unit else 1.0
        law = law_of_replays(
            group.surface,
            group.searcher,
            group.judged,
            group.about,
            lowest=group.lowest(),
            trials=int(group.trial.max()),
            target=(default if target is None else target) / factor,
        )
        if law is None:
            say(f"{group.surface}, {group.searcher}: the exact law is too large to compute; replays are drawn", quiet)
            continue
        curve, runtime = law
        laws[group.surface, group.searcher] = Exact(curve * factor, runtime.mean)
    return laws


def ecdf(
    replays: Replays,
    options: CostOptions,
    out: FigureOut = Path("ecdf.pdf"),
    target: Annotated[
        list[float] | None,
        typer.Option(
            help="Suboptimality to reach; may be given again.", show_default="21 around the surface's targets"
        ),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Runtime profiles: the share of targets reached against trials, for each surface and searcher."""
    _draw_groups("ecdf", replays, options, target, out, quiet)


def profile(
    replays: Replays,
    options: CostOptions,
    out: FigureOut = Path("profile.pdf"),
    target: Targets = None,
    quiet: Quiet = False,
) -> None:
    """Performance profiles: how often the cost of each searcher is within a factor of the lowest.

    Each pair of a surface and a target is one problem.
    """
    _draw_groups("profile", replays, options, target, out, quiet)


def _draw_groups(
    figure: str, replays: list[Path], options: CostOptions, target: list[float] | None, out: Path, quiet: bool
) -> None:
    """Draw a figure of `analysis.figures` that is of replays and targets."""
    from analysis.figures.style import check_ending, styled
    from grids.target import check_targets

    check_ending(out)
    targets = check_targets(target or [])
    draw = by_name(f"analysis.figures.{figure}:draw")
    groups = options.groups(replays, quiet)
    remark_on_range(((group.surface, group.about) for group in groups), targets, quiet)
    if not targets:
        _remark(groups, quiet)
    with styled():
        _save(draw(groups, targets or None, options.count), out, quiet)


def tunability(
    surfaces: Competing,
    out: FigureOut = Path("tunability.pdf"),
    trials: Trials = 60,
    repetition: Repetition = False,
    seed_statistic: SeedStatistic = "mean",
    value_of: ValueOf = "last",
    within: Within = None,
    seeds: SeedsOf = "common",
    noiseless: Noiseless = False,
    seed: BootstrapSeed = 0,
    quiet: Quiet = False,
) -> None:
    """The expected best value against the budget: which optimizer is best after a number of trials?

    Of surfaces it is exact, for random search; of replay tables it is estimated, for their searchers.
    """
    from analysis.figures.style import check_ending, styled

    check_ending(out)

    from analysis.figures import tunability
    from grids.metric import common_unit

    _, contestants = contestants_of(
        surfaces, trials, repetition, seed_statistic, value_of, within, seed, seeds, noiseless
    )
    for task in dict.fromkeys(one.task for one in contestants):
        common_unit([(one.surface, one.unit) for one in contestants if one.task == task], f"the panel of {task}")
    with styled():
        _save(tunability.draw(contestants, repetition, seed_statistic), out, quiet)


def _remark(groups: "list[Group]", quiet: bool, option: str = "--target") -> None:
    abouts = ((group.surface, group.about) for group in groups)
    remark_on_targets(((name, about.default_targets, about.unit) for name, about in abouts), quiet, option)


def _save(drawn: tuple[Any, Any], out: Path, quiet: bool) -> None:
    from analysis.figures.style import save

    figure, rows = drawn
    for path in save(figure, out, rows):
        say(f"wrote {path}", quiet)
