"""Section 4: whether the best learning rate stays the same when the network gets wider.

The wider network's task is called as the narrow one's with `-wide` at the end, and its surfaces are compared cell by
cell: same values of α and ε, same data, same schedule.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from analysis.claims.evidence import Evidence, is_plane
from analysis.claims.finding import TAIL, Estimate, between
from analysis.claims.row import Measured, Row
from analysis.claims.uncertainty import Noise, noise_within, seeds_in_words
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


@dataclass(frozen=True, eq=False)
class Shift:
    """By how many steps of the grid the best α of `wide` lies above that of `narrow`.

    The interval spans every pair of an α that noise cannot tell from the best of its surface (`best_alphas`).

    Args:
        narrow, wide: over α and ε.
        noises: of each.
    """

    narrow: Surface
    wide: Surface
    noises: tuple[Noise, Noise]

    @property
    def seeds(self) -> int:
        """Of the surface with fewer."""
        return min(noise.seeds for noise in self.noises)

    def estimate(self, tail: float = TAIL) -> Estimate:
        """See `Uncertainty`; each surface has half of the tail."""
        (first, low, high), (second, from_, to) = (
            best_alphas(surface, noise.margin(tail / 2))
            for surface, noise in zip((self.narrow, self.wide), self.noises, strict=True)
        )
        return Estimate(float(second - first), from_ - high, to - low, self)

    def futures(self, seeds: int) -> Sequence[Estimate]:
        """See `Uncertainty`: unknown."""
        return ()


def shifts_by_epsilon(narrow: Surface, wide: Surface) -> np.ndarray:
    """As the number of `Shift`, for each ε by itself: int64 `[epsilons]`, without those at which every run diverged."""
    places = np.array([ridge(pairs(surface)[0]) for surface in (narrow, wide)])
    trained = (places >= 0).all(axis=0)
    return np.asarray(places[1, trained] - places[0, trained])


def _across_widths(evidence: Evidence) -> Measured | str:
    found = _shift_of("avagrad", evidence)
    adam = _shift_of("adam", evidence)
    if isinstance(found, str) or isinstance(adam, str):
        return found
    ours, why = found
    other, words = adam
    return Measured(ours, f"{why}; Adam's moves by {other.value:g} [{other.low:g}, {other.high:g}]: {words}")


def _shift_of(optimizer: str, evidence: Evidence) -> Measured | str:
    """The `Shift` of an optimizer's two surfaces, and both best α in words; or what is missing."""
    narrow, wide = evidence.plane(optimizer), evidence.wide.get(optimizer)
    if narrow is None or wide is None or not is_plane(wide):
        return f"needs surfaces of {optimizer} over alpha and epsilon on both widths"
    different = same_training(narrow, wide)
    if different:
        return different
    noises = evidence.noise_within(narrow), noise_within(wide, evidence.wide.values())
    if noises[0] is None or noises[1] is None:
        return seeds_in_words(1)
    best = [
        f"{_in_words(surface, one)} on {surface.provenance.task}"
        for surface, one in zip((narrow, wide), (noises[0], noises[1]), strict=True)
    ]
    words = f"α = {best[0]}, {best[1]} ({noises[1].source})"
    each = shifts_by_epsilon(narrow, wide)
    if each.size:
        words += f"; ε by ε {np.median(each):g} in the median, {each.min()} to {each.max()}"
    return Measured(Shift(narrow, wide, (noises[0], noises[1])).estimate(), words)


def _in_words(surface: Surface, one: Noise) -> str:
    values = surface.space.axis("alpha").values
    best, low, high = best_alphas(surface, one.margin())
    ends = [f"{values[int(end)]:g}" if math.isfinite(end) else "the grid's end" for end in (low, high)]
    return f"{values[best]:g} [{ends[0]}, {ends[1]}]"


ROWS = (
    Row(
        "avagrad-alpha-across-widths",
        "AvaGrad's best α does not change with the number of parameters: a wider network has the same",
        "4",
        0.0,
        _across_widths,
        between(
            -STEPS,
            STEPS,
            "grid steps from the best α (over all ε) to that of the wider network",
            f"within {STEPS:g} of 0",
        ),
    ),
)
