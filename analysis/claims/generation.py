"""Section 5.3: GANs, by the Fréchet distance of generated images."""

from collections.abc import Callable

from analysis.claims.best_cells import difference, in_words, ratio
from analysis.claims.evidence import Evidence
from analysis.claims.finding import Estimate, Finding, Statement, Verdict
from analysis.claims.methods import best_range
from grids.surface import Surface

PAPER = {
    "sgd": 133.0,
    "adam": 43.0,
    "amsgrad": 41.3,
    "adabound": 247.3,
    "adashift": 43.7,
    "radam": 42.5,
    "adabelief": 44.8,
    "avagrad": 35.3,
}
"""Table 1's FID of 10,000 images."""

FAR = 2.0
"""A method counts as far behind from this many times Adam's distance on."""


def far_behind(optimizer: str, name: str) -> Callable[[Evidence], Finding]:
    """A method's distance is far above Adam's, both at their best cells."""

    def statement(evidence: Evidence) -> Finding:
        about = Statement(
            f"gan-{optimizer}-far-behind",
            f"On GANs, {name} is far behind Adam",
            "5.3, Table 1",
            PAPER[optimizer] / PAPER["adam"],
            f"lowest distance of {name} over that of Adam: at least {FAR:g}; fails where surely below",
        )
        lacking = [one for one in (optimizer, "adam") if one not in evidence.surfaces]
        if lacking:
            return about.missing(f"needs a surface of {' and '.join(lacking)}")
        one, adam = evidence.surfaces[optimizer], evidence.surfaces["adam"]
        ours, how = ratio(evidence, one, adam)
        return about.judged(ours, lambda found: found.at_least(FAR), f"{_both(one, adam)}; {how}")

    return statement


def avagrad_ahead_of_adam(evidence: Evidence) -> Finding:
    """AvaGrad's distance is lower than Adam's."""
    about = Statement(
        "gan-avagrad-ahead-of-adam",
        "On GANs, AvaGrad improves on Adam by 7.7",
        "5.3",
        PAPER["avagrad"] - PAPER["adam"],
        "lowest distance of AvaGrad less that of Adam: below 0; fails where surely not",
    )
    adam, avagrad = evidence.plane("adam"), evidence.plane("avagrad")
    if adam is None or avagrad is None:
        return about.missing("needs surfaces of adam and avagrad over alpha and epsilon")
    ours, how = difference(evidence, avagrad, adam)
    return about.judged(ours, lambda found: found.below(0.0), f"{_both(avagrad, adam)}; {how}")


def avagrad_lowest(evidence: Evidence) -> Finding:
    """AvaGrad's distance is the lowest of all."""
    about = Statement(
        "gan-avagrad-lowest",
        "On GANs, AvaGrad's distance is the lowest of all methods'",
        "5.3, Table 1",
        PAPER["avagrad"] - min(paper for name, paper in PAPER.items() if name != "avagrad"),
        "lowest distance of AvaGrad less the lowest of the others: below 0; fails where surely not",
    )
    # AvaGradW equals AvaGrad here, without weight decay.
    others = {name: one for name, one in evidence.surfaces.items() if name in PAPER and name != "avagrad"}
    avagrad = evidence.surfaces.get("avagrad")
    lacking = [name for name in PAPER if name not in evidence.surfaces]
    if avagrad is None or not others:
        return about.missing(f"needs surfaces of {', '.join(lacking)}")
    best = min(others, key=lambda name: float(others[name].mean.min()))
    ours, how = difference(evidence, avagrad, others[best])
    why = f"{_both(avagrad, others[best])}; {how}"
    if lacking and ours.below(0.0) != Verdict.fails:
        return about.found(ours, Verdict.open, f"{why}; no surface of {', '.join(lacking)}")
    return about.judged(ours, lambda found: found.below(0.0), why)


def adam_best(axis: str, symbol: str, paper: float) -> Callable[[Evidence], Finding]:
    """Adam's best value on an axis is the paper's."""

    def statement(evidence: Evidence) -> Finding:
        about = Statement(
            f"gan-best-{axis}-adam",
            f"On GANs, Adam performs best with {symbol} = {paper:g}",
            "5.3",
            paper,
            f"{symbol} of the best cell and of all that noise cannot tell from it: {paper:g} alone; fails where it is "
            "not among them",
        )
        surface = evidence.plane("adam")
        if surface is None or paper not in surface.space.axis(axis).values:
            return about.missing(f"needs a surface of adam over alpha and epsilon, with {symbol} = {paper:g}")

        def rule(one: Estimate) -> Verdict:
            if one.low == paper == one.high:
                return Verdict.holds
            return Verdict.open if one.low <= paper <= one.high else Verdict.fails

        ours, why = best_range(surface, axis, evidence.noise_within(surface))
        return about.judged(ours, rule, why)

    return statement


def _both(one: Surface, other: Surface) -> str:
    return f"{in_words(one, other)} ({other.provenance.label})"


STATEMENTS: tuple[Callable[[Evidence], Finding], ...] = (
    far_behind("sgd", "SGD"),
    far_behind("adabound", "AdaBound"),
    avagrad_ahead_of_adam,
    avagrad_lowest,
    adam_best("alpha", "α", 2e-4),
    adam_best("epsilon", "ε", 1e-6),
)
