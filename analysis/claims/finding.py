"""The result of judging a statement: the paper's number, ours with its interval, and a verdict by a stated rule."""

import enum
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

NAN = float("nan")
TAIL = 0.025
"""The probability on each side of an interval."""
POWER = 0.9
"""The probability with which a recommended number of seeds settles a statement, as far as today's seeds can say."""
MOST_SEEDS = 100
"""The largest number of seeds that a finding recommends."""


class Verdict(enum.StrEnum):
    """Whether a statement of the paper holds here."""

    holds = "holds"
    fails = "does not hold"
    open = "cannot be told"


class Uncertainty(Protocol):
    """A number's interval at any level, and the intervals that more seeds would give."""

    @property
    def seeds(self) -> int:
        """The number of seeds behind it."""

    def estimate(self, tail: float = TAIL) -> "Estimate":
        """The number with an interval that leaves `tail` on each side."""

    def futures(self, seeds: int) -> "Sequence[Estimate]":
        """Equally likely estimates from `seeds` seeds, by what today's seeds say; none where unknown."""


@dataclass(frozen=True)
class Estimate:
    """A number with an interval, whose ends are NaN where the uncertainty is unknown.

    Args:
        value, low, high: the number and its interval.
        source: where it comes from; None where the interval has one level only.
    """

    value: float
    low: float = NAN
    high: float = NAN
    source: Uncertainty | None = field(default=None, compare=False, repr=False)

    @property
    def known(self) -> bool:
        """True if there are a number and an interval."""
        return not (math.isnan(self.value) or math.isnan(self.low) or math.isnan(self.high))


@dataclass(frozen=True)
class Rule:
    """A rule that judges an estimate.

    Args:
        words: the whole rule: when a statement holds, when it fails, and when it cannot be told.
        verdict: the verdict on an estimate with an interval.
    """

    words: str
    verdict: Callable[[Estimate], Verdict]

    def __call__(self, estimate: Estimate) -> Verdict:
        """The verdict; without an interval it cannot be told."""
        return self.verdict(estimate) if estimate.known else Verdict.open


OTHERWISE = "cannot be told otherwise, nor without an interval"


def below(bound: float, what: str, shown: str = "") -> Rule:
    """Holds where the whole interval is below `bound`, fails where none of it is."""
    words = f"{what}: holds where its whole interval is below {shown or f'{bound:g}'}, fails where none of it is"

    def verdict(one: Estimate) -> Verdict:
        return Verdict.holds if one.high < bound else Verdict.fails if one.low >= bound else Verdict.open

    return Rule(f"{words}; {OTHERWISE}", verdict)


def at_least(bound: float, what: str, shown: str = "") -> Rule:
    """Holds where the whole interval is at or above `bound`, fails where none of it is."""
    words = f"{what}: holds where its whole interval is at least {shown or f'{bound:g}'}, fails where none of it is"

    def verdict(one: Estimate) -> Verdict:
        return Verdict.holds if one.low >= bound else Verdict.fails if one.high < bound else Verdict.open

    return Rule(f"{words}; {OTHERWISE}", verdict)


def between(low: float, high: float, what: str, shown: str = "") -> Rule:
    """Holds where the whole interval is from `low` to `high`, fails where none of it is."""
    shown = shown or f"from {low:g} to {high:g}"
    words = f"{what}: holds where its whole interval is {shown}, fails where none of it is"

    def verdict(one: Estimate) -> Verdict:
        if low <= one.low and one.high <= high:
            return Verdict.holds
        return Verdict.fails if one.high < low or one.low > high else Verdict.open

    return Rule(f"{words}; {OTHERWISE}", verdict)


def beyond(holds: float, fails: float, what: str) -> Rule:
    """Holds where the whole interval is at or above `holds`, fails where it is below `fails`."""
    words = f"{what}: holds where its whole interval is at least {holds:g}, fails where it is below {fails:g}"

    def verdict(one: Estimate) -> Verdict:
        return Verdict.holds if one.low >= holds else Verdict.fails if one.high < fails else Verdict.open

    return Rule(f"{words}; {OTHERWISE}", verdict)


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
        seeds_to_settle: how many seeds would settle an open verdict with a probability of `POWER`; None where it is not
            open, or no number up to `MOST_SEEDS` would, or that is unknown.
        p: the least two-sided level at which the verdict is not open; None where there is no such level.
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
    p: float | None = None

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
            "p": self.p,
            "rule": self.rule,
            "section": self.section,
        }


def enough_seeds(source: Uncertainty, rule: Rule) -> int | None:
    """The least number of seeds that settles a statement with a probability of `POWER`; None above `MOST_SEEDS`.

    The probability is that of the verdict's not being open, over the estimates that this many seeds may give: those are
    spread around today's number as uncertain as it is, so that a number near the bound by chance does not promise much.
    """
    for seeds in (*range(source.seeds + 1, 21), *range(22, 51, 2), *range(55, MOST_SEEDS + 1, 5)):
        futures = source.futures(seeds)
        if futures and sum(rule(one) != Verdict.open for one in futures) >= POWER * len(futures):
            return seeds
    return None


def level_of(source: Uncertainty, rule: Rule) -> float:
    """The least two-sided level at which the rule decides, at least 1e-6 and at most 1."""
    low, high = math.log(5e-7), math.log(0.4999)
    if rule(source.estimate(math.exp(high))) == Verdict.open:
        return 1.0
    for _ in range(14):
        middle = (low + high) / 2
        low, high = (middle, high) if rule(source.estimate(math.exp(middle))) == Verdict.open else (low, middle)
    return 2 * math.exp(high)
