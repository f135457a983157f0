"""Section 5.2: character-level language modelling, where the best ε is tiny, and which methods match Adam."""

import numpy as np

from analysis.claims.best_cells import best_on, compared
from analysis.claims.evidence import Evidence
from analysis.claims.finding import Rule, at_least, below
from analysis.claims.methods import DEFAULT, LARGE
from analysis.claims.row import Measured, Row
from grids.surface import Surface

WIDE = 1000
"""Hidden units of the network whose test results the paper reports; it tunes on 300."""


def _at_default(surface: Surface) -> str:
    column = surface.space.axis("epsilon").values.index(DEFAULT)
    return f"; at ε = 1e-8 the best α is {surface.mean[:, column].min() - surface.mean.min():.2g} off"


def _best_epsilon(optimizer: str, name: str) -> Row:
    def estimate(evidence: Evidence) -> Measured | str:
        surface = evidence.plane(optimizer)
        if surface is not None and DEFAULT not in surface.space.axis("epsilon").values:
            return f"the surface of {optimizer} has no ε = 1e-8"
        return best_on("epsilon", optimizer, _at_default)(evidence)

    return Row(
        f"language-best-epsilon-{optimizer}",
        f"On language, {name} performs best with a small ε (the paper's best: 1e-8, the smallest of the grid)",
        "5.2",
        DEFAULT,
        estimate,
        below(LARGE, "ε of the best cell and of all that noise cannot tell from it", "at most 1e-3"),
    )


def _beside_adam(optimizer: str, name: str, paper: float, behind: bool) -> Row:
    what = f"value of {name} at its best cell less that of Adam"

    def rule(evidence: Evidence) -> Rule:
        if behind:
            return at_least(float(np.nextafter(0, 1)), what, "above 0")
        return below(evidence.target, what, evidence.in_words(evidence.target))

    return Row(
        f"language-{optimizer}-{'' if behind else 'not-'}behind-adam",
        f"On language, {name} visibly underperforms Adam, even given extensive tuning"
        if behind
        else f"On language, {name} does as well as Adam or better",
        f"5.2, Table 1 ({WIDE} units)",
        paper,
        compared(optimizer, "adam"),
        rule,
    )


# Test bits per character of Table 1, 1,000 hidden units, less Adam's 1.182.
ROWS = (
    _best_epsilon("adam", "Adam"),
    _best_epsilon("amsgrad", "AMSGrad"),
    _best_epsilon("avagrad", "AvaGrad"),
    _beside_adam("adabound", "AdaBound", 1.709, behind=True),
    _beside_adam("radam", "RAdam", 0.167, behind=True),
    _beside_adam("adabelief", "AdaBelief", 0.016, behind=True),
    _beside_adam("avagrad", "AvaGrad", -0.003, behind=False),
    _beside_adam("avagradw", "AvaGradW", -0.007, behind=False),
)
