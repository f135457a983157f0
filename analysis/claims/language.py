"""Section 5.2: character-level language modelling, where the best ε is tiny, and which methods match Adam."""

from collections.abc import Callable

import numpy as np

from analysis.claims.best_cells import difference, in_words
from analysis.claims.evidence import Evidence
from analysis.claims.finding import Estimate, Finding, Statement, Verdict
from analysis.claims.methods import DEFAULT, best_range
from analysis.separability import TRANSITION

WIDE = 1000
"""Hidden units of the network whose test results the paper reports; it tunes on 300."""


def best_epsilon(optimizer: str, name: str) -> Callable[[Evidence], Finding]:
    """The best ε is the smallest of the grid."""

    def statement(evidence: Evidence) -> Finding:
        about = Statement(
            f"language-best-epsilon-{optimizer}",
            f"On language, {name} performs best with ε = 1e-8, the smallest of the grid",
            "5.2",
            DEFAULT,
            "ε of the best cell and of all that noise cannot tell from it: 1e-8 is among them, none above 1e-3; fails "
            "where 1e-8 is not, or only values above 1e-3 are",
        )
        surface = evidence.plane(optimizer)
        if surface is None:
            return about.missing(f"needs a surface of {optimizer} over alpha and epsilon")
        smallest = surface.space.axis("epsilon").values[0]
        if smallest > DEFAULT:
            return about.missing(f"the surface of {optimizer} has no ε as small as 1e-8")

        def rule(one: Estimate) -> Verdict:
            if one.low > DEFAULT:
                return Verdict.fails
            return Verdict.holds if one.high <= TRANSITION else Verdict.open

        ours, why = best_range(surface, "epsilon", evidence.noise_within(surface))
        column = surface.space.axis("epsilon").values.index(DEFAULT)
        gap = float(surface.mean[:, column].min() - surface.mean.min())
        return about.judged(ours, rule, f"{why}; at ε = 1e-8 the best α is {gap:.2g} off")

    return statement


def compared(optimizer: str, name: str, paper: float, behind: bool) -> Callable[[Evidence], Finding]:
    """A method underperforms Adam, or does as well, both at their best cells."""

    def statement(evidence: Evidence) -> Finding:
        bound = float(np.nextafter(0, 1)) if behind else evidence.target
        where = "above 0" if behind else f"below {evidence.in_words(bound)}"
        about = Statement(
            f"language-{optimizer}-{'' if behind else 'not-'}behind-adam",
            f"On language, {name} visibly underperforms Adam, even given extensive tuning"
            if behind
            else f"On language, {name} does as well as Adam or better",
            f"5.2, Table 1 ({WIDE} units)",
            paper,
            f"lowest value of {name} less that of Adam: {where} with its interval; fails where none of it is",
        )
        found = _difference(evidence, optimizer)
        if isinstance(found, str):
            return about.missing(found)
        return about.judged(found[0], lambda one: one.at_least(bound) if behind else one.below(bound), found[1])

    return statement


def _difference(evidence: Evidence, optimizer: str) -> tuple[Estimate, str] | str:
    """A method's lowest value less Adam's, and both in words; or the missing surfaces, in words."""
    adam, other = evidence.plane("adam"), evidence.plane(optimizer)
    if adam is None or other is None:
        lacking = " and ".join(name for name in (optimizer, "adam") if evidence.plane(name) is None)
        return f"needs a surface of {lacking} over alpha and epsilon"
    ours, how = difference(evidence, other, adam)
    return ours, f"{in_words(other, adam)}; {how}"


# Test bits per character of Table 1, 1,000 hidden units, less Adam's 1.182.
STATEMENTS: tuple[Callable[[Evidence], Finding], ...] = (
    best_epsilon("adam", "Adam"),
    best_epsilon("amsgrad", "AMSGrad"),
    best_epsilon("avagrad", "AvaGrad"),
    compared("adabound", "AdaBound", 1.709, behind=True),
    compared("radam", "RAdam", 0.167, behind=True),
    compared("adabelief", "AdaBelief", 0.016, behind=True),
    compared("avagrad", "AvaGrad", -0.003, behind=False),
    compared("avagradw", "AvaGradW", -0.007, behind=False),
)
