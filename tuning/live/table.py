"""What a table of live studies holds besides its rows: the header; and the lines that are printed about them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from grids import replay_table
from grids.closing import duration, shares_within
from grids.differences import difference
from grids.errors import BadInput
from grids.machine import versions
from grids.replay_header import ReplayHeader
from grids.space import Space
from grids.surface_facts import SurfaceFacts
from grids.target import gap, reached
from grids.units import with_unit
from tuning.live.rounds import Studies
from tuning.live.rows import Judge
from tuning.replay import SOFTWARE
from tuning.searchers import LABELS


def header_of(
    label: str, space: Space, facts: SurfaceFacts, identity: Mapping[str, Any], software: Mapping[str, str]
) -> ReplayHeader:
    """The header of a live table. It does not depend on when or where the studies ran, except for versions of software.

    Args:
        label: the surface's name in the table.
        space: the space of the table's cells.
        facts: about the surface, or from `facts_of`.
        software: versions of what trains.
        identity: what defines the studies, as JSON: `trials`, `repeats`, `seed`, `searchers`, `surface`, `training`.
    """

    on_surface = identity["surface"] is not None
    return ReplayHeader(
        live={
            "axes": space.to_json(),
            "judged_by": "surface" if on_surface else "told",
            "trials": identity["trials"],
            "identity": identity,
        },
        seed=identity["seed"],
        repeats=identity["repeats"],
        max_trials={label: identity["trials"]},
        cost_model="resume",
        seed_statistic="mean" if on_surface else "told",
        value_of="last",
        noise="live",
        lowest="own",
        dimensions={label: len(space.axes)},
        surfaces={label: facts},
        searchers=identity["searchers"],
        searcher_labels=LABELS,
        software={**versions(*SOFTWARE), **software},
    )


def check_same_studies(out: Path, identity: Mapping[str, Any]) -> None:
    """Check that the existing table `out` holds the studies of this identity.

    Raises:
        BadInput: it holds others, is not a live table, or cannot be read.
    """

    live = replay_table.read(out)[1].live
    if live is None or "identity" not in live:
        raise BadInput(f"{out}: holds no live studies; --out FILE keeps it, --fresh replaces it")
    wanted = json.loads(json.dumps(identity))
    if live["identity"] != wanted:
        raise BadInput(
            f"{out}: holds another study ({difference(wanted, live['identity'])}); --out FILE keeps both, "
            f"--fresh replaces it"
        )


def live_closing(
    studies: Studies, judge: Judge, space: Space, facts: SurfaceFacts, name: str, seconds: float
) -> list[str]:
    """The closing lines for live studies: best chosen cell; share of those within each target; divergence and time.

    Args:
        studies: the trainings of all studies.
        judge: gives the value of a chosen cell.
        space: the space of the cells.
        facts: the metric and its targets.
        name: of the surface, or TASK/OPT where there is none.
        seconds: the duration of the command.
    """
    values = judge.best(studies)[..., -1].ravel()
    cells = studies.at_chosen(studies.cells)[..., -1].ravel()
    best = int(values.argmin())
    suboptimality = gap(values, judge.lowest)
    shares = [float(reached(suboptimality, target, values).mean()) for target in facts.targets]
    same = int((cells == cells[best]).sum())
    value = with_unit(f"{values[best]:.4g}", facts.unit)
    source = "as told" if judge.value is None else "the surface's mean there"
    where = space.describe(space.cell(int(cells[best])))
    trials = studies.cells.shape[-1]
    return [
        f"{name}: best at {where}: {facts.metric} {value}, {source}; chosen by {same} of {len(cells)} studies",
        f"of {len(cells)} cells chosen after {trials} trials, {shares_within(shares, facts.targets, facts.unit)}",
        f"diverged: {int(studies.diverged.sum())} of {studies.diverged.size} trainings; time {duration(seconds)}",
    ]
