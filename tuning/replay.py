"""Replay searchers over surfaces: many seeded runs, in any number of processes, into one replay table."""

import contextlib
import functools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ParamSpec

import numpy as np

from grids import replay_table
from grids.errors import BadInput, unknown
from grids.replay_table import Part
from grids.surface import Surface
from grids.within import within as narrowed
from tuning.budget import Budget
from tuning.chunk import Chunk, Rows, is_few, run_chunk
from tuning.kernels.compiling import before_compiling
from tuning.ledger import Limits
from tuning.own_form import try_form
from tuning.play import is_compiled
from tuning.problem import TabularProblem
from tuning.searchers import SearcherSpec, get_searcher, names
from tuning.trials import play_one
from tuning.workers import share, spread

if TYPE_CHECKING:  # not needed to write a table's file
    import pandas as pd

SOFTWARE = ("tunecost", "numpy", "optuna", "cma", "numba")
"""The packages that a replay's result depends on."""
Arguments = ParamSpec("Arguments")

COMPILES = "compiling the searchers, once: later replays find the compiled code in a cache"


def replay_parts(
    surfaces: Mapping[str, Surface] | Sequence[Surface] | Surface,
    searchers: Sequence[str] = names(paper=True),
    *,
    repeats: int | range = 1000,
    max_trials: int | None = None,
    seed: int = 0,
    jobs: int = 1,
    seed_statistic: str = "mean",
    noise: bool = False,
    within: str | None = None,
    lowest: str = "own",
    nearest: bool = False,
    max_epochs: float | None = None,
    cost_model: str = "resume",
    workers: int | None = None,
    advance: Callable[[int], None] = lambda replays: None,
    note: Callable[[str], None] = lambda line: None,
) -> list[Part]:
    """Replay every searcher on every surface.

    >>> from grids import load_surface
    >>> table = replay(load_surface("digits-mlp/adam"), ["random", "gld"], repeats=10, max_trials=50)
    >>> table.groupby("searcher")["end"].sum().to_dict()
    {'gld': 10, 'random': 10}

    Each replay has its own random streams, selected by seed, searcher text, surface and replay number, so that it does
    not depend on `jobs`, the order of arguments or other replays. It ends when the searcher is told the surface's
    lowest value for a whole training, or at the end of its budget.

    Args:
        surfaces: a mapping from the name in the table to the surface; or surfaces, listed by their own names.
        searchers: texts, as `tuning.searchers.get_searcher` reads them.
        repeats: the number of replays of each searcher on each surface, or a range of replay numbers.
        max_trials: the largest number of queries. Where neither this nor `max_epochs` is given, as many as the
            surface has cells; for searchers over fidelities, the epochs of as many whole trainings.
        seed: 0 or more.
        jobs: the number of processes for searchers that are not compiled (a script that asks for several needs
            Python's usual `if __name__ == "__main__":`), of threads for compiled ones.
        seed_statistic: the statistic over a cell's seeds that is the cell's value in results.
        noise: tell the value of a seed that is drawn at random for each training; results use the statistic. Every
            replay then spends its whole budget.
        within: the part of the space that is searched, as `grids.within.within` reads it.
        lowest: `own`: suboptimality is measured from the lowest value of the whole surface; `within`: of that part.
        nearest: on a pool, searchers propose cells of a grid, and the nearest configuration is evaluated.
        max_epochs: the budget of a replay in epochs, or in the unit of the surface's fidelity; a query that would
            exceed it is not started, and the replay ends there.
        cost_model: how a continued training is charged: `resume`, `restart` or `stop`, see `tuning.ledger`.
        workers: the number of simulated parallel workers; time is in seconds where the surface has them, else in
            epochs. The table then has the time of each result. One worker gives the same trials as None.
        advance: called with the number of replays finished since the last call.
        note: called with a line to show, when searchers must be compiled first.

    Returns:
        The replay table, columns as `grids.replay_table.SCHEMA`: `replay` returns a data frame, `replay_parts` a list
        for `grids.replay_table.save_parts`.

    Raises:
        BadInput: an unknown searcher, an option or number out of range, or a searcher that leaves its space or fails.
    """
    wanted = range(repeats) if isinstance(repeats, int) else repeats
    named = surfaces_by_name(surfaces)
    _check(named, searchers, wanted, seed, jobs)
    check_lowest(lowest, within)
    budget = Budget(max_trials, max_epochs, cost_model, workers)
    planned = []
    for label, whole in named.items():
        part = whole if within is None else narrowed(whole, within)
        least = float(whole.table(seed_statistic).min()) if lowest == "own" else None
        made: dict[tuple[bool, bool], TabularProblem] = {}
        for text in searchers:
            spec = get_searcher(text)
            free = nearest and part.space.is_pool and not spec.from_list
            if part.space.is_pool and not (free or spec.from_list):
                raise BadInput(not_on_a_pool(spec, label))
            key = free, spec.over_fidelities or spec.own
            if key not in made:
                made[key] = TabularProblem.of(
                    label, part, seed_statistic, noise, lowest=least, nearest=free, curves=key[1]
                )
            limits = budget.limits(spec, made[key])
            _try(spec, made[key], limits)
            planned.append((made[key], text, limits))
    chunks = []
    for problem, text, limits in planned:
        plain = is_few(problem, get_searcher(text), len(wanted), limits)
        for numbers in [wanted] if plain else _parts(wanted, limits.max_trials, jobs):
            chunks.append(Chunk(problem, text, seed, numbers, limits, plain))
    results: list[Rows | None] = [None] * len(chunks)
    for number, rows in _all(chunks, jobs, note):
        results[number] = rows
        advance(len(chunks[number].repeats))
    return [_part(chunk, rows) for chunk, rows in zip(chunks, results, strict=True) if rows is not None]


