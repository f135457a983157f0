"""Section 5.1: the best ε and α of adaptive methods on vision tasks, and whether ε matters more than the method."""

import math
from collections.abc import Callable, Sequence

import numpy as np

from analysis.claims.evidence import Evidence
from analysis.claims.finding import Estimate, Finding, Statement, Verdict
from analysis.claims.precision import Noise, jackknife, seed_parts
from analysis.separability import TRANSITION
from grids.surface import Surface

DEFAULT = 1e-8
"""The ε that most users leave unchanged."""
_FEWEST = 3


def best_range(surface: Surface, axis: str, noise: Noise) -> tuple[Estimate, str]:
    """The best cell's value on an axis, with the range over all cells within noise of it; and both in words."""
    number = surface.space.names.index(axis)
    values = np.array(surface.space.axes[number].values)
    best = float(values[surface.best_cell[number]])

    def with_seeds(seeds: int) -> Estimate:
        cells = np.argwhere(surface.suboptimality <= noise.with_seeds(seeds))[:, number]
        return Estimate(best, float(values[cells.min()]), float(values[cells.max()]))

    now, near = with_seeds(noise.seeds), int((surface.suboptimality <= noise.margin).sum())
    words = f"{surface.describe(surface.best_cell)}; {near} cells within {noise.margin:.2g} of it ({noise.source})"
    return Estimate(best, now.low, now.high, noise.seeds, with_seeds), words


def best_epsilon(optimizer: str, name: str, paper: float) -> Callable[[Evidence], Finding]:
    """The best ε is large."""

    def statement(evidence: Evidence) -> Finding:
        about = Statement(
            f"best-epsilon-{optimizer}",
            f"On vision, {name}'s best ε is large, far above the default 1e-8",
            "5.1",
            paper,
            "ε of the best cell and of all that noise cannot tell from it: above 1e-3; fails where none is",
        )
        surface = evidence.plane(optimizer)
        if surface is None:
            return about.missing(f"needs a surface of {optimizer} over alpha and epsilon")
        ours, why = best_range(surface, "epsilon", evidence.noise_within(surface))
        above = float(np.nextafter(TRANSITION, 1))
        return about.judged(ours, lambda one: one.at_least(above), why)

    return statement


def adam_best_alpha(evidence: Evidence) -> Finding:
    """Adam's best α is 0.1."""
    about = Statement(
        "best-alpha-adam",
        "Adam's best α is 0.1, a hundred times its default",
        "5.1",
        0.1,
        "α of the best cell and of all that noise cannot tell from it: 0.1 or its neighbours; fails where none is",
    )
    surface = evidence.plane("adam")
    if surface is None:
        return about.missing("needs a surface of adam over alpha and epsilon")
    values = surface.space.axis("alpha").values
    home = int(np.argmin(np.abs(np.log10(values) + 1)))
    low, high = values[max(home - 1, 0)], values[min(home + 1, len(values) - 1)]

    def rule(one: Estimate) -> Verdict:
        if low <= one.low and one.high <= high:
            return Verdict.holds
        return Verdict.fails if one.high < low or one.low > high else Verdict.open

    ours, why = best_range(surface, "alpha", evidence.noise_within(surface))
    return about.judged(ours, rule, why)


def epsilon_matters_more(evidence: Evidence) -> Finding:
    """Once ε is tuned, adaptive methods differ less than they do at the default ε."""
    about = Statement(
        "epsilon-over-method",
        "Tuning ε matters more than which adaptive method is used",
        "5.1, 6",
        None,
        "spread of errors between methods at their best cell, over that at ε = 1e-8 with α tuned: below 1",
    )
    # A method is adaptive if it has an ε.
    compared = [name for name in evidence.surfaces if name in evidence.methods or not evidence.methods]
    surfaces = {name: evidence.plane(name) for name in compared}
    there = {
        name: surface
        for name, surface in surfaces.items()
        if surface is not None and DEFAULT in surface.space.axis("epsilon").values
    }
    if len(there) < _FEWEST:
        have = ", ".join(there) or "none"
        return about.missing(f"needs {_FEWEST} adaptive methods with ε = 1e-8 or more; there: {have}")
    # The lowest value over fewer seeds is lower by chance, so all methods are compared on the seeds that they share.
    shared = sorted(set.intersection(*(set(surface.seeds) for surface in there.values())))
    if not shared:
        return about.missing(f"{', '.join(there)} share no seed")
    own = {name: surface.finite[..., [surface.seeds.index(k) for k in shared]] for name, surface in there.items()}
    column = {name: surface.space.axis("epsilon").values.index(DEFAULT) for name, surface in there.items()}
    parts = seed_parts(len(shared))
    tuned = [[float(own[name][..., part].mean(axis=-1).min()) for name in there] for part in parts]
    default = [[float(own[name][:, column[name], part].mean(axis=-1).min()) for name in there] for part in parts]
    ratios = [float(np.ptp(a) / np.ptp(b)) if np.ptp(b) else np.inf for a, b in zip(tuned, default, strict=True)]
    if len(shared) == 1:
        ours, words = _one_seed_ratio(ratios[0], evidence, list(there.values()), tuned[0], default[0])
    else:
        ours, words = jackknife(ratios, len(shared), ratio=True), f"interval: over {len(shared)} seeds"
    why = (
        f"{len(there)} methods: {min(tuned[0]):.2f} to {max(tuned[0]):.2f} tuned, {min(default[0]):.2f} to "
        f"{max(default[0]):.2f} at ε = 1e-8 (worst: {list(there)[int(np.argmax(default[0]))]}); {words}"
    )
    return about.judged(ours, lambda one: one.below(1.0), why)


def _one_seed_ratio(
    ratio: float, evidence: Evidence, surfaces: Sequence[Surface], tuned: Sequence[float], default: Sequence[float]
) -> tuple[Estimate, str]:
    """`ratio`, of the spread of `tuned` to that of `default`, with an interval from the noise; and the noise in words.

    Each spread is uncertain by the largest noise of one seed of any method at its own error; larger errors have more
    noise.

    Args:
        ratio: the ratio of spreads.
        evidence: for the noise.
        surfaces: one for each method.
        tuned, default: each method's value at its best cell and at the default ε.
    """
    off_tuned, off_default = (
        max(
            (evidence.noise(surface, error, seeds=1) for surface, error in zip(surfaces, errors, strict=True)),
            key=lambda noise: noise.margin,
        )
        for errors in (tuned, default)
    )
    source = off_default.source if off_default.margin else off_tuned.source
    if not (off_tuned.margin or off_default.margin):
        return Estimate(ratio), f"interval: none ({source})"
    above, below = float(np.ptp(tuned)), float(np.ptp(default))

    def with_seeds(seeds: int) -> Estimate:
        wide, deep = off_tuned.with_seeds(seeds), off_default.with_seeds(seeds)
        return Estimate(
            ratio,
            max(above - wide, 0.0) / (below + deep),
            (above + wide) / (below - deep) if below > deep else math.inf,
        )

    now = with_seeds(1)
    words = f"the spread of tuned errors {off_tuned.margin:.2g} off, the other {off_default.margin:.2g} ({source})"
    return Estimate(ratio, now.low, now.high, 1, with_seeds), f"interval: {words}"


VISION: tuple[Callable[[Evidence], Finding], ...] = (
    best_epsilon("adam", "Adam", 0.1),
    best_epsilon("amsgrad", "AMSGrad", 0.1),
    best_epsilon("avagrad", "AvaGrad", 10.0),
    best_epsilon("adamw", "AdamW", 10.0),
    adam_best_alpha,
)
"""Statements on vision tasks alone."""
