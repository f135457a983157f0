"""`tunecost tune`: searchers tune live, many studies trained together, into a replay table."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from grids.errors import BadInput
from tuning.commands.closing import live_closing
from tuning.commands.options import Jobs, Quiet, Seed
from tuning.commands.outputs import check_writable
from tuning.commands.train_options import Clip, Data, Device, Epochs, ScheduleKind, SpaceText, TaskName, Warmup
from tuning.terminal import progress, say

if TYPE_CHECKING:
    from grids.space import Space
    from grids.surface import Surface
    from trainers.sweep.job import Job


def tune(
    task: TaskName,
    optimizers: Annotated[
        list[str],
        typer.Option(
            "-o",
            "--optimizer",
            metavar="OPT",
            help="One of `grid optimizers`; or your own as module:rule. One a table: several tables are read together.",
        ),
    ],
    searchers: Annotated[
        list[str],
        typer.Option(
            "--searcher",
            "-s",
            metavar="SEARCHER",
            help="Once for each: {searchers}, optuna:NAME or my_module:MyClass, with options as in `replay`; none that "
            "asks for shorter trainings.",
        ),
    ],
    out: Annotated[Path, typer.Option("--out", help="The replay table to write (.parquet).")],
    trials: Annotated[int, typer.Option(min=1, help="Trainings that each study spends.")] = 40,
    repeats: Annotated[int, typer.Option(min=1, help="Studies of each searcher.")] = 100,
    seed: Seed = 0,
    surface: Annotated[
        str | None,
        typer.Option(
            metavar="SURFACE",
            help="Whose mean says what a chosen cell is worth: a path or a name; `none` judges by what was told.",
            show_default="TASK/OPT, where it fits",
        ),
    ] = None,
    space: SpaceText = None,
    epochs: Epochs = None,
    schedule: ScheduleKind = None,
    warmup: Warmup = None,
    clip: Clip = None,
    device: Device = "auto",
    data: Data = None,
    jobs: Jobs = None,
    fresh: Annotated[bool, typer.Option("--fresh/--resume", help="Start over, or go on where it stopped.")] = False,
    quiet: Quiet = False,
) -> None:
    """Run live tuning studies, each with its own seeds: a round asks all for their next cell and trains these together.

    A study's cost is judged by the mean of the task's surface at the cell it chose, the best it was told, minus that
    surface's lowest. A cell asked for again is trained again, with a new seed, and every study spends its whole budget.
    `cost`, `compare` and the figures read the table; `compare --live` sets it beside replays.
    """
    from grids import replay_table
    from trainers.live import Journal, LiveTrainer, block_size, crew
    from trainers.live.journal import clear
    from trainers.live.trainer import folder_of
    from trainers.sweep.claims import Pace, claimed
    from trainers.sweep.job import Job
    from trainers.sweep.run import devices
    from trainers.sweep.signals import termination_interrupts
    from tuning.live import Judge, live_rows, play_live, specs_for_live

    if len(optimizers) != 1:
        raise BadInput(
            f"-o is given {len(optimizers)} times: a live table has one optimizer; `cost` and `compare` read several"
        )
    if seed < 0:
        raise BadInput(f"--seed must be 0 or more, not {seed}")
    if jobs is not None and jobs < 1:
        raise BadInput(f"--jobs must be 1 or more, not {jobs}")
    begun = time.monotonic()
    names = devices(device)
    if names[0] == "cpu" and jobs is not None:
        names = ["cpu"] * jobs
    job = Job(task, optimizers[0], space, 1, epochs, names[0], data, Path("surfaces"), None, schedule, warmup, clip)
    judged = _surface(job, surface, space, quiet)
    cells = job.space if judged is None else judged[1].space
    specs_for_live(searchers, cells)
    check_writable(out, [] if judged is None else [judged[0]])
    identity = {
        "training": job.identity(cells),
        "searchers": searchers,
        "repeats": repeats,
        "trials": trials,
        "seed": seed,
        "surface": None if judged is None else _digest(judged[0]),
    }
    if not fresh and out.exists() and _is_there(out, identity):
        say(f"{out}: these studies are there already; --fresh trains them anew", quiet)
        return
    folder = folder_of(out)
    if fresh:
        clear(folder)
    with claimed(folder / "claim", Pace()) as ours, termination_interrupts():
        if not ours:
            raise BadInput(f"{folder}: another `tunecost tune` is at it")
        count = len(searchers) * repeats
        workers = names[: min(len(names), count)]
        journal = Journal(folder, identity, lambda: block_size(job, count, len(workers)), say)
        with progress("trainings", count * trials, quiet) as advance, crew(workers) as work:
            trainer = LiveTrainer(job, cells, journal, work, len(workers), advance)
            studies = play_live(
                cells,
                f"{job.task.name}/{job.optimizer}",
                searchers,
                repeats=repeats,
                trials=trials,
                seed=seed,
                train=trainer,
            )
        judge = Judge.of_told(studies)
        if judged is not None:
            judge = Judge(judged[1].mean.ravel(), float(judged[1].mean.min()))
        label = f"{job.task.name}/{job.optimizer}" if judged is None else judged[0]
        facts = _facts(job, judged, studies.told)
        frame = live_rows(studies, judge, label, job.optimizer, job.task.name, facts.whole or float("nan"))
        replay_table.save(frame, out, _header(label, cells, facts, identity, judged is not None))
        journal.clear()
    for line in live_closing(studies, judge, cells, facts, label, time.monotonic() - begun):
        say(line, quiet)
    say(f"{out}: {count} live studies, {len(frame)} rows", quiet)


def _surface(job: "Job", text: str | None, space: str | None, quiet: bool) -> "tuple[str, Surface] | None":
    """The surface that studies are judged by, with its name; None, which is said, where there is none.

    Raises:
        BadInput: one that was named is of another training, or its cells cannot be trained.
    """
    from grids.library import list_surfaces, load_surface
    from trainers.live import misfit
    from trainers.sweep.job import checked_space

    own = f"{job.task.name}/{job.layout.surface.stem}"
    name = text or own
    remark = "judged by what studies were told, from the lowest of it"
    if name == "none" or (text is None and own not in {entry.name for entry in list_surfaces()}):
        say(f"{own}: {'no surface of it here' if text is None else 'without a surface'}: {remark}", quiet)
        return None
    surface = load_surface(name)
    other = "other axes there" if space is not None and job.space.to_json() != surface.space.to_json() else ""
    other = other or misfit(job, surface)
    if other and text is None:
        say(f"{name}: is of another training ({other}): {remark}", quiet)
        return None
    if other:
        raise BadInput(f"--surface {name}: is of another training ({other}); --surface none does without")
    if surface.space.is_pool:
        raise BadInput(f"--surface {name}: is a pool, a list of configurations; live tuning needs a grid")
    checked_space(surface.space, job.rule, job.optimizer)
    return name, surface


def _digest(name: str) -> str:
    from grids.library import find_surface
    from grids.surface_facts import file_sha256

    return file_sha256(find_surface(name))


def _is_there(out: Path, identity: dict[str, Any]) -> bool:
    """Whether the table is of these very studies.

    Raises:
        BadInput: it is of others, or no live table at all.
    """
    import json

    from grids import replay_table
    from trainers.sweep.sweep import difference

    live = replay_table.load(out)[1].get("live")
    if not isinstance(live, dict) or "identity" not in live:
        raise BadInput(f"{out}: holds no live studies; --out FILE keeps it, --fresh replaces it")
    here = json.loads(json.dumps(identity))
    if live["identity"] != here:
        raise BadInput(
            f"{out}: holds another study ({difference(here, live['identity'])}); --out FILE keeps both, "
            f"--fresh replaces it"
        )
    return True


def _facts(job: "Job", judged: "tuple[str, Surface] | None", told: Any) -> Any:
    """What the table's header says of the surface; without one, of the task's metric and what was told."""
    from grids.library import find_surface
    from grids.metric import Targets, derived_targets
    from grids.surface import Fidelity
    from grids.surface_facts import SurfaceFacts

    if judged is not None:
        return SurfaceFacts.of(judged[1], find_surface(judged[0]))
    metric = job.metric
    known = job.task.fidelity(job.all_epochs)
    fidelity = Fidelity.epochs(job.all_epochs) if known is None else Fidelity(*known)
    targets = Targets(metric.targets) if metric.targets else derived_targets(told)
    return SurfaceFacts(
        metric=metric.name,
        unit=metric.unit,
        bounded=metric.bounded,
        failure=metric.failure_value,
        targets=targets.values,
        targets_derived=targets.derived,
        resolution=job.about["resolution"],
        optimizer_label=job.rule.label,
        fidelity={"name": fidelity.name, "values": list(fidelity.values)},
        lowest=float(told.min()),
        span=float(told.max() - told.min()),
    )


def _header(label: str, space: "Space", facts: Any, identity: dict[str, Any], on_surface: bool) -> dict[str, Any]:
    from trainers.sweep.trainer import software
    from tuning.replay import versions
    from tuning.searchers import LABELS

    return {
        "live": {
            "axes": space.to_json(),
            "judged_by": "surface" if on_surface else "told",
            "trials": identity["trials"],
            "identity": identity,
        },
        "seed": identity["seed"],
        "repeats": identity["repeats"],
        "max_trials": {label: identity["trials"]},
        "cost_model": "resume",
        "seed_statistic": "mean" if on_surface else "told",
        "value_of": "last",
        "noise": "live",
        "lowest": "own",
        "dimensions": {label: len(space.axes)},
        "surfaces": {label: facts.to_json()},
        "searchers": identity["searchers"],
        "searcher_labels": LABELS,
        "software": {**versions(), **software()},
    }
