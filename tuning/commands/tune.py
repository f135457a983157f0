"""`tunecost tune`: runs searchers on real trainings, many studies at once, and writes a replay table."""

import time
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from grids.commands.options import Jobs, Quiet, Seed, check_least
from grids.commands.outputs import check_writable
from grids.errors import BadInput
from grids.terminal import progress, say
from trainers.commands.options import Fresh, TaskName, TrainOptions


def tune(
    task: TaskName,
    optimizers: Annotated[
        list[str],
        typer.Option(
            "-o",
            "--optimizer",
            metavar="OPT",
            help="One of `grid optimizers`, or your own as module:rule. A table has one; `cost` reads several tables.",
        ),
    ],
    searchers: Annotated[
        list[str],
        typer.Option(
            "--searcher",
            "-s",
            metavar="SEARCHER",
            help="One of {live_searchers}, optuna:NAME or my_module:MyClass, options as in `replay`; may be given "
            "again.",
        ),
    ],
    out: Annotated[Path, typer.Option("--out", help="The replay table to write (.parquet).")],
    train: TrainOptions,
    trials: Annotated[int, typer.Option(min=1, help="Trainings of each study.")] = 40,
    repeats: Annotated[int, typer.Option(min=1, help="Studies of each searcher.")] = 100,
    seed: Seed = 0,
    surface: Annotated[
        str | None,
        typer.Option(
            metavar="SURFACE",
            help="Path or name of the surface whose mean is the value of a chosen cell; none: use the values told.",
            show_default="TASK/OPT, if it fits",
        ),
    ] = None,
    jobs: Jobs = None,
    fresh: Fresh = False,
    quiet: Quiet = False,
) -> None:
    """Run live tuning studies, each with its own seeds; in each round, the next cells of all are trained together.

    A study chooses the cell with the lowest value it was told; the chosen cell is judged by the mean of the task's
    surface there, minus the surface's lowest. A cell that is asked for again is trained again, with a new seed, and
    every study spends its whole budget. `cost`, `compare` and the figures read the table; `compare --live` compares it
    with replays.
    """
    from grids import replay_table
    from trainers.blocks import Training, crew
    from trainers.blocks.locks import locked
    from trainers.blocks.processes import termination_interrupts
    from trainers.device import devices, software
    from trainers.job import Job
    from trainers.live import Journal, LiveTrainer, block_size
    from trainers.live.journal import forget
    from trainers.live.reference import facts_of, find_reference
    from trainers.live.trainer import folder_of
    from tuning.live import Judge, live_rows, play_live, specs_for_live
    from tuning.live.table import check_same_studies, header_of, live_closing

    if len(optimizers) != 1:
        raise BadInput(
            f"-o is given {len(optimizers)} times: a live table has one optimizer; `cost` and `compare` read several"
        )
    check_least("seed", seed, 0)
    check_least("jobs", jobs, 1)
    start = time.monotonic()
    names = devices(train.device)
    if names[0] == "cpu" and jobs is not None:
        names = ["cpu"] * jobs
    job = Job(task, optimizers[0], **train.of_job(names[0]))
    reference, message = find_reference(job, surface, train.space is not None)
    cells = job.space if reference is None else reference.surface.space
    specs_for_live(searchers, cells)
    check_writable(out, [] if reference is None else [str(reference.path)])
    identity = {
        "training": job.identity(cells),
        "searchers": searchers,
        "repeats": repeats,
        "trials": trials,
        "seed": seed,
        "surface": None if reference is None else reference.facts.sha256,
    }
    if not fresh and out.exists():
        check_same_studies(out, identity)
        say(f"{out}: already holds these studies; --fresh trains them again", quiet)
        return
    say(message, quiet or not message)
    folder = folder_of(out)
    with locked(folder / "lock") as acquired, termination_interrupts() as check:
        if not acquired:
            raise BadInput(f"{folder}: another `tunecost tune` is running here")
        if fresh:
            forget(folder)
        count = len(searchers) * repeats
        workers = names[: min(len(names), count)]
        journal = Journal(folder, identity, lambda: block_size(job, count, len(workers)), say)
        trainers = [Training(replace(job, device_name=name)) for name in workers]
        with progress("trainings", count * trials, quiet) as advance, crew(trainers) as others:

            def advance_if_wanted(trainings: int) -> None:
                advance(trainings)
                check()

            trainer = LiveTrainer(cells, journal, others, advance_if_wanted)
            studies = play_live(
                cells,
                f"{job.task.name}/{job.optimizer}",
                searchers,
                repeats=repeats,
                trials=trials,
                seed=seed,
                train=trainer,
            )
        judge = Judge.of_told(studies) if reference is None else Judge.of(reference.surface)
        label = f"{job.task.name}/{job.optimizer}" if reference is None else reference.name
        facts = facts_of(job, studies.told) if reference is None else reference.facts
        frame = live_rows(studies, judge, label, job.optimizer, job.task.name, facts.whole or float("nan"))
        replay_table.save(frame, out, header_of(label, cells, facts, identity, software()).to_json())
        journal.clear()
    for line in live_closing(studies, judge, cells, facts, label, time.monotonic() - start):
        say(line, quiet)
    say(f"{out}: {count} live studies, {len(frame)} rows", quiet)
