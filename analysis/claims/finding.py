"""What is found about a statement: the paper's number, ours with its interval, and a verdict by a stated rule."""

import enum
import math
from dataclasses import dataclass
from typing import Any

NAN = float("nan")


class Verdict(enum.StrEnum):
    """Whether a statement of the paper holds here."""

    holds = "holds"
    fails = "does not hold"
    open = "cannot be told"


@dataclass(frozen=True)
class Estimate:
    """A number with an interval; the ends are NaN where nothing says how far it can be trusted."""

    value: float
    low: float = NAN
    high: float = NAN

    @property
    def ends(self) -> tuple[float, float]:
        """The interval, or the value twice where there is none."""
        return (self.value if math.isnan(self.low) else self.low, self.value if math.isnan(self.high) else self.high)

    def below(self, bound: float) -> Verdict:
        """Holds where the number and its interval are under `bound`, fails where neither reaches below it."""
        low, high = self.ends
        if math.isnan(self.value):
            return Verdict.open
        if max(self.value, high) < bound:
            return Verdict.holds
        return Verdict.fails if min(self.value, low) >= bound else Verdict.open

    def at_least(self, bound: float) -> Verdict:
        """Holds where the number and its interval reach `bound`, fails where neither does."""
        return {Verdict.holds: Verdict.fails, Verdict.fails: Verdict.holds}.get(self.below(bound), Verdict.open)

    def near(self, aim: float, margin: float) -> Verdict:
        """Holds where the number is within `margin` of `aim` and its interval does not exclude that range's inside.

        Fails where the whole interval lies outside `aim` ± `margin`.
        """
        low, high = self.ends
        if math.isnan(self.value):
            return Verdict.open
        if high < aim - margin or low > aim + margin:
            return Verdict.fails
        inside = aim - margin <= self.value <= aim + margin
        wide = high - low > 4 * margin
        return Verdict.holds if inside and not wide else Verdict.open


@dataclass(frozen=True)
class Finding:
    """One statement, judged.

    Args:
        id: a short name that does not change.
        statement: what the paper says, in our words.
        section: where.
        paper: the paper's number; None where it gives none.
        ours: what we measured, with its interval.
        rule: when it holds.
        verdict: by that rule.
        why: what stands behind our number, or what is missing.
    """

    id: str
    statement: str
    section: str
    paper: float | None
    ours: Estimate
    rule: str
    verdict: Verdict
    why: str

    def row(self) -> dict[str, Any]:
        """Ready to print; NaN where there is no number."""
        return {
            "id": self.id,
            "statement": self.statement,
            "paper": self.paper,
            "ours": self.ours.value,
            "low": self.ours.low,
            "high": self.ours.high,
            "verdict": self.verdict.value,
            "why": self.why,
            "rule": self.rule,
            "section": self.section,
        }


@dataclass(frozen=True)
class Statement:
    """What a finding says before anything is measured."""

    id: str
    text: str
    section: str
    paper: float | None
    rule: str

    def found(self, ours: Estimate, verdict: Verdict, why: str) -> Finding:
        """The finding."""
        return Finding(self.id, self.text, self.section, self.paper, ours, self.rule, verdict, why)

    def missing(self, what: str) -> Finding:
        """The finding where something is not there to measure."""
        return self.found(Estimate(NAN), Verdict.open, what)
