"""The paper's statements that surfaces can speak to, each held against them by one small function.

A statement is a function from `Evidence` to a `Finding`; `statements` lists them in the paper's order. Evidence comes
ready: surfaces, replays and exact laws are made by who asks.
"""

from collections.abc import Callable, Iterable

from analysis.claims import costs, counterexample, delay, landscape, methods, theory
from analysis.claims.evidence import Evidence
from analysis.claims.finding import Finding, Verdict


def statements(searchers: Iterable[str]) -> tuple[Callable[[Evidence], Finding], ...]:
    """Every statement, in the paper's order; one for each of the searchers that the paper compares is among them."""
    return (
        *methods.STATEMENTS,
        *landscape.STATEMENTS,
        *costs.statements(searchers),
        *counterexample.STATEMENTS,
        *delay.STATEMENTS,
        *theory.STATEMENTS,
    )


def judge(evidence: Evidence) -> list[Finding]:
    """Every statement's finding on this evidence, in the paper's order."""
    return [statement(evidence) for statement in statements(evidence.searchers)]


__all__ = ["Evidence", "Finding", "Verdict", "judge", "statements"]
