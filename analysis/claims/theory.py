"""Sections 3, 6 and 8: the theorems' predictions, on the problem of equation 11 and on Adam's surface."""

import math
from collections.abc import Callable

import numpy as np
from scipy import stats

from analysis.claims.counterexample import STUCK
from analysis.claims.evidence import Evidence
from analysis.claims.finding import Estimate, Finding, Statement, Verdict
from analysis.claims.landscape import SLOPE_MARGIN
from analysis.claims.precision import jackknife, seed_parts
from analysis.separability import TRANSITION

RATE, MARGIN = -0.5, 0.1
"""The theorems' slope of the mean squared gradient against the number of steps, and its tolerance."""
GRADIENT = 999.0
"""G∞, the largest gradient of equation 11 on [0, 1]."""


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
    runs = means.shape[1]
    slopes = [slope(steps, means[:, part].mean(axis=1)).value for part in seed_parts(runs)]
    found = jackknife(slopes, runs)
    return Estimate(found.value, found.low, found.high)


def rate(name: str, about: str, section: str, converges: bool) -> Callable[[Evidence], Finding]:
    """A method converges at the theorems' rate, or does not converge."""

    def statement(evidence: Evidence) -> Finding:
        one = Statement(
            f"rate-{name}",
            about,
            section,
            RATE if converges else 0.0,
            "slope of the mean squared gradient against large T, log–log: "
            + (f"{RATE:g} or steeper, to {MARGIN:g}" if converges else f"above −{MARGIN:g}"),
        )
        measured = evidence.rates.get(name)
        if measured is None:
            return one.missing("the counterexample was not run")
        steps, means = measured
        ours = rate_slope(steps, means)
        why = (
            f"T = {steps[0]:,} to {steps[-1]:,}, {len(steps)} values, {means.shape[1]} runs each; mean from "
            f"{means[0].mean():.2g} to {means[-1].mean():.2g}"
        )
        bound = RATE + MARGIN
        return one.judged(ours, lambda est: est.below(bound) if converges else est.at_least(-MARGIN), why)

    return statement


def adam_fails_for_every_epsilon(evidence: Evidence) -> Finding:
    """For every ε there is a problem on which Adam does not converge."""
    about = Statement(
        "adam-fails-for-every-epsilon",
        "For every ε there is a problem on which Adam does not converge",
        "3, Theorem 1",
        None,
        f"smallest share of the first squared gradient over all ε: at least {STUCK:g}",
    )
    if not evidence.family:
        return about.missing("the counterexample was not run")
    means = {epsilon: float(share.mean()) for epsilon, share in evidence.family.items()}
    lowest, runs = min(means, key=lambda epsilon: means[epsilon]), len(next(iter(evidence.family.values())))
    ends = evidence.family[lowest]
    ours = Estimate(means[lowest], float(ends.min()), float(ends.max()))
    span = f"ε = {min(means):g} to {max(means):g}"
    why = f"{span} on equation 11 times ε/1e-8, which Adam walks alike; interval: range of {runs} runs"
    return about.judged(ours, lambda one: one.at_least(STUCK), why)


def regime(beyond: bool) -> Callable[[Evidence], Finding]:
    """Two regimes, max(1, G∞/ε): the best α does not depend on ε, then is in proportion to it."""

    def statement(evidence: Evidence) -> Finding:
        aim = 1.0 if beyond else 0.0
        about = Statement(
            f"regime-{'non-adaptive' if beyond else 'adaptive'}",
            "Where ε exceeds every gradient, the best α on the counterexample grows in proportion to ε"
            if beyond
            else "Where ε is far below the gradients, the best α on the counterexample does not depend on ε",
            "8, equation 8",
            aim,
            f"slope of log α against log ε: within {SLOPE_MARGIN:g} of {aim:g}; fails where its interval is outside",
        )
        if evidence.regimes is None:
            return about.missing("the counterexample was not run")
        epsilon, alpha = evidence.regimes
        part = epsilon >= GRADIENT if beyond else epsilon <= 0.1
        where = f"ε from {epsilon[part][0]:.2g} to {epsilon[part][-1]:.2g}"
        why = f"AMSGrad, {part.sum()} values of {where}; the largest gradient is {GRADIENT:g}"
        return about.judged(slope(epsilon[part], alpha[part]), lambda one: one.near(aim, SLOPE_MARGIN), why)

    return statement


def transition_at_root_v(evidence: Evidence) -> Finding:
    """The transition between the regimes is where ε is as large as √v."""
    about = Statement(
        "transition-at-root-v",
        "Adam's two regimes meet where ε is as large as √v",
        "6",
        1.0,
        "ε at which the ridge turns over the root mean square of √v at the best cells below it: within a factor of 10",
    )
    surface = evidence.plane("adam")
    if surface is None:
        return about.missing("needs a surface of adam over alpha and epsilon")
    if "rms_sqrt_v" not in surface.extra:
        return about.missing("adam's surface does not hold √v: it was trained before these were kept")
    epsilon, alpha = (np.array(surface.space.axis(name).values) for name in ("epsilon", "alpha"))
    low, high = epsilon <= TRANSITION, epsilon >= epsilon[-1] / 100

    def of(part: list[int]) -> tuple[float, float]:
        best = surface.finite[..., part].mean(axis=-1).argmin(axis=0)
        turning = float(np.median(alpha[best][low]) / np.median((alpha[best] / epsilon)[high]))
        root = surface.extra["rms_sqrt_v"][..., part].mean(axis=-1)[best, np.arange(len(epsilon))]
        return turning, float(np.nanmedian(root[low]))

    both = [of(part) for part in seed_parts(len(surface.seeds))]
    ours = jackknife([turning / root for turning, root in both], len(surface.seeds), ratio=True)

    def rule(one: Estimate) -> Verdict:
        if math.isnan(one.value):
            return Verdict.open
        low_end, high_end = one.ends
        if low_end >= 0.1 and high_end <= 10:
            return Verdict.holds
        return Verdict.fails if high_end < 0.1 or low_end > 10 else Verdict.open

    return about.judged(ours, rule, f"the ridge turns at ε = {both[0][0]:.2g}, √v is {both[0][1]:.2g}")


STATEMENTS: tuple[Callable[[Evidence], Finding], ...] = (
    rate(
        "adam",
        "On the counterexample Adam does not converge, however small α and many the steps",
        "3, Theorem 1",
        False,
    ),
    adam_fails_for_every_epsilon,
    rate(
        "adam-large-epsilon",
        "With ε large and α in proportion to ε/√T, Adam converges at the rate 1/√T",
        "3, Theorem 2",
        True,
    ),
    rate("dynamic-adam", "With ε growing as √t, Adam converges at the rate 1/√T", "3, Theorem 2", True),
    rate("delayed-adam", "With α in proportion to 1/√T, Delayed Adam converges at the rate 1/√T", "8, Theorem 3", True),
    regime(False),
    regime(True),
    transition_at_root_v,
)
