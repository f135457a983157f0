"""Section 4: whether the best learning rate stays the same when the network gets wider.

The wider network's task is called as the narrow one's with `-wide` at the end, and its surfaces are compared cell by
cell: same values of α and ε, same data, same schedule.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from analysis.claims.evidence import Evidence, is_plane
from analysis.claims.finding import Estimate, Finding, Statement
from analysis.claims.precision import Noise, noise_within
from analysis.separability import pairs, ridge
from grids.surface import Surface

SUFFIX = "-wide"
STEPS = 1.0
"""Grid steps by which the best α may move and still count as the same."""
_OF_ONE_RUN = ("sweep", "timing")
"""What `Provenance.fixed` says of how a surface was computed, rather than of how its networks were trained."""


def wide_partner(task: str) -> str:
    """The name of the task that trains a wider network on this one's data."""
    return f"{task}{SUFFIX}"


def same_training(narrow: Surface, wide: Surface) -> str:
    """Empty where two surfaces differ in the network alone; otherwise what else differs, in words.

    A fact that only one of the two records is not compared.
    """
    if narrow.space != wide.space:
        return "the two widths have other values of alpha or epsilon"
    ours, theirs = _facts(narrow), _facts(wide)
    different = [
        f"{name} {value} and {theirs[name]}" for name, value in ours.items() if theirs.get(name, value) != value
    ]
    return f"the two widths were trained differently: {', '.join(different)}" if different else ""


def _facts(surface: Surface) -> Mapping[str, Any]:
    about = surface.provenance
    kept = {name: value for name, value in about.fixed.items() if name not in _OF_ONE_RUN}
    return kept | {f"data_{name}": value for name, value in about.data.items()}


def best_alphas(surface: Surface, margin: float) -> tuple[int, float, float]:
    """The place on the axis of the best α, and the lowest and highest place of those that `margin` cannot tell from it.

    An α is worth its lowest mean over all ε. An end of the range is infinite where the range reaches the end of the
    axis, since a better α may lie beyond.

    Args:
        surface: over α and ε, in this order.
        margin: the difference of two cells' values that noise alone may make, in the surface's unit.
    """
    of_alpha = surface.suboptimality.min(axis=1)
    near = np.flatnonzero(of_alpha <= margin)
    low, high = int(near[0]), int(near[-1])
    return (
        int(of_alpha.argmin()),
        -math.inf if low == 0 else float(low),
        math.inf if high == len(of_alpha) - 1 else float(high),
    )


def shift(narrow: Surface, wide: Surface, noises: tuple[Noise, Noise]) -> Estimate:
    """By how many steps of the grid the best α of `wide` lies above that of `narrow`.

    The interval spans every pair of an α that noise cannot tell from the best of its surface (`best_alphas`).
    """

    def with_seeds(seeds: tuple[int, int]) -> Estimate:
        (first, low, high), (second, from_, to) = (
            best_alphas(surface, one.with_seeds(many))
            for surface, one, many in zip((narrow, wide), noises, seeds, strict=True)
        )
        return Estimate(float(second - first), from_ - high, to - low)

    now = with_seeds((noises[0].seeds, noises[1].seeds))
    fewest = min(one.seeds for one in noises)
    return Estimate(now.value, now.low, now.high, fewest, lambda seeds: with_seeds((seeds, seeds)))


def shifts_by_epsilon(narrow: Surface, wide: Surface) -> np.ndarray:
    """As the number of `shift`, for each ε by itself: int64 `[epsilons]`, without those at which every run diverged."""
    places = np.array([ridge(pairs(surface)[0]) for surface in (narrow, wide)])
    trained = (places >= 0).all(axis=0)
    return np.asarray(places[1, trained] - places[0, trained])


def avagrad_alpha_across_widths(evidence: Evidence) -> Finding:
    """AvaGrad's best α is that of the narrow network on the wide one too."""
    about = Statement(
        "avagrad-alpha-across-widths",
        "AvaGrad's best α does not change with the number of parameters: a wider network has the same",
        "4",
        0.0,
        f"grid steps from the best α (over all ε) to that of the wider network: within {STEPS:g} of 0, the interval "
        f"(all α that noise cannot tell from the best) at most {4 * STEPS:g} wide; fails where the interval is outside",
    )
    found = _shift_of("avagrad", evidence)
    if isinstance(found, str):
        return about.missing(found)
    ours, why = found
    adam = _shift_of("adam", evidence)
    if not isinstance(adam, str):
        other, words = adam
        why += f"; Adam's moves by {other.value:g} [{other.low:g}, {other.high:g}]: {words}"
    return about.judged(ours, lambda one: one.near(0.0, STEPS), why)


def _shift_of(optimizer: str, evidence: Evidence) -> tuple[Estimate, str] | str:
    """`shift` of an optimizer's two surfaces, and both best α in words; or what is missing."""
    narrow, wide = evidence.plane(optimizer), evidence.wide.get(optimizer)
    if narrow is None or wide is None or not is_plane(wide):
        return f"needs surfaces of {optimizer} over alpha and epsilon on both widths"
    different = same_training(narrow, wide)
    if different:
        return different
    noises = evidence.noise_within(narrow), noise_within(wide, evidence.wide.values())
    best = [
        f"{_in_words(surface, one)} on {surface.provenance.task}"
        for surface, one in zip((narrow, wide), noises, strict=True)
    ]
    words = f"α = {best[0]}, {best[1]} ({noises[1].source})"
    each = shifts_by_epsilon(narrow, wide)
    if each.size:
        words += f"; ε by ε {np.median(each):g} in the median, {each.min()} to {each.max()}"
    return shift(narrow, wide, noises), words


def _in_words(surface: Surface, one: Noise) -> str:
    values = surface.space.axis("alpha").values
    best, low, high = best_alphas(surface, one.margin)
    ends = [f"{values[int(end)]:g}" if math.isfinite(end) else "the grid's end" for end in (low, high)]
    return f"{values[best]:g} [{ends[0]}, {ends[1]}]"


STATEMENTS: tuple[Callable[[Evidence], Finding], ...] = (avagrad_alpha_across_widths,)
