"""What is found about a statement: the paper's number, ours with its interval, and a verdict by a stated rule."""

import enum
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

NAN = float("nan")


class Verdict(enum.StrEnum):
    """Whether a statement of the paper holds here."""

    holds = "holds"
    fails = "does not hold"
    open = "cannot be told"


@dataclass(frozen=True)
class Estimate:
    """A number with an interval; the ends are NaN where nothing says how far it can be trusted.

    Args:
        value, low, high: the number and its interval.
        seeds: that it was measured on; 0 where they have no part in it.
        with_seeds: the same with the interval that so many seeds would give, two or more; None where that is not known.
        replays, with_replays: the same of replays, where they alone make the interval.
    """

    value: float
    low: float = NAN
    high: float = NAN
    seeds: int = field(default=0, compare=False)
    with_seeds: "Callable[[int], Estimate] | None" = field(default=None, compare=False, repr=False)
    replays: int = field(default=0, compare=False)
    with_replays: "Callable[[int], Estimate] | None" = field(default=None, compare=False, repr=False)

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


MOST_SEEDS, MOST_REPLAYS = 1000, 100_000
"""Beyond which nobody is sent."""


def fewest(counts: range, verdict: Callable[[int], Verdict]) -> int | None:
    """The first of the counts with which there is a verdict; None where there is none with any."""
    return next((count for count in counts if verdict(count) != Verdict.open), None)


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
        seeds_to_settle: how many seeds would bring a verdict, if all else stays; None where there is one, where none
            would, or where that is not known.
    """

    id: str
    statement: str
    section: str
    paper: float | None
    ours: Estimate
    rule: str
    verdict: Verdict
    why: str
    seeds_to_settle: int | None = None

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
            "seeds_to_settle": self.seeds_to_settle,
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

    def found(self, ours: Estimate, verdict: Verdict, why: str, seeds: int | None = None) -> Finding:
        """The finding, `seeds` being those that would settle it."""
        if verdict == Verdict.open and seeds is not None:
            why = f"{why}; {seeds} seeds would settle it"
        return Finding(self.id, self.text, self.section, self.paper, ours, self.rule, verdict, why, seeds)

    def judged(self, ours: Estimate, rule: Callable[[Estimate], Verdict], why: str) -> Finding:
        """The finding, the verdict being the rule's; where it is open, with the seeds or replays that would settle it.

        Those are the fewest with which the rule decides, the number staying as it is and its interval narrowing.
        """
        verdict, seeds, replays = rule(ours), ours.with_seeds, ours.with_replays
        if verdict != Verdict.open:
            return self.found(ours, verdict, why)
        if seeds is not None:
            many = range(max(ours.seeds + 1, 2), MOST_SEEDS + 1)
            return self.found(ours, verdict, why, fewest(many, lambda count: rule(seeds(count))))
        if replays is not None:
            enough = fewest(range(ours.replays, MOST_REPLAYS, 100), lambda count: rule(replays(count)))
            why += "" if enough is None else f"; --repeats {enough} would settle it"
        return self.found(ours, verdict, why)

    def missing(self, what: str) -> Finding:
        """The finding where something is not there to measure."""
        return self.found(Estimate(NAN), Verdict.open, what)
