"""Many statements judged at once: how many verdicts chance alone would give, and Holm's correction."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from analysis.claims.finding import TAIL, Finding, Verdict
from analysis.compare import holm


def chance(findings: Sequence[Finding]) -> tuple[int, int, float]:
    """Count the statements that have a level, those decided, and those that chance alone would decide at most.

    The last is the case in which none of them is true or false by any margin: the two tails of each.
    """
    known = [finding for finding in findings if finding.p is not None]
    decided = sum(finding.verdict != Verdict.open for finding in known)
    return len(known), decided, 2 * TAIL * len(known)


def by_holm(findings: Sequence[Finding]) -> list[Finding]:
    """The findings with verdicts that all hold together with a probability of 95 %, by Holm's method (1979).

    A verdict whose level, corrected for the number of statements that have one, is above 5 % cannot be told. Findings
    without a level stay as they are.
    """
    corrected = holm(np.array([np.nan if finding.p is None else finding.p for finding in findings]))
    found = []
    for finding, p in zip(findings, corrected, strict=True):
        if finding.p is not None and finding.verdict != Verdict.open and not p <= 2 * TAIL:
            words = f"{finding.why}; decided alone, at {finding.p:.2g}, but not among all (Holm: {p:.2g})"
            finding = replace(finding, verdict=Verdict.open, why=words)
        found.append(finding)
    return found
