"""Section 8, Figure 3: which methods converge on the problem of equation 11."""

from collections.abc import Callable

from analysis.claims.evidence import Evidence
from analysis.claims.finding import Estimate, Finding, Statement, Verdict

CONVERGED, STUCK = 0.1, 0.5
"""Shares of the first squared gradient: the mean counts as converging below the one, as failing from the other on."""


def convergence(method: str, power: float, name: str, id_: str, converges: bool) -> Callable[[Evidence], Finding]:
    """Adam fails on the counterexample; Delayed Adam and Adam with growing ε converge."""

    def statement(evidence: Evidence) -> Finding:
        about = Statement(
            f"figure3-{id_}",
            f"On the counterexample {name} {'converges' if converges else 'fails to converge'}",
            "8, Figure 3",
            None,
            "mean squared gradient over all steps, as a share of the first: "
            + (
                f"below {CONVERGED:g}, fails from {STUCK:g}"
                if converges
                else f"{STUCK:g} or more, fails below {CONVERGED:g}"
            ),
        )
        runs = evidence.counterexample.get((method, power))
        if runs is None:
            return about.missing("the counterexample was not run")
        share = runs.share[runs.chosen]
        ours = Estimate(float(share.mean()), float(share.min()), float(share.max()))
        low, high = ours.below(CONVERGED), ours.at_least(STUCK)
        for_it, against = (low, high) if converges else (high, low)
        verdict = (
            Verdict.holds if for_it == Verdict.holds else Verdict.fails if against == Verdict.holds else Verdict.open
        )
        best = int(runs.share.mean(axis=1).argmin())
        why = (
            f"α = {runs.rates[runs.chosen]:g}, {runs.steps:,} steps, interval: range of {len(share)} runs; "
            f"at the best of {len(runs.rates)} α, {runs.rates[best]:.2g}: {runs.share[best].mean():.2g}"
        )
        return about.found(ours, verdict, why)

    return statement


METHODS = {
    ("adam", 0.0): ("Adam", "adam", False),
    ("delayed-adam", 0.0): ("Delayed Adam", "delayed", True),
    ("dynamic-adam", 1.5): ("Adam with ε growing as √t³, as the text prints it,", "dynamic-printed", True),
    ("dynamic-adam", 0.5): ("Adam with ε growing as √t, as Theorem 2 asks,", "dynamic-theorem", True),
}
"""Methods and the power of t with which their ε grows: name, id and whether the paper says that they converge."""

STATEMENTS: tuple[Callable[[Evidence], Finding], ...] = tuple(
    convergence(method, power, *about) for (method, power), about in METHODS.items()
)
