"""Expected runtime (ERT): all trials spent divided by the number of replays that hit, and its bootstrap interval."""

import zlib
from collections.abc import Iterable

import numpy as np

from analysis.replays import Runtimes

RESAMPLES = 2000
FEW_HITS = 5
"""Statistics of fewer hits than this get a warning."""
BLOCK = 1_000_000
"""Numbers of all resamples that are held at a time."""


def ert(runtimes: Runtimes) -> float:
    """Σ time / hits, the expected cost of a searcher that is restarted until it hits; NaN where nothing hit.

    The COCO definition (Hansen et al. 2016, "COCO: Performance assessment", section 4.2). Without
    censoring it is the mean.
    """
    return float(runtimes.time.sum() / runtimes.hits) if runtimes.hits else float("nan")


def stream(seed: int, *names: object) -> np.random.Generator:
    """A random generator that depends only on `seed` and `names`, not on what else is computed or in which order."""
    keys = [zlib.crc32(str(name).encode()) for name in names]
    return np.random.default_rng(np.random.SeedSequence(entropy=seed, spawn_key=tuple(keys)))


def resampled_ert(runtimes: Runtimes, rng: np.random.Generator, resamples: int = RESAMPLES) -> np.ndarray:
    """ERT in bootstrap resamples of the replays: float64 `[resamples]`, infinite where a resample holds no hit.

    A resample draws as many replays as there are, with replacement. Replays with equal time and hit are
    interchangeable, so a draw is a multinomial over the distinct ones. It works in blocks, so that memory does not grow
    with replays × resamples.
    """
    outcomes, counts = np.unique(np.stack([runtimes.time, runtimes.hit]), axis=1, return_counts=True)
    share = counts / counts.sum()
    result = np.empty(resamples)
    step = max(1, BLOCK // len(share))
    for low in range(0, resamples, step):
        drawn = rng.multinomial(runtimes.repeats, share, size=min(step, resamples - low))
        spent, hits = (drawn @ outcomes.T.astype(np.float64)).T
        with np.errstate(divide="ignore"):
            result[low : low + len(drawn)] = spent / hits
    return result


def resampled_mean(values: np.ndarray, rng: np.random.Generator, resamples: int = RESAMPLES) -> np.ndarray:
    """The mean of `values` `[repeats]` in bootstrap resamples: float64 `[resamples]`, computed in blocks."""
    step = max(1, BLOCK // len(values))
    drawn = (
        values[rng.integers(0, len(values), (min(step, resamples - low), len(values)))].mean(axis=1)
        for low in range(0, resamples, step)
    )
    return np.concatenate(list(drawn))


def interval(resampled: np.ndarray) -> tuple[float, float]:
    """The 95 % percentile interval of bootstrap values `[resamples]`; an infinite end means that there is no bound."""
    ordered = np.sort(resampled)
    low = int(np.floor(0.025 * (len(ordered) - 1)))
    return float(ordered[low]), float(ordered[len(ordered) - 1 - low])


def ert_interval(runtimes: Runtimes, rng: np.random.Generator, resamples: int = RESAMPLES) -> tuple[float, float]:
    """The 95 % bootstrap percentile interval of `ert`; NaN where nothing hit.

    The upper end is infinite where so few replays hit that one resample in forty holds no hit.
    """
    if not runtimes.hits:
        return float("nan"), float("nan")
    return interval(resampled_ert(runtimes, rng, resamples))


def _plain(number: float) -> str:
    return f"{int(number)}" if number == int(number) else f"{number:.4g}"


def note(parts: Iterable[Runtimes]) -> str | None:
    """A warning in words where hits are too few to average; None otherwise."""
    remarks = []
    for runtimes in parts:
        if runtimes.hits == 0:
            remarks.append(f"no hit within {_plain(runtimes.time.max())}")
        elif runtimes.hits < FEW_HITS:
            remarks.append(f"only {runtimes.hits} hit{'s' if runtimes.hits > 1 else ''}: not to be relied on")
    return "; ".join(dict.fromkeys(remarks)) or None
