"""Judge the paper's statements by surfaces, one function for each statement.

A statement is a function from `Evidence` to a `Finding`; `statements` lists them. The caller provides the evidence:
surfaces, replays, exact distributions and runs on the counterexample.
"""

from collections.abc import Callable, Iterable

from analysis.claims import costs, counterexample, delay, generation, landscape, language, methods, theory, widths
from analysis.claims.domains import GENERATION, LANGUAGE, domain_of, dominance
from analysis.claims.evidence import Evidence
from analysis.claims.finding import Finding, Verdict

OF_DOMAIN = {LANGUAGE: language.STATEMENTS, GENERATION: generation.STATEMENTS}
"""Statements on the tasks of one domain; other tasks are judged by those on vision."""


def statements(
    searchers: Iterable[str], domain: str | None = None, two_widths: bool = False
) -> tuple[Callable[[Evidence], Finding], ...]:
    """All statements on a task: those of its domain's section, and those on every task.

    Args:
        searchers: the searchers that the paper compares; there is a statement for each.
        domain: of the task, from `domains.domain_of`.
        two_widths: whether there are also surfaces of a wider network, on which there is one more statement.
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
    """The finding on each statement, in the order of `statements`."""
    found = statements(evidence.searchers, domain_of(evidence.surfaces), bool(evidence.wide))
    return [statement(evidence) for statement in found]


__all__ = ["Evidence", "Finding", "Verdict", "dominance", "judge", "statements"]
