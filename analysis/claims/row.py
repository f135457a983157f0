"""A statement of the paper as a row: its words, the paper's number, our estimator and the rule of the verdict."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from analysis.claims.evidence import Evidence, Mathematics
from analysis.claims.finding import (
    MOST_SEEDS,
    NAN,
    POWER,
    Estimate,
    Finding,
    Rule,
    Verdict,
    enough_seeds,
    level_of,
)


class Measured(NamedTuple):
    """An estimator's number, and in words how it came about."""

    ours: Estimate
    why: str


@dataclass(frozen=True)
class Row:
    """A statement.

    Args:
        id: a short name that does not change.
        text: the paper's statement, paraphrased; `{target}` and `{level}` stand for the task's.
        section: of the paper.
        paper: the paper's number; None where it gives none.
        estimator: from the evidence, our number; or a text that says what is missing.
        rule: of the verdict; or a function that gives it for a task.
    """

    id: str
    text: str
    section: str
    paper: float | None
    estimator: "Callable[[Evidence], Measured | str] | Callable[[Mathematics], Measured | str]"
    rule: Rule | Callable[[Evidence], Rule]

    def judge(self, evidence: "Evidence | Mathematics") -> Finding:
        """The finding on this statement."""
        text, rule = self.text, self.rule
        if isinstance(evidence, Evidence):
            target, level = evidence.in_words(evidence.target), evidence.in_words(evidence.level)
            text = text.format(target=target, level=level)
            rule = rule if isinstance(rule, Rule) else rule(evidence)
        assert isinstance(rule, Rule)
        measured = self.estimator(evidence)  # type: ignore[arg-type]
        if isinstance(measured, str):
            ours, why = Estimate(NAN), measured
        else:
            ours, why = measured
        verdict, seeds, p = rule(ours), None, None
        if ours.source is not None and ours.known:
            p = level_of(ours.source, rule)
            if verdict == Verdict.open and ours.source.futures(ours.source.seeds + 1):
                seeds = enough_seeds(ours.source, rule)
                why += f"; {_advice(seeds)}"
        return Finding(self.id, text, self.section, self.paper, ours, rule.words, verdict, why, seeds, p)


def _advice(seeds: int | None) -> str:
    if seeds is None:
        return f"no number of seeds up to {MOST_SEEDS} promises to settle it"
    return f"{seeds} seeds would settle it with a probability of {100 * POWER:.0f} %, as far as these can say"
