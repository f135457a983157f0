"""Section 5.1: the best ε and α of adaptive methods on vision tasks, and whether ε matters more than the method."""

from functools import partial

import numpy as np

from analysis.claims.best_cells import best_on, compared, judged_values
from analysis.claims.evidence import Evidence
from analysis.claims.finding import NAN, Estimate, Rule, Verdict, at_least, below
from analysis.claims.row import Measured, Row
from analysis.claims.uncertainty import of_seeds, seeds_in_words
from analysis.separability import TRANSITION
from analysis.shared_seeds import on_shared_seeds

DEFAULT = 1e-8
"""The ε that most users leave unchanged, and the smallest of the paper's grids."""
_FEWEST = 3
LARGE = float(np.nextafter(TRANSITION, 1))


def _best_epsilon(optimizer: str, name: str, paper: float) -> Row:
    return Row(
        f"best-epsilon-{optimizer}",
        f"On vision, {name}'s best ε is large, far above the default 1e-8",
        "5.1",
        paper,
        best_on("epsilon", optimizer),
        at_least(LARGE, "ε of the best cell and of all that noise cannot tell from it", "above 1e-3"),
    )


def _neighbours(evidence: Evidence) -> Rule:
    """Adam's best α is 0.1 or a neighbour of it on the grid."""
    surface = evidence.plane("adam")
    values = (0.1,) if surface is None else surface.space.axis("alpha").values
    home = int(np.argmin(np.abs(np.log10(values) + 1)))
    low, high = values[max(home - 1, 0)], values[min(home + 1, len(values) - 1)]

    def verdict(one: Estimate) -> Verdict:
        if low <= one.low and one.high <= high:
            return Verdict.holds
        return Verdict.fails if one.high < low or one.low > high else Verdict.open

    return Rule(
        "α of the best cell and of all that noise cannot tell from it: holds where all are 0.1 or its neighbours, "
        "fails where none is; cannot be told otherwise, nor where the best α is at the edge",
        verdict,
    )


def _epsilon_over_method(evidence: Evidence) -> Measured | str:
    """The spread of methods with ε tuned over that with each method's own default ε, α tuned in both.

    A method is adaptive if it has an ε. Each seed judges the cells that the others choose.
    """
    known = {name: epsilon for name, epsilon in evidence.methods.items() if epsilon is not None}
    if not evidence.methods:
        known = dict.fromkeys(evidence.surfaces, DEFAULT)
    there, column = {}, {}
    for name, epsilon in known.items():
        surface = evidence.plane(name)
        if surface is not None:
            near = np.isclose(surface.space.axis("epsilon").values, epsilon, rtol=1e-9, atol=0.0)
            if near.any():
                there[name], column[name] = surface, int(near.argmax())
    if len(there) < _FEWEST:
        have = ", ".join(there) or "none"
        return f"needs {_FEWEST} adaptive methods whose default ε is on their grid; there: {have}"
    cut = on_shared_seeds(there)
    seeds = len(next(iter(cut.values())).seeds)
    if len({surface.seeds for surface in cut.values()}) > 1:
        return f"{', '.join(there)} share no seed"

    lowest = {name: (one.mean.min(), one.mean[:, column[name]].min()) for name, one in cut.items()}
    tuned, default = zip(*lowest.values(), strict=True)
    worst = list(lowest)[int(np.argmax(default))]
    why = f"{len(there)} methods: {min(tuned):.2f} to {max(tuned):.2f} tuned, {min(default):.2f} to {max(default):.2f} "
    why += f"at each one's default ε (worst: {worst}, {known[worst]:g})"
    if seeds < 2:
        ratio = float(np.ptp(tuned) / np.ptp(default)) if np.ptp(default) else NAN
        return Measured(Estimate(ratio), f"{why}; no two seeds in common, so that their noise is not known")
    tuned_by_seed = np.ptp([judged_values(one) for one in cut.values()], axis=0)
    default_by_seed = np.ptp([judged_values(one, partial(_column, column[name])) for name, one in cut.items()], axis=0)
    tiny = np.finfo(float).tiny
    ours = of_seeds(np.maximum(tuned_by_seed, tiny) / np.maximum(default_by_seed, tiny), log=True)
    return Measured(ours, f"{why}; {seeds_in_words(seeds)}, each judging the cells chosen by the others")


def _column(number: int, mean: np.ndarray) -> np.ndarray:
    """A table with one column only; infinite elsewhere."""
    return np.where(np.arange(mean.shape[1]) == number, mean, np.inf)


EPSILON_OVER_METHOD = Row(
    "epsilon-over-method",
    "Tuning ε matters more than which adaptive method is used: once it is tuned, methods differ less than at their "
    "defaults",
    "5.1, 6",
    None,
    _epsilon_over_method,
    below(1.0, "spread of errors between methods at their best cells, over that at each method's default ε"),
)


def _ahead_of_sgd(optimizer: str, name: str, paper: float) -> Row:
    return Row(
        f"vision-{optimizer}-ahead-of-sgd",
        f"On vision, {name} outperforms SGD once its ε is tuned",
        "abstract, 5.1, Table 1",
        paper,
        compared(optimizer, "sgd", planes=False),
        below(0.0, f"value of {name} at its best cell less that of SGD"),
    )


VISION = (
    _ahead_of_sgd("adam", "Adam", 3.64 - 3.86),
    _ahead_of_sgd("avagrad", "AvaGrad", 3.80 - 3.86),
    _best_epsilon("adam", "Adam", 0.1),
    _best_epsilon("amsgrad", "AMSGrad", 0.1),
    _best_epsilon("avagrad", "AvaGrad", 10.0),
    _best_epsilon("adamw", "AdamW", 10.0),
    Row(
        "best-alpha-adam",
        "Adam's best α is 0.1, a hundred times its default",
        "5.1",
        0.1,
        best_on("alpha", "adam"),
        _neighbours,
    ),
)
"""Statements on vision tasks alone; the paper's differences are those of test errors on CIFAR-10."""
