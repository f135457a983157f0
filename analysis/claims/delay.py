"""Section 8: whether a delay of one step in the second moments changes how well a method does on natural tasks."""

from collections.abc import Callable

from analysis.claims.evidence import Evidence
from analysis.claims.finding import Estimate, Finding, Statement
from analysis.claims.precision import jackknife, seed_parts
from grids.surface import Surface

METHOD, DELAYED, SKIPPED = "adam", "delayed-adam", "delayed-adam:first=skip"


def delay_changes_little(evidence: Evidence) -> Finding:
    """The delay that makes Adam converge does not change its performance on natural tasks."""
    about = Statement(
        "delay-changes-little",
        "A delay of one step in the second moments (here Adam's) does not change performance on natural tasks",
        "8",
        None,
        f"lowest value of Delayed Adam less that of Adam: within {evidence.in_words(evidence.target)} of 0; fails "
        "where its interval is not",
    )
    adam, delayed = evidence.plane(METHOD), evidence.plane(DELAYED)
    if adam is None or delayed is None:
        lacking = " and ".join(name for name in (METHOD, DELAYED) if evidence.plane(name) is None)
        return about.missing(f"needs a surface of {lacking} over alpha and epsilon")
    if adam.space != delayed.space:
        return about.missing(f"the surfaces of {METHOD} and {DELAYED} have other axes")
    ours, how = difference(evidence, delayed, adam)
    good = adam.suboptimality <= evidence.level
    kept = delayed.mean[good] <= adam.mean.min() + evidence.level
    why = (
        f"{delayed.mean.min():.4g} at {delayed.describe(delayed.best_cell)} against {adam.mean.min():.4g} at "
        f"{adam.describe(adam.best_cell)}; of Adam's {good.sum()} cells within {evidence.in_words(evidence.level)} of "
        f"its lowest value {kept.sum()} stay there with the delay; {how}"
    )
    skipped = evidence.plane(SKIPPED)
    if skipped is not None and skipped.space == adam.space:
        other, _ = difference(evidence, skipped, adam)
        why += (
            f"; without the first step, which a small ε makes huge (its second moments are zero): "
            f"{other.value:.2g} [{other.low:.2g}, {other.high:.2g}]"
        )
    return about.judged(ours, lambda one: one.near(0.0, evidence.target), why)


def difference(evidence: Evidence, one: Surface, other: Surface) -> tuple[Estimate, str]:
    """The lowest value of `one` less that of `other` with a 95 % interval, and what the interval is.

    With seeds in common: Student's t on the differences of each seed's values at the two best cells. With one seed:
    what noise may make of it.
    """
    shared = sorted(set(one.seeds) & set(other.seeds))
    if len(shared) > 1:
        ours, theirs = (
            surface.finite[surface.best_cell][[surface.seeds.index(seed) for seed in shared]]
            for surface in (one, other)
        )
        means = [float((ours - theirs)[part].mean()) for part in seed_parts(len(shared))]
        return jackknife(means, len(shared)), f"interval: over {len(shared)} seeds"
    apart = float(one.mean.min() - other.mean.min())
    noise = max((evidence.noise(surface) for surface in (one, other)), key=lambda found: found.margin)
    if not noise.deviation:
        return Estimate(apart), f"interval: none ({noise.source})"

    def with_seeds(seeds: int) -> Estimate:
        return Estimate(apart, apart - noise.with_seeds(seeds), apart + noise.with_seeds(seeds))

    now = with_seeds(noise.seeds)
    return Estimate(apart, now.low, now.high, noise.seeds, with_seeds), f"interval: noise ({noise.source})"


STATEMENTS: tuple[Callable[[Evidence], Finding], ...] = (delay_changes_little,)
