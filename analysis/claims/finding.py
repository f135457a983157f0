"""The result of judging a statement: the paper's number, ours with its interval, and a verdict by a stated rule."""

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
    """A number with an interval, whose ends are NaN where the uncertainty is unknown.

    Args:
        value, low, high: the number and its interval.
        seeds: the number of seeds behind it; 0 where the interval is not over seeds.
        with_seeds: gives the estimate with the interval that another number of seeds (two or more) would have; None
            where that is unknown.
        replays, with_replays: likewise for replays, where the interval is over replays alone.
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
        """Holds where the number and its interval are below `bound`, fails where no part of them is."""
        low, high = self.ends
        if math.isnan(self.value):
            return Verdict.open
        if max(self.value, high) < bound:
            return Verdict.holds
        return Verdict.fails if min(self.value, low) >= bound else Verdict.open

    def at_least(self, bound: float) -> Verdict:
        """Holds where the number and its interval are at or above `bound`, fails where no part of them is."""
        return {Verdict.holds: Verdict.fails, Verdict.fails: Verdict.holds}.get(self.below(bound), Verdict.open)

    def near(self, aim: float, margin: float) -> Verdict:
        """Holds where the number is within `margin` of `aim` and its interval is at most 4 `margin` wide.

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
"""The largest numbers of seeds and of replays that a finding recommends."""


def fewest(counts: range, verdict: Callable[[int], Verdict]) -> int | None:
    """The first of `counts` for which the verdict is not open; None where there is none."""
    return next((count for count in counts if verdict(count) != Verdict.open), None)


@dataclass(frozen=True)
class Finding:
    """One statement, judged.

    Args:
        id: a short name that does not change.
        statement: the paper's statement, paraphrased.
        section: of the paper.
        paper: the paper's number; None where it gives none.
        ours: our number, with its interval.
        rule: the rule of the verdict, in words.
        verdict: by that rule.
        why: how our number came about, or what is missing.
        seeds_to_settle: how many seeds would settle an open verdict, all else being equal; None where it is not open,
            or no number would, or that is unknown.
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
        """The finding as a row of a table; NaN where there is no number."""
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
    """The parts of a finding that do not depend on data; see `Finding`."""

    id: str
    text: str
    section: str
    paper: float | None
    rule: str

    def found(self, ours: Estimate, verdict: Verdict, why: str, seeds: int | None = None) -> Finding:
        """The finding with this number and verdict; `seeds` is the number of seeds that would settle an open one."""
        if verdict == Verdict.open and seeds is not None:
            why = f"{why}; {seeds} seeds would settle it"
        return Finding(self.id, self.text, self.section, self.paper, ours, self.rule, verdict, why, seeds)

    def judged(self, ours: Estimate, rule: Callable[[Estimate], Verdict], why: str) -> Finding:
        """The finding with the verdict of `rule`; an open one says how many seeds or replays would settle it, if any.

        That is the smallest number with which the rule decides, if only the interval narrows.
        """
        verdict, seeds, replays = rule(ours), ours.with_seeds, ours.with_replays
        if verdict != Verdict.open:
            return self.found(ours, verdict, why)
        if seeds is not None:
            many = range(max(ours.seeds + 1, 2), MOST_SEEDS + 1)
            needed = fewest(many, lambda count: rule(seeds(count)))
            why += f"; not even {MOST_SEEDS} seeds would settle it" if needed is None else ""
            return self.found(ours, verdict, why, needed)
        if replays is not None:
            enough = fewest(range(ours.replays, MOST_REPLAYS + 1, 100), lambda count: rule(replays(count)))
            why += f"; not even --repeats {MOST_REPLAYS}" if enough is None else f"; --repeats {enough}"
            why += " would settle it"
        return self.found(ours, verdict, why)

    def missing(self, what: str) -> Finding:
        """The open finding where data are missing; `what` says which."""
        return self.found(Estimate(NAN), Verdict.open, what)
