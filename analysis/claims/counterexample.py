"""Section 8, Figure 3: what converges on the problem of equation 11."""

from collections.abc import Callable

import numpy as np

from analysis.claims.evidence import Evidence
from analysis.claims.finding import Estimate, Finding, Statement, Verdict

CONVERGED, STUCK = 0.1, 0.5
"""Shares of the first squared gradient below which the mean counts as converging, and from which as failing."""
METHODS = {"adam": "Adam", "delayed": "Delayed Adam", "dynamic": "Adam with growing ε"}


def convergence(method: str, converges: bool) -> Callable[[Evidence], Finding]:
    """Adam fails on the counterexample; Delayed Adam and Adam with growing ε converge."""

    def statement(evidence: Evidence) -> Finding:
        about = Statement(
            f"figure3-{method}",
            f"On the counterexample {METHODS[method]} {'converges' if converges else 'fails to converge'}",
            "8, Figure 3",
            None,
            "mean squared gradient in the end over its start: "
            + (f"below {CONVERGED:g}" if converges else f"at least {STUCK:g}"),
        )
        runs = evidence.counterexample.get(method)
        if runs is None:
            return about.missing("the counterexample was not run")
        share = runs[:, -1] / runs[:, 0]
        ours = Estimate(float(np.mean(share)), *(map(float, np.quantile(share, [0.025, 0.975]))))
        if len(share) < 2:
            ours = Estimate(ours.value)
        verdict = ours.below(CONVERGED) if converges else ours.at_least(STUCK)
        # Between the two bounds nothing is said either way.
        other = ours.at_least(STUCK) if converges else ours.below(CONVERGED)
        if verdict != Verdict.holds:
            verdict = Verdict.fails if other == Verdict.holds else Verdict.open
        return about.found(ours, verdict, f"{len(share)} runs of {runs.shape[1]:,} steps; interval: 95% of runs")

    return statement


STATEMENTS: tuple[Callable[[Evidence], Finding], ...] = (
    convergence("adam", False),
    convergence("delayed", True),
    convergence("dynamic", True),
)
