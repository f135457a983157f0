"""The paper's statements that surfaces can speak to, each held against them by one small function.

A statement is a function from `Evidence` to a `Finding`; `statements` lists them in the paper's order. Evidence comes
ready: surfaces, replays and exact laws are made by who asks.
"""

from collections.abc import Callable, Iterable

from analysis.claims import costs, counterexample, delay, landscape, language, methods, theory
from analysis.claims.evidence import Evidence
from analysis.claims.finding import Finding, Verdict


def statements(searchers: Iterable[str], of_language: bool = False) -> tuple[Callable[[Evidence], Finding], ...]:
    """Every statement on a task, in the paper's order: those of section 5.1 or 5.2, and those on every task.

    Args:
        searchers: that the paper compares; one statement for each is among them.
        of_language: whether the task is a character model, of which section 5.2 speaks.
    """
    return (
        *(language.STATEMENTS if of_language else methods.VISION),
        methods.epsilon_matters_more,
        *landscape.STATEMENTS,
        *costs.statements(searchers),
        *counterexample.STATEMENTS,
        *delay.STATEMENTS,
        *theory.STATEMENTS,
    )


def judge(evidence: Evidence) -> list[Finding]:
    """Every statement's finding on this evidence, in the paper's order."""
    of_language = language.is_language(evidence)
    return [statement(evidence) for statement in statements(evidence.searchers, of_language)]


__all__ = ["Evidence", "Finding", "Verdict", "judge", "statements"]
