"""Compare the costs at which two searchers, or two optimizers under one searcher, reach a target."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from operator import attrgetter
from typing import Any

import numpy as np
from scipy import stats

from analysis.ert import ert, interval, note, resampled_ert, stream
from analysis.levels import goals
from analysis.replays import Group, Runtimes, common_targets, unit_of
from analysis.seed_costs import freedom, log_costs, of_draws, parts
from grids.errors import BadInput, unknown
from grids.target import Count

NAN = float("nan")


@dataclass(frozen=True)
class Comparison:
    """ERT of B against A with 95% bootstrap intervals, NaN where one of them never hit; and two tests.

    `difference` is B − A, `ratio` is B / A: above 1, B costs more. An end of an interval is infinite where too few
    hits bound it. The p-values are of `log_rank` and `mann_whitney`.
    """

    difference: float
    difference_interval: tuple[float, float]
    ratio: float
    ratio_interval: tuple[float, float]
    p_logrank: float
    p_mannwhitney: float


def over_seeds(ratio: float, a: Runtimes, b: Runtimes, draws: int, seeds: int) -> tuple[float, float, float, float]:
    """The ratio of two ERT with its 95 % interval over seeds, and the two-sided p-value of a ratio of 1.

    Where the surfaces themselves were played, their luck doubles the variance that the seeds leave in costs without
    noise: the ratio is that of the luck of both.

    Args:
        ratio: of B to A as played on the surfaces; NaN for the ratio without noise.
        a, b: runtimes spread over `draws` surfaces without noise each.
        draws, seeds: of each.
    """
    (cost_a, own_a), (cost_b, own_b) = (log_costs(parts(one, draws)) for one in (a, b))
    mean, error, fixed = of_draws(cost_b - cost_a, own_a + own_b)
    if np.isfinite(ratio) and ratio > 0:
        mean, error = float(np.log(ratio)), float(np.sqrt(2.0)) * error
    many = freedom(seeds)
    half = float(np.hypot(stats.t.isf(0.025, many) * error, stats.norm.isf(0.025) * fixed))
    whole = float(np.hypot(error, fixed))
    p = float(2 * stats.t.sf(abs(mean) / whole, many)) if whole else float(mean == 0)
    return float(np.exp(mean)), float(np.exp(mean - half)), float(np.exp(mean + half)), p


_SHARED = {
    "optimizer": ("task", "searcher"),
    "searcher": ("surface", "optimizer", "task"),
    "surface": ("searcher",),
}
"""What A and B may name, and which names two groups must share to be compared."""


def pairs(groups: Sequence[Group], a: str, b: str) -> list[tuple[Group, Group]]:
    """The pairs of groups to compare: two optimizers for each task and searcher, two searchers for each surface, two
    surfaces for each searcher.

    Raises:
        BadInput: A or B is unknown; they are equal or of different kinds; they share no task or searcher; they were
            replayed under different options, or on surfaces of different units.
    """
    if a == b:
        several = sorted({group.surface for group in groups if group.optimizer == a})
        hint = f"; these surfaces have that optimizer: {', '.join(several[:9])}" if len(several) > 1 else ""
        raise BadInput(f"'{a}' cannot be compared with itself{hint}")
    kinds = {kind: {getattr(group, kind): None for group in groups} for kind in _SHARED}
    for name in (a, b):
        if not any(name in known for known in kinds.values()) and name in {group.task for group in groups}:
            raise BadInput(
                f"'{name}' is a task, and optimizers, searchers or surfaces are compared: "
                f"{', '.join([*kinds['optimizer'], *kinds['searcher'], *kinds['surface']][:20])}; surfaces of one task "
                f"have one name for it (grid import --task)"
            )
        if not any(name in known for known in kinds.values()):
            raise unknown("optimizer or searcher", name, [*kinds["optimizer"], *kinds["searcher"]])
    kind = next((kind for kind, known in kinds.items() if a in known and b in known), None)
    if kind is None:
        raise BadInput(f"'{a}' and '{b}' are not two of a kind: name two optimizers, or two searchers")
    left, right = ([group for group in groups if getattr(group, kind) == name] for name in (a, b))
    by = attrgetter(*_SHARED[kind])
    found = [(one, other) for one, other in product(left, right) if by(one) == by(other)]
    if not found:
        shared = " and ".join(_SHARED[kind])
        raise BadInput(f"'{a}' and '{b}' have no {shared} in common in these replays{_tasks(left, right)}")
    for one, other in found:
        if one.judged != other.judged:
            raise BadInput(f"'{a}' and '{b}' were judged differently ({one.judged}; {other.judged})")
        unit_of([one, other], "a comparison")
    return found


def _tasks(left: Sequence[Group], right: Sequence[Group]) -> str:
    """Advice where two optimizers have no task in common; empty where they have."""
    one, other = (sorted({group.task for group in groups}) for groups in (left, right))
    if set(one) & set(other):
        return ""
    return (
        f": one is of task {', '.join(map(repr, one))}, the other of {', '.join(map(repr, other))}; where these "
        f"are the same task, give it one name (grid import --task), or compare two surfaces by their names"
    )


def compare(a: Runtimes, b: Runtimes, rng: np.random.Generator, *, common: bool = False) -> Comparison:
    """Compare two independent samples of runtimes; `rng` draws the bootstrap.

    With `common` the log-rank test is on runtimes cut at the horizon that both have (`Runtimes.cut`).
    """
    cost_a, cost_b = ert(a), ert(b)
    nothing = (float("nan"), float("nan"))
    gap, share = nothing, nothing
    if a.hits and b.hits:
        with np.errstate(invalid="ignore"):
            drawn_a, drawn_b = resampled_ert(a, rng), resampled_ert(b, rng)
            # inf - inf and inf / inf: resamples without a hit on either side carry no information.
            differences, ratios = drawn_b - drawn_a, drawn_b / drawn_a
        known = ~np.isnan(differences)
        gap, share = interval(differences[known]), interval(ratios[known])
    tested = [one.cut(min(a.horizon, b.horizon)) if common else one for one in (a, b)]
    return Comparison(cost_b - cost_a, gap, cost_b / cost_a, share, log_rank(*tested), mann_whitney(a, b))


def log_rank(a: Runtimes, b: Runtimes) -> float:
    """Two-sided p-value of the log-rank test for equal distributions; NaN where nothing hit or nothing varies.

    Mantel 1966, Peto and Peto 1972. A censored replay counts as at risk until its end. `scipy.stats.logrank` is the
    same, but its integer products overflow from about 80,000 replays on.
    """
    from scipy.stats import norm

    moments = np.unique(np.concatenate([a.time[a.hit], b.time[b.hit]]))
    risk_a, risk_b = _at_risk(a.time, moments), _at_risk(b.time, moments)
    hits_a, hits_b = (_at_risk(r.time[r.hit], moments) - _after(r.time[r.hit], moments) for r in (a, b))
    risk, hits = risk_a + risk_b, hits_a + hits_b
    excess = np.sum(hits_a - hits * risk_a / risk)
    several = risk > 1
    share = (risk_a * risk_b / risk**2 * hits)[several]
    variance = np.sum(share * (risk - hits)[several] / (risk[several] - 1))
    return float(2 * norm.sf(abs(excess) / np.sqrt(variance))) if variance > 0 else float("nan")


def _at_risk(times: np.ndarray, moments: np.ndarray) -> np.ndarray:
    """How many of `times` are at or after each moment: float64 `[moments]`."""
    return len(times) - np.searchsorted(np.sort(times), moments).astype(np.float64)


def _after(times: np.ndarray, moments: np.ndarray) -> np.ndarray:
    """How many of `times` are after each moment: float64 `[moments]`."""
    return len(times) - np.searchsorted(np.sort(times), moments, side="right").astype(np.float64)


def mann_whitney(a: Runtimes, b: Runtimes) -> float:
    """Two-sided p-value of the Mann–Whitney test on runtimes cut at the common horizon; NaN where nothing hit.

    Up to the shortest budget of a censored replay it is known of every replay whether and when it hit. Later hits and
    censored replays are tied, behind all others.
    """
    if not (a.hits or b.hits):
        return float("nan")
    from scipy.stats import mannwhitneyu

    horizon = min(a.horizon, b.horizon)
    cut_a, cut_b = (np.where(r.hit & (r.time <= horizon), r.time, np.inf) for r in (a, b))
    ranked = np.unique(np.concatenate([cut_a, cut_b]), return_inverse=True)[1]
    return float(mannwhitneyu(ranked[: a.repeats], ranked[a.repeats :], method="asymptotic").pvalue)


def holm(p: np.ndarray) -> np.ndarray:
    """p-values `[tests]` corrected for multiple testing by Holm's method (1979); NaN stays NaN and does not count.

    >>> holm(np.array([0.01, 0.04, np.nan, 0.03])).round(4)
    array([0.03, 0.06,  nan, 0.06])
    """
    corrected = np.full(len(p), np.nan)
    order = np.argsort(p)[: int((~np.isnan(p)).sum())]
    steps = p[order] * np.arange(len(order), 0, -1)
    corrected[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return corrected


def compare_rows(
    groups: Sequence[Group],
    a: str,
    b: str,
    targets: Sequence[float] | None = None,
    count: Count = Count.trials,
    *,
    levels: Sequence[float] | None = None,
    seed: int = 0,
    noiseless: Mapping[tuple[str, ...], Group] | None = None,
) -> list[dict[str, Any]]:
    """One row for each pair of groups and target, Holm's correction is over all rows.

    Two surfaces are compared over their seeds where `noiseless` has both: their replays, however many, tell of the luck
    of these seeds alone, so that the tests of replays are left out.

    Args:
        groups: of one or more replay tables.
        a, b: two optimizers, searchers or surfaces.
        targets: suboptimality; the pair's `common_targets` where not given.
        count: the kind of cost.
        levels: absolute values to reach instead of targets; `target` then holds the level.
        seed: of the bootstrap.
        noiseless: by key, groups on surfaces without noise; empty to compare the replays of each pair alone.

    Raises:
        BadInput: as `pairs`.
    """
    rows = list(_rows(pairs(groups, a, b), a, b, targets, levels, count, seed, noiseless or {}))
    for test in ("p_seeds", "p_logrank", "p_mannwhitney"):
        corrected = holm(np.array([row[test] for row in rows]))
        for row, value in zip(rows, corrected, strict=True):
            row[f"{test}_holm"] = float(value)
    return rows


def _rows(
    matched: Sequence[tuple[Group, Group]],
    a: str,
    b: str,
    targets: Sequence[float] | None,
    levels: Sequence[float] | None,
    count: Count,
    seed: int,
    noiseless: Mapping[tuple[str, ...], Group],
) -> Iterator[dict[str, Any]]:
    for left, right in matched:
        shared = common_targets([left, right]) if targets is None else targets
        for (target, one, gap), (_, other, _) in zip(
            goals(left, shared, levels), goals(right, shared, levels), strict=True
        ):
            first, second = one.runtimes(gap, count), other.runtimes(gap, count)
            words = (
                note([first, second]),
                *(side.about.beyond(gap) for side in (one, other)),
                *(f"{side.surface}: {said}" for side in (one, other) if (said := side.never(gap))),
            )
            rng = stream(seed, *one.key, *other.key, target, count)
            found, p_seeds = compare(first, second, rng, common=count == Count.unique), NAN
            means = ert(first), ert(second)
            both = [noiseless[side.key] for side in (one, other) if side.key in noiseless and not levels]
            if one.surface != other.surface and len(both) == 2:
                spread = [side.runtimes(gap, count) for side in both]
                seeds = min(len(side.about.seeds) for side in both)
                played = float("nan") if one.draws > 1 else found.ratio
                ratio, low, high, p_seeds = over_seeds(played, spread[0], spread[1], both[0].draws, seeds)
                found = replace(found, ratio=ratio, ratio_interval=(low, high), p_logrank=NAN, p_mannwhitney=NAN)
                found = replace(found, difference_interval=(NAN, NAN))
                words = (*words, f"over {seeds} seeds")
            elif one.surface != other.surface:
                words = (*words, "over replays of one surface each: their seeds' noise is not in this")
            yield {
                "a": a,
                "b": b,
                "surface_a": one.surface,
                "surface_b": other.surface,
                "task": one.task,
                "searcher_a": one.searcher,
                "searcher_b": other.searcher,
                "target": target,
                "count": str(count),
                "repeats_a": first.repeats,
                "repeats_b": second.repeats,
                "hits_a": first.hits,
                "hits_b": second.hits,
                "ert_a": means[0],
                "ert_b": means[1],
                "difference": found.difference,
                "difference_low": found.difference_interval[0],
                "difference_high": found.difference_interval[1],
                "ratio": found.ratio,
                "ratio_low": found.ratio_interval[0],
                "ratio_high": found.ratio_interval[1],
                "p_seeds": p_seeds,
                "p_seeds_holm": NAN,
                "p_logrank": found.p_logrank,
                "p_logrank_holm": NAN,
                "p_mannwhitney": found.p_mannwhitney,
                "p_mannwhitney_holm": NAN,
                "cost_model": one.judged.cost_model,
                "note": "; ".join(dict.fromkeys(filter(None, words))) or None,
                "unit": one.about.unit,
                **one.judged.columns(),
            }
