"""The paper's statements that surfaces can speak to, each held against them by one small function.

A statement is a function from `Evidence` to a `Finding`; `STATEMENTS` lists them in the paper's order. Evidence comes
ready: surfaces, replays and exact laws are made by who asks.
"""

from collections.abc import Callable

from analysis.claims import costs, counterexample, landscape, methods
from analysis.claims.evidence import Evidence
from analysis.claims.finding import Finding, Verdict

STATEMENTS: tuple[Callable[[Evidence], Finding], ...] = (
    *methods.STATEMENTS,
    *landscape.STATEMENTS,
    *costs.STATEMENTS,
    *counterexample.STATEMENTS,
)


def judge(evidence: Evidence) -> list[Finding]:
    """Every statement's finding on this evidence, in the paper's order."""
    return [statement(evidence) for statement in STATEMENTS]


__all__ = ["STATEMENTS", "Evidence", "Finding", "Verdict", "judge"]
