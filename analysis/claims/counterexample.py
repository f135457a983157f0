"""Section 8, Figure 3: which methods converge on the problem of equation 11."""

from analysis.claims.evidence import Mathematics
from analysis.claims.finding import Estimate, Rule, Verdict
from analysis.claims.row import Measured, Row

CONVERGED, STUCK = 0.1, 0.5
"""Shares of the first squared gradient: the mean counts as converging below the one, as failing from the other on."""
_SHARE = "mean squared gradient over all steps, as a share of the first, in each run"


def _converges(one: Estimate) -> Verdict:
    return Verdict.holds if one.high < CONVERGED else Verdict.fails if one.low >= STUCK else Verdict.open


def _stuck(one: Estimate) -> Verdict:
    return Verdict.holds if one.low >= STUCK else Verdict.fails if one.high < CONVERGED else Verdict.open


CONVERGES = Rule(
    f"{_SHARE}: holds where below {CONVERGED:g}, fails where {STUCK:g} or more; cannot be told otherwise", _converges
)
FAILS = Rule(
    f"{_SHARE}: holds where {STUCK:g} or more, fails where below {CONVERGED:g}; cannot be told otherwise", _stuck
)


def _row(method: str, power: float, name: str, id_: str, converges: bool) -> Row:
    def estimate(found: Mathematics) -> Measured | str:
        runs = found.counterexample.get((method, power))
        if runs is None:
            return "the counterexample was not run"
        share, best = runs.share[runs.chosen], int(runs.share.mean(axis=1).argmin())
        why = (
            f"α = {runs.rates[runs.chosen]:g}, {runs.steps:,} steps, interval: range of {len(share)} runs; "
            f"at the best of {len(runs.rates)} α, {runs.rates[best]:.2g}: {runs.share[best].mean():.2g}"
        )
        return Measured(Estimate(float(share.mean()), float(share.min()), float(share.max())), why)

    text = f"On the counterexample {name} {'converges' if converges else 'fails to converge'}"
    return Row(f"figure3-{id_}", text, "8, Figure 3", None, estimate, CONVERGES if converges else FAILS)


METHODS = {
    ("adam", 0.0): ("Adam", "adam", False),
    ("delayed-adam", 0.0): ("Delayed Adam", "delayed", True),
    ("dynamic-adam", 1.5): ("Adam with ε growing as √t³, as the text prints it,", "dynamic-printed", True),
    ("dynamic-adam", 0.5): ("Adam with ε growing as √t, as Theorem 2 asks,", "dynamic-theorem", True),
}
"""Methods and the power of t with which their ε grows: name, id and whether the paper says that they converge."""

ROWS = tuple(_row(method, power, *about) for (method, power), about in METHODS.items())
