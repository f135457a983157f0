"""Judge the paper's statements by surfaces; each statement is a `Row`, and the modules hold one section's each.

The caller provides the evidence: surfaces, replays on surfaces without noise, and runs on the counterexample.
"""

from collections.abc import Sequence

from analysis.claims import costs, counterexample, delay, generation, landscape, language, methods, theory, widths
from analysis.claims.correction import by_holm, chance
from analysis.claims.domains import GENERATION, LANGUAGE, domain_of, dominance
from analysis.claims.evidence import Evidence, Mathematics
from analysis.claims.finding import Finding, Verdict
from analysis.claims.row import Row

OF_DOMAIN = {LANGUAGE: language.ROWS, GENERATION: generation.ROWS}
"""Statements on the tasks of one domain; other tasks are judged by those on vision."""


def statements(evidence: Evidence) -> list[Row]:
    """The statements on a task, each judged by itself: those of its domain first, then those on every task."""
    domain = domain_of(evidence.surfaces)
    return [
        *(widths.ROWS if evidence.wide else ()),
        *OF_DOMAIN.get(domain or "", methods.VISION),
        methods.EPSILON_OVER_METHOD,
        *landscape.ROWS,
        *(costs.cheaper(name, words) for name, words in evidence.searchers.items()),
        *costs.ROWS,
        *delay.ROWS,
    ]


def judge(evidence: Evidence) -> list[Finding]:
    """The findings on a task, in the order of `statements`; after those on each searcher the one on all of them."""
    found = [row.judge(evidence) for row in statements(evidence)]
    each = [one for one in found if one.id.startswith(costs.CHEAPER)]
    if each:
        after = found.index(each[-1]) + 1
        found.insert(after, costs.cheaper_everywhere(each, list(evidence.searchers.values())))
    return found


def judge_mathematics(found: Mathematics) -> Sequence[Finding]:
    """The findings on equation 11, which are the same whatever the task."""
    return [row.judge(found) for row in (*counterexample.ROWS, *theory.ROWS)]


__all__ = [
    "Evidence",
    "Finding",
    "Mathematics",
    "Verdict",
    "by_holm",
    "chance",
    "dominance",
    "judge",
    "judge_mathematics",
    "statements",
]
