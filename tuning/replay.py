"""Replaying searchers over surfaces: many seeded runs, in any number of processes, into one replay table."""

import functools
import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, ParamSpec

import numpy as np

from grids import replay_table
from grids.errors import BadInput, unknown
from grids.replay_table import Part
from grids.surface import Surface
from grids.within import within as narrowed
from tuning.budget import Budget
from tuning.chunk import Chunk, Rows, is_few, run_chunk
from tuning.kernels import is_compiled
from tuning.ledger import Limits
from tuning.problem import TabularProblem
from tuning.searchers import SearcherSpec, get_searcher, names
from tuning.trials import play
from tuning.workers import share, spread

if TYPE_CHECKING:  # not needed to write a table's file
    import pandas as pd

Arguments = ParamSpec("Arguments")


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
) -> list[Part]:
    """Replay every searcher on every surface.

    >>> from grids import load_surface
    >>> table = replay(load_surface("digits-mlp/adam"), ["random", "gld"], repeats=10, max_trials=50)
    >>> table.groupby("searcher")["end"].sum().to_dict()
    {'gld': 10, 'random': 10}

    Each replay draws from streams named by seed, searcher text, surface and its own number, so that `jobs`, the order
    of arguments and the other replays change nothing. It ends when it is told the surface's lowest value of a whole
    training, or where its budget ends.

    Args:
        surfaces: by the name that the table shows; or surfaces, by their own names.
        searchers: texts, as `tuning.searchers.get_searcher` reads them.
        repeats: how many replays of each searcher on each surface, or which.
        max_trials: how many queries a replay may spend. Where neither this nor `max_epochs` is given, as many as the
            surface has cells; for searchers over fidelities, the epochs of as many whole trainings.
        seed: 0 or more.
        jobs: processes for what is not compiled (a script that asks for several needs Python's usual
            `if __name__ == "__main__":`), threads for what is.
        seed_statistic: how several seeds of a cell become the one value it is judged by.
        noise: tell the values of a seed drawn anew for each training, and judge by the statistic. Every replay then
            spends its whole budget.
        within: a part of the space, as `grids.within.within` reads it, which is all that searchers see.
        lowest: `own`: suboptimality is measured from the lowest value of the whole surface; `within`: of that part.
        nearest: on a pool, let searchers propose freely, and answer with the nearest configuration.
        max_epochs: how many epochs a replay may spend, in the unit of the surface's fidelity; a query that would exceed
            them is not started, and the replay ends there.
        cost_model: how a continued training is charged: `resume`, `restart` or `stop`, see `tuning.ledger`.
        workers: simulate so many workers side by side, on seconds where the surface has them, else on epochs; the table
            then says when each result was there. One gives the same trials as none.
        advance: called with the number of replays finished since the last call.

    Returns:
        The replay table, columns as `grids.replay_table.SCHEMA`: of `replay` a data frame, of `replay_parts` what
        `grids.replay_table.save_parts` writes.

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
            kind = free, spec.over_fidelities or spec.own
            if kind not in made:
                made[kind] = TabularProblem.of(
                    label, part, seed_statistic, noise, lowest=least, nearest=free, curves=kind[1]
                )
            limits = budget.limits(spec, made[kind])
            _try(spec, made[kind], limits)
            planned.append((made[kind], text, limits))
    chunks = []
    for problem, text, limits in planned:
        plain = is_few(problem, get_searcher(text), len(wanted), limits)
        for numbers in [wanted] if plain else _parts(wanted, limits.max_trials, jobs):
            chunks.append(Chunk(problem, text, seed, numbers, limits, plain))
    results: list[Rows | None] = [None] * len(chunks)
    for number, rows in _all(chunks, jobs):
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
    """Surfaces by name: their own, `TASK/OPTIMIZER`, where none is given. Raises BadInput where two are alike."""
    if isinstance(surfaces, Mapping):
        return surfaces
    listed = [surfaces] if isinstance(surfaces, Surface) else list(surfaces)
    found = {surface.name: surface for surface in listed}
    if len(found) != len(listed):
        raise BadInput(f"two surfaces are called {', '.join(found)}: give them as a dictionary by name")
    return found


def check_lowest(lowest: str, within: str | None) -> None:
    """Raises BadInput where `lowest` is neither own nor within, or within what."""
    if lowest not in ("own", "within"):
        raise unknown("lowest value", lowest, ("own", "within"))
    if lowest == "within" and within is None:
        raise BadInput("--lowest within needs --within, the part that it speaks of")


def not_on_a_pool(spec: SearcherSpec, label: str) -> str:
    """Why a searcher does not work on a pool, and what does."""
    return (
        f"searcher '{spec.text}' proposes cells by their order along the axes, and {label} is a pool: its "
        f"configurations have no neighbours and fill no grid; random and random-unique choose from its list, "
        f"and --nearest answers any proposal with the nearest configuration"
    )


def versions() -> dict[str, str]:
    """The versions of what a replay's result depends on."""
    found = {}
    for package in ("tunecost", "numpy", "optuna", "cma", "numba"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def cores() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _try(spec: SearcherSpec, problem: TabularProblem, limits: Limits) -> None:
    """Raises BadInput where a searcher cannot work, before hours go into others."""
    searcher = spec.build(problem.space, np.random.default_rng(0), problem.fidelities(limits.pauses))
    if spec.third_party:
        with spec.naming_errors():
            play(searcher, problem, np.zeros(1, np.int32), replace(limits, max_trials=1, workers=1))


def _all(chunks: Sequence[Chunk], jobs: int) -> Iterator[tuple[int, Rows]]:
    """Every chunk's rows with its number, in the order they are ready: small ones first, what is compiled in threads,
    the rest in processes.
    """
    small: list[int] = []
    compiled: list[int] = []
    others: list[int] = []
    for number, chunk in enumerate(chunks):
        threaded = chunk.limits.workers == 1 and is_compiled(get_searcher(chunk.searcher))
        (small if chunk.plain else compiled if threaded else others).append(number)
    for numbers, divide in ((small, None), (compiled, share), (others, spread)):
        work = [chunks[number] for number in numbers]
        if divide is not None and min(jobs, len(work)) > 1:
            for place, rows in divide(run_chunk, work, min(jobs, len(work))):
                yield numbers[place], rows
        else:
            yield from ((number, run_chunk(chunks[number])) for number in numbers)


def _parts(repeats: range, max_trials: int, jobs: int) -> list[range]:
    """`repeats` in chunks small enough to share among `jobs`, and of matrices under some 2 million trials."""
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
        raise BadInput(f"repeats must be 1 or more, not {len(repeats)}")
    for name, number, least in (("seed", seed, 0), ("jobs", jobs, 1)):
        if number < least:
            raise BadInput(f"{name} must be {least} or more, not {number}")