def _framed(parts: Callable[Arguments, list[Part]]) -> "Callable[Arguments, pd.DataFrame]":
    @functools.wraps(parts)
    def frame(*args: Arguments.args, **options: Arguments.kwargs) -> "pd.DataFrame":
        return replay_table.frame_of(parts(*args, **options))

    return frame


replay = _framed(replay_parts)


def surfaces_by_name(surfaces: Mapping[str, Surface] | Sequence[Surface] | Surface) -> Mapping[str, Surface]:
    """Surfaces by name: by their own, `TASK/OPTIMIZER`, if not a mapping. Raises BadInput where two names are equal."""
    if isinstance(surfaces, Mapping):
        return surfaces
    listed = [surfaces] if isinstance(surfaces, Surface) else list(surfaces)
    found = {surface.name: surface for surface in listed}
    if len(found) != len(listed):
        raise BadInput(f"two surfaces are called {', '.join(found)}: give them as a dictionary by name")
    return found


def check_lowest(lowest: str, within: str | None) -> None:
    """Raises BadInput if `lowest` is neither own nor within, or is within while no part of the space is given."""
    if lowest not in ("own", "within"):
        raise unknown("lowest value", lowest, ("own", "within"))
    if lowest == "within" and within is None:
        raise BadInput("--lowest within needs --within, the part of the space whose lowest value is meant")


def not_on_a_pool(spec: SearcherSpec, label: str) -> str:
    """The message that a searcher does not work on a pool, and what to use instead."""
    return (
        f"searcher '{spec.text}' proposes cells by their order along the axes, and {label} is a pool: its "
        f"configurations have no neighbours and fill no grid; random and random-unique choose from its list, "
        f"and --nearest answers any proposal with the nearest configuration"
    )


def _try(spec: SearcherSpec, problem: TabularProblem, limits: Limits) -> None:
    """Raises BadInput if a searcher cannot be built or fails at its first trial, before any replay is run."""
    searcher = spec.build(problem.space, np.random.default_rng(0), problem.fidelities(limits.pauses))
    if spec.own and spec.form is not None:
        with spec.naming_errors():
            try_form(spec.form, spec.tables(problem.space, problem.fidelities(limits.pauses)), problem)
    elif spec.third_party:
        with spec.naming_errors():
            play_one(searcher, problem, np.zeros(1, np.int32), replace(limits, max_trials=1, workers=1))


def _all(chunks: Sequence[Chunk], jobs: int, note: Callable[[str], None]) -> Iterator[tuple[int, Rows]]:
    """Every chunk's number and rows, in the order they are ready: first small chunks in this thread, then compiled
    searchers in threads, then the others in processes.
    """
    small: list[int] = []
    compiled: list[int] = []
    others: list[int] = []
    for number, chunk in enumerate(chunks):
        threaded = is_compiled(get_searcher(chunk.searcher), chunk.problem, chunk.limits)
        (small if chunk.plain else compiled if threaded else others).append(number)
    for numbers, divide in ((small, None), (compiled, share), (others, spread)):
        work = [chunks[number] for number in numbers]
        with before_compiling(lambda: note(COMPILES)) if work and divide is share else contextlib.nullcontext():
            if divide is not None and min(jobs, len(work)) > 1:
                for place, rows in divide(run_chunk, work, min(jobs, len(work))):
                    yield numbers[place], rows
            else:
                yield from ((number, run_chunk(chunks[number])) for number in numbers)


def _parts(repeats: range, max_trials: int, jobs: int) -> list[range]:
    """`repeats` split into at least 16 chunks for each job where possible, each of at most about 2 million trials."""
    size = max(1, min(math.ceil(len(repeats) / (16 * jobs)), 2_000_000 // max_trials))
    return [repeats[start : start + size] for start in range(0, len(repeats), size)]


def _part(chunk: Chunk, rows: Rows) -> Part:
    problem = chunk.problem
    return Part((problem.label, problem.optimizer, problem.task, chunk.searcher), rows)


def _check(
    surfaces: Mapping[str, Surface],
    searchers: Sequence[str],
    repeats: range,
    seed: int,
    jobs: int,
) -> None:
    if not surfaces:
        raise BadInput("no surface to replay on")
    if not searchers:
        raise BadInput("no searcher to replay")
    for text in searchers:
        if searchers.count(text) > 1:
            raise BadInput(f"searcher '{text}' is given twice")
    if len(repeats) < 1 or repeats.start < 0 or repeats.step != 1:
        raise BadInput(f"repeats must be 1 or more, not {repeats.stop - repeats.start}")
    for name, number, least in (("seed", seed, 0), ("jobs", jobs, 1)):
        if number < least:
            raise BadInput(f"{name} must be {least} or more, not {number}")
