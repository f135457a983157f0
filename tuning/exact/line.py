"""The law of line searches: each start determines all that follows, until a new start is drawn at random."""

from collections.abc import Iterator, Sequence

import numpy as np

from grids.space import Axis, Space
from tuning.exact.law import never
from tuning.exact.runtime import Runtime
from tuning.searchers.form import Stepper
from tuning.searchers.line import LINE, Lines

_BLOCK = 4_000_000


class LineLaw:
    """The `Law` of line searches: a renewal process of runs from uniform cells, perhaps the first from a given one."""

    most_cells: int | None = 4000
    """The search from every cell is simulated once."""

    def __init__(self, tables: Lines, table: np.ndarray, good_counts: Sequence[int] = ()) -> None:
        self.values = np.sort(table.ravel())
        self.good_counts = good_counts
        runs = [_run(tables, flat, table) for flat in range(table.size)]
        self.lengths = np.array([len(run) for run in runs])
        longest = int(self.lengths.max())
        # The lowest value after each trial from each start; after the end of a run, its last.
        self.best = np.array([run[-1] for run in runs])[:, None].repeat(longest, axis=1)
        for start, run in enumerate(runs):
            self.best[start, : len(run)] = run
        self.first = None if tables.start < 0 else tables.start

    def runtimes(self) -> list[Runtime]:
        return [self._runtime(good) for good in self.good_counts]

    def curve(self, max_trials: int) -> np.ndarray:
        # The mean is a sum over gaps between sorted values: each times the probability that no value below was seen.
        ranks = np.flatnonzero(np.diff(self.values)) + 1
        gaps = np.diff(self.values)[ranks - 1]
        mean = np.zeros(max_trials)
        step = max(1, _BLOCK // (max_trials + self.best.size))
        for begin in range(0, len(ranks), step):
            part = slice(begin, begin + step)
            mean += gaps[part] @ self._survival(self.values[ranks[part] - 1], max_trials)[:, 1:]
        return mean

    def _runtime(self, good: int) -> Runtime:
        if not good:
            return never()
        level = self.values[good - 1]
        hits = self.best[:, -1] <= level
        spent = np.where(hits, (self.best > level).sum(axis=1) + 1, self.lengths).astype(float)
        share = float(hits.mean())
        mean = float(spent.mean()) / share if share else np.inf
        ever = 1.0 if share else 0.0
        if self.first is not None:
            ever = 1.0 if hits[self.first] else ever
            mean = float(spent[self.first]) + (0.0 if hits[self.first] else mean)

        def missed() -> Iterator[float]:
            trials = 64
            begin = 1
            while True:
                yield from self._survival(np.array([level]), trials)[0, begin:].tolist()
                begin, trials = trials + 1, 2 * trials

        return Runtime(mean, ever, missed)

    def _survival(self, levels: np.ndarray, trials: int) -> np.ndarray:
        """P(no value at or below a level in the first t trials), t = 0 … `trials`: `[levels, trials + 1]`.

        The renewal equation: S(t) = P(the first run lasts longer than t, without a hit by then) + Σ P(it ended at l
        without one) · S(t − l).
        """
        cells, longest = self.best.shape
        missed = self.best[None] > levels[:, None, None]
        running, ended = np.zeros((len(levels), longest)), np.zeros((len(levels), longest + 1))
        running[:, 0] = 1.0
        for trial in range(1, longest):
            running[:, trial] = (missed[:, :, trial - 1] & (self.lengths > trial)).sum(axis=1) / cells
        for length in np.unique(self.lengths):
            ended[:, length] = (missed[:, :, -1] & (self.lengths == length)).sum(axis=1) / cells
        renewed = np.zeros((len(levels), trials + 1))
        lengths = np.unique(self.lengths)
        for trial in range(trials + 1):
            if trial < longest:
                renewed[:, trial] = running[:, trial]
            for length in lengths[lengths <= trial]:
                renewed[:, trial] += ended[:, length] * renewed[:, trial - length]
        if self.first is None:
            return renewed
        length = int(self.lengths[self.first])
        survival = np.zeros_like(renewed)
        survival[:, 0] = 1.0
        known = missed[:, self.first, : min(length, trials)]
        survival[:, 1 : 1 + known.shape[1]] = known
        if trials > length:
            survival[:, length:] = missed[:, self.first, -1][:, None] * renewed[:, : trials + 1 - length]
        return survival


def _run(tables: Lines, start: int, table: np.ndarray) -> np.ndarray:
    """The lowest value after each trial of one run from the cell `start`, float64 `[trials of the run]`."""
    space = Space(tuple(Axis(f"axis{i}", tuple(range(n)), "linear") for i, n in enumerate(table.shape)))
    searcher = Stepper(LINE, tables._replace(start=start), space, None)
    found: list[float] = []
    while not found or searcher.state.now[0]["begun"]:
        cell = searcher.ask()
        found.append(float(table[cell]))
        searcher.tell(cell, found[-1])
    return np.minimum.accumulate(found)
