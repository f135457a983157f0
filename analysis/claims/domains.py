"""The title: which optimizers are dominant in every domain, over the tasks of all domains."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scipy import stats

from analysis.claims.evidence import Evidence
from analysis.claims.finding import NAN, Estimate, Finding, Verdict
from analysis.claims.uncertainty import noise_of_values
from analysis.claims.widths import wide_partner
from analysis.shared_seeds import on_shared_seeds
from grids.surface import Surface

VISION, LANGUAGE, GENERATION = "vision", "language", "generation"
DOMAINS = (VISION, LANGUAGE, GENERATION)
"""The paper's three, in its order: sections 5.1, 5.2 and 5.3."""

_METRICS = {"validation error": VISION, "bits per character": LANGUAGE, "FID": GENERATION}
_FRECHET = "Fréchet distance"
_LEVEL = 0.05


def domain_of(surfaces: Mapping[str, Surface]) -> str | None:
    """The domain of a task, by its metric; None where it is not one of the paper's."""
    metrics = {surface.provenance.metric for surface in surfaces.values()}
    if len(metrics) != 1:
        return None
    (metric,) = metrics
    return GENERATION if metric.startswith(_FRECHET) else _METRICS.get(metric)


@dataclass(frozen=True)
class Regret:
    """The distance of an optimizer's best cell from the best of all optimizers, on one task.

    Args:
        task, domain: the task and its domain.
        gap: the difference of the two lowest values, in the metric's unit.
        deviation: the standard deviation of one seed's value in good cells, over all the task's optimizers.
        margin: the largest gap that noise alone is taken to make (`margin`).
        target: the gap up to which an optimizer counts as as good as the best, in the metric's unit.
        best: the optimizer with the lowest value.
    """

    task: str
    domain: str
    gap: float
    deviation: float
    margin: float
    target: float
    best: str

    @property
    def units(self) -> float:
        """The gap in standard deviations of one seed's value."""
        return self.gap / self.deviation

    @property
    def within_noise(self) -> bool:
        """Whether the gap is no larger than chance alone may make it."""
        return self.gap <= self.margin

    @property
    def surely_small(self) -> bool:
        """Whether the gap is at most the target, even where noise has hidden as much of it as it may."""
        return self.gap + self.margin <= self.target


def margin(deviation: float, freedom: float, seeds: int, optimizers: int, tasks: int) -> float:
    """The difference of two means over seeds that, with a probability of 95 %, no pair of optimizers exceeds by chance.

    The best is picked by its value and one miss on any task decides, so the 5 % are shared out (Bonferroni) among all
    pairs of the optimizers on all tasks.

    Args:
        deviation, freedom: the standard deviation of one seed's value, and its degrees of freedom.
        seeds: of each mean.
        optimizers, tasks: how many are compared.
    """
    tail = _LEVEL / (2 * max(math.comb(optimizers, 2), 1) * max(tasks, 1))
    quantile = float(stats.t.isf(tail, freedom) if math.isfinite(freedom) else stats.norm.isf(tail))
    return quantile * deviation * math.sqrt(2 / seeds)


def regrets(evidence: Evidence, domain: str, methods: Sequence[str], tasks: int = 1) -> dict[str, Regret]:
    """The regret of each optimizer on a task; empty where the noise of values is unknown, or no seed is shared.

    The lowest value over fewer seeds is lower by chance, so all are compared on the seeds that they share. The noise
    is common to the task (`noise_of_values`).

    Args:
        tasks: on how many each optimizer is judged, this one included.
    """
    surfaces = on_shared_seeds({name: evidence.surfaces[name] for name in methods if name in evidence.surfaces})
    known = noise_of_values(one for name, one in evidence.surfaces.items() if name in methods)
    if known is None or len({surface.seeds for surface in surfaces.values()}) > 1:
        return {}
    deviation, freedom, _ = known
    shared = len(next(iter(surfaces.values())).seeds)
    apart = margin(deviation, freedom, shared, len(surfaces), tasks)
    lowest = {name: float(surface.mean.min()) for name, surface in surfaces.items()}
    best = min(lowest, key=lowest.__getitem__)
    return {
        name: Regret(evidence.task, domain, value - lowest[best], deviation, apart, evidence.target, best)
        for name, value in lowest.items()
    }


def dominance(evidences: Sequence[Evidence], methods: Mapping[str, str]) -> list[Finding]:
    """A finding for each optimizer: whether it is as good as the best in every domain.

    Args:
        evidences: one for each task. Tasks of other domains than the paper's are left out, and so are wider networks
            of tasks that are there too, which would count these twice.
        methods: the labels of the optimizers that the paper compares, by name.
    """
    partners = {wide_partner(evidence.task) for evidence in evidences}
    tasks = [(one, domain_of(one.surfaces)) for one in evidences if one.task not in partners]
    judged = [(evidence, domain) for evidence, domain in tasks if domain is not None]
    each = [regrets(evidence, domain, list(methods), len(judged)) for evidence, domain in judged]
    return [_dominant(name, label, [found[name] for found in each if name in found]) for name, label in methods.items()]


def _dominant(optimizer: str, label: str, found: Sequence[Regret]) -> Finding:
    missing = [domain for domain in DOMAINS if domain not in {regret.domain for regret in found}]
    words = [
        f"{domain}: " + ", ".join(_in_words(regret) for regret in found if regret.domain == domain)
        for domain in DOMAINS
        if domain not in missing
    ]
    words += [f"{domain}: no surface with a known noise" for domain in missing]
    why = "; ".join(words)
    ours, verdict = Estimate(NAN), Verdict.open
    if found:
        worst = max(found, key=lambda regret: regret.units)
        outside = [regret for regret in found if not regret.within_noise]
        small = not missing and all(regret.surely_small for regret in found)
        verdict = Verdict.fails if outside else Verdict.holds if small else Verdict.open
        half = worst.margin / worst.deviation
        ours = Estimate(worst.units, max(worst.units - half, 0.0), worst.units + half)
    return Finding(
        f"dominant-{optimizer}",
        f"{label} is dominant whatever the domain: its best cell is as good as the best of all optimizers",
        "title, 3",
        None,
        ours,
        "largest regret over the tasks of every domain, in standard deviations of one seed's value: holds where every "
        "task's is at most the task's target, noise included, fails where one exceeds the noise of all pairs of "
        "optimizers on all tasks; cannot be told otherwise, nor where a domain has no task with a known noise",
        verdict,
        why,
    )


def _in_words(regret: Regret) -> str:
    if regret.gap == 0:
        return f"the best on {regret.task}"
    mark = "" if regret.within_noise else ", beyond noise"
    return f"{regret.units:.1f} behind {regret.best} on {regret.task}{mark}"
