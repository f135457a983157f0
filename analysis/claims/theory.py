"""Sections 3, 6 and 8: the theorems' predictions, on the problem of equation 11."""

import numpy as np
from scipy import stats

from analysis.claims.counterexample import STUCK
from analysis.claims.evidence import Mathematics
from analysis.claims.finding import Estimate, at_least, below
from analysis.claims.landscape import slope_rule
from analysis.claims.row import Measured, Row
from analysis.claims.uncertainty import jackknife

RATE, MARGIN = -0.5, 0.1
"""The theorems' slope of the mean squared gradient against the number of steps, and its tolerance."""
GRADIENT = 999.0
"""G∞, the largest gradient of equation 11 on [0, 1]."""
_NOT_RUN = "the counterexample was not run"


def slope(x: np.ndarray, y: np.ndarray) -> Estimate:
    """Theil and Sen's slope of log y against log x, with its 95 % interval."""
    found = stats.theilslopes(np.log(y), np.log(x))
    return Estimate(float(found.slope), float(found.low_slope), float(found.high_slope))


def rate_slope(steps: np.ndarray, means: np.ndarray) -> Estimate:
    """The slope of the mean squared gradient against T, with a jackknife interval over runs.

    The horizons of one run share their first steps, so only whole runs are independent.

    Args:
        steps: T, int64 `[horizons]`.
        means: float64 `[horizons, runs]`.
    """
    parts = [means, *(np.delete(means, run, axis=1) for run in range(means.shape[1]))]
    found = jackknife([slope(steps, part.mean(axis=1)).value for part in parts])
    return Estimate(found.value, found.low, found.high)


def _rate(name: str, text: str, section: str, converges: bool) -> Row:
    def estimate(found: Mathematics) -> Measured | str:
        if name not in found.rates:
            return _NOT_RUN
        steps, means = found.rates[name]
        why = (
            f"T = {steps[0]:,} to {steps[-1]:,}, {len(steps)} values, {means.shape[1]} runs each; mean from "
            f"{means[0].mean():.2g} to {means[-1].mean():.2g}"
        )
        return Measured(rate_slope(steps, means), why)

    what = "slope of the mean squared gradient against large T, log–log"
    rule = below(RATE + MARGIN, what) if converges else at_least(-MARGIN, what)
    return Row(f"rate-{name}", text, section, RATE if converges else 0.0, estimate, rule)


def _every_epsilon(found: Mathematics) -> Measured | str:
    if not found.family:
        return _NOT_RUN
    means = {epsilon: float(share.mean()) for epsilon, share in found.family.items()}
    lowest, runs = min(means, key=lambda epsilon: means[epsilon]), len(next(iter(found.family.values())))
    ends = found.family[lowest]
    span = f"ε = {min(means):g} to {max(means):g}"
    why = f"{span} on equation 11 times ε/1e-8, which Adam walks alike; interval: range of {runs} runs"
    return Measured(Estimate(means[lowest], float(ends.min()), float(ends.max())), why)


def _regime(beyond: bool) -> Row:
    def estimate(found: Mathematics) -> Measured | str:
        if found.regimes is None:
            return _NOT_RUN
        epsilon, alpha = found.regimes
        part = epsilon >= GRADIENT if beyond else epsilon <= 0.1
        where = f"ε from {epsilon[part][0]:.2g} to {epsilon[part][-1]:.2g}"
        why = f"AMSGrad, {part.sum()} values of {where}; the largest gradient is {GRADIENT:g}"
        return Measured(slope(epsilon[part], alpha[part]), why)

    return Row(
        f"regime-{'non-adaptive' if beyond else 'adaptive'}",
        "Where ε exceeds every gradient, the best α on the counterexample grows in proportion to ε"
        if beyond
        else "Where ε is far below the gradients, the best α on the counterexample does not depend on ε",
        "8, equation 8",
        float(beyond),
        estimate,
        slope_rule(float(beyond)),
    )


ROWS = (
    _rate(
        "adam",
        "On the counterexample Adam does not converge, however small α and many the steps",
        "3, Theorem 1",
        False,
    ),
    Row(
        "adam-fails-for-every-epsilon",
        "For every ε there is a problem on which Adam does not converge",
        "3, Theorem 1",
        None,
        _every_epsilon,
        at_least(STUCK, "smallest share of the first squared gradient over all ε"),
    ),
    _rate(
        "adam-large-epsilon",
        "With ε large and α in proportion to ε/√T, Adam converges at the rate 1/√T",
        "3, Theorem 2",
        True,
    ),
    _rate("dynamic-adam", "With ε growing as √t, Adam converges at the rate 1/√T", "3, Theorem 2", True),
    _rate(
        "delayed-adam", "With α in proportion to 1/√T, Delayed Adam converges at the rate 1/√T", "8, Theorem 3", True
    ),
    _regime(False),
    _regime(True),
)
