"""The paper's statements that surfaces can speak to, each held against them by one small function.

A statement is a function from `Evidence` to a `Finding`; `statements` lists them in the paper's order. Evidence comes
ready: surfaces, replays and exact laws are made by who asks.
"""

from collections.abc import Callable, Iterable

from analysis.claims import costs, counterexample, delay, generation, landscape, language, methods, theory, widths
from analysis.claims.domains import GENERATION, LANGUAGE, domain_of, dominance
from analysis.claims.evidence import Evidence
from analysis.claims.finding import Finding, Verdict

OF_DOMAIN = {LANGUAGE: language.STATEMENTS, GENERATION: generation.STATEMENTS}
"""What the paper says of one domain's tasks alone; of any other's, what it says of vision."""


def statements(
    searchers: Iterable[str], domain: str | None = None, two_widths: bool = False
) -> tuple[Callable[[Evidence], Finding], ...]:
    """Every statement on a task, in the paper's order: those of its domain's section, and those on every task.

    Args:
        searchers: that the paper compares; one statement for each is among them.
        domain: of the task, as `domains.domain_of` tells it.
        two_widths: whether there are surfaces of a wider network too, of which one statement speaks.
    """
    return (
        *(widths.STATEMENTS if two_widths else ()),
        *OF_DOMAIN.get(domain or "", methods.VISION),
        methods.epsilon_matters_more,
        *landscape.STATEMENTS,
        *costs.statements(searchers),
        *counterexample.STATEMENTS,
        *delay.STATEMENTS,
        *theory.STATEMENTS,
    )


def judge(evidence: Evidence) -> list[Finding]:
    """Every statement's finding on this evidence, in the paper's order."""
    found = statements(evidence.searchers, domain_of(evidence.surfaces), bool(evidence.wide))
    return [statement(evidence) for statement in found]


__all__ = ["Evidence", "Finding", "Verdict", "dominance", "judge", "statements"]
