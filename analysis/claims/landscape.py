"""Section 6, Figure 1: how α and ε act together on Adam's and AvaGrad's surfaces."""

from collections.abc import Callable

import numpy as np

from analysis.claims.evidence import Evidence
from analysis.claims.finding import Estimate, Finding, Statement, Verdict
from analysis.claims.precision import over_tables, seeds_in_words
from analysis.separability import TRANSITION, Scale, pairs, regimes, ridge, ridge_slope, scaled, variance_shares

SLOPE_MARGIN = 0.25
"""A slope this close to a whole number counts as it, on a grid with two values a decade."""
INDEPENDENT, DEPENDENT = 0.95, 0.85
"""The value is independent of ε from the first share of variance by α alone on, and dependent below the second."""


def avagrad_best_alpha(evidence: Evidence) -> Finding:
    """AvaGrad: one α is best for every ε."""
    surface = evidence.plane("avagrad")
    columns = len(surface.space.axis("epsilon")) if surface else 21
    about = Statement(
        "avagrad-one-alpha",
        "For every ε, AvaGrad's best α is the same",
        "6",
        float(columns),
        "columns of ε whose best α is the common one: all; fails where a column prefers another by more than noise",
    )
    if surface is None:
        return about.missing("needs a surface of avagrad over alpha and epsilon")
    noise = evidence.noise_within(surface)
    gap = surface.mean - surface.mean.min(axis=0)
    exact = (gap <= 0).sum(axis=1)

    def near(seeds: int) -> np.ndarray:
        """For each α, the number of columns in which it is the best up to noise: int64 `[alphas]`."""
        return np.asarray((gap <= noise.with_seeds(seeds)).sum(axis=1))

    now = near(noise.seeds)
    common = int(np.lexsort((now, exact))[-1])
    most = float(exact[common])

    def with_seeds(seeds: int) -> Estimate:
        return Estimate(most, most, float(near(seeds).max()))

    def rule(one: Estimate) -> Verdict:
        return Verdict.holds if one.value == columns else Verdict.open if one.high == columns else Verdict.fails

    alpha = surface.space.axis("alpha").values
    why = f"α = {alpha[common]:g} is best for {exact[common]} of {columns} ε, and α = {alpha[int(now.argmax())]:g} "
    why += f"within {noise.margin:.2g} of the best for {now.max()} ({noise.source})"
    return about.judged(Estimate(most, most, float(now.max()), noise.seeds, with_seeds), rule, why)


def adam_slope(regime: str, aim: float) -> Callable[[Evidence], Finding]:
    """Adam: the best α is constant up to the transition, and grows in proportion to ε beyond it."""
    beyond = regime == "_high"

    def statement(evidence: Evidence) -> Finding:
        about = Statement(
            f"adam-ridge-{'non-adaptive' if beyond else 'adaptive'}",
            "Beyond the transition, Adam's best α grows in proportion to ε"
            if beyond
            else "Up to the transition near ε = 1e-3, Adam's best α does not depend on ε",
            "6, Figure 1",
            aim,
            f"slope of log α against log ε: within {SLOPE_MARGIN:g} of {aim:g}; fails where its interval is outside",
        )
        surface = evidence.plane("adam")
        if surface is None:
            return about.missing("needs a surface of adam over alpha and epsilon")
        (pair,) = pairs(surface)
        where = ridge(pair)
        found = ridge_slope(pair, where, regimes(pair, TRANSITION)[regime])
        ours = Estimate(found.slope, found.low, found.high)
        if np.isnan(found.slope):
            return about.missing(f"{found.points} values of ε in this regime are too few")
        return about.judged(ours, lambda one: one.near(aim, SLOPE_MARGIN), f"Theil–Sen over {found.points} values of ε")

    return statement


def avagrad_independent(evidence: Evidence) -> Finding:
    """AvaGrad beyond the transition: the value is a function of α."""
    about = Statement(
        "avagrad-independent-of-epsilon",
        "In the non-adaptive regime AvaGrad's performance does not depend on ε",
        "6, Figure 1",
        1.0,
        f"share of the ranks' variance that α alone explains, ε > 1e-3: at least {INDEPENDENT:g}; "
        f"fails below {DEPENDENT:g}",
    )
    surface = evidence.plane("avagrad")
    if surface is None:
        return about.missing("needs a surface of avagrad over alpha and epsilon")
    beyond = np.array(surface.space.axis("epsilon").values) > TRANSITION
    if beyond.sum() < 2:
        return about.missing("fewer than two values of ε beyond the transition")

    def share(table: np.ndarray) -> float:
        return variance_shares(scaled(table[:, beyond], Scale.rank))[0]

    ours = over_tables(surface, share)
    why = f"{int(beyond.sum())} values of ε; {seeds_in_words(surface)}"
    adam = evidence.plane("adam")
    if adam is not None and adam.space == surface.space:
        why += f"; Adam's share there: {share(adam.mean):.2f}"
    return about.judged(ours, _of_share, why)


def _of_share(one: Estimate) -> Verdict:
    if one.at_least(INDEPENDENT) == Verdict.holds:
        return Verdict.holds
    return Verdict.fails if one.below(DEPENDENT) == Verdict.holds else Verdict.open


STATEMENTS: tuple[Callable[[Evidence], Finding], ...] = (
    adam_slope("_low", 0.0),
    adam_slope("_high", 1.0),
    avagrad_independent,
    avagrad_best_alpha,
)
