"""Section 4: whether AvaGrad's delay of one step in the second moments changes its performance on natural tasks.

Next to it Adam with the delay of section 8 (Delayed Adam), whose first step divides by ε alone, and without that step.
"""

from analysis.claims.best_cells import compare
from analysis.claims.evidence import Evidence
from analysis.claims.finding import Rule, between
from analysis.claims.row import Measured, Row


def _within_target(evidence: Evidence) -> Rule:
    target = evidence.target
    what = "value with the delay less that without it, both at their best cells"
    return between(-target, target, what, f"within {evidence.in_words(target)} of 0")


def _delay(id_: str, text: str, section: str, delayed: str, plain: str) -> Row:
    def estimate(evidence: Evidence) -> Measured | str:
        late, usual = evidence.plane(delayed), evidence.plane(plain)
        if late is None or usual is None:
            lacking = " and ".join(name for name in (delayed, plain) if evidence.plane(name) is None)
            return f"needs a surface of {lacking} over alpha and epsilon"
        if late.space != usual.space:
            return f"the surfaces of {delayed} and {plain} have other axes"
        return compare(evidence, late, usual)

    return Row(id_, text, section, None, estimate, _within_target)


ROWS = (
    _delay(
        "delay-changes-little",
        "The delay of one step in its second moments does not change AvaGrad's performance on natural tasks",
        "4",
        "avagrad",
        "avagrad:delay=false",
    ),
    _delay(
        "delayed-adam-changes-little",
        "The same delay in Adam, whose first step is then divided by ε alone, does not change its performance",
        "8, read on natural tasks",
        "delayed-adam",
        "adam",
    ),
    _delay(
        "delayed-adam-skipped-changes-little",
        "The same delay in Adam, without the first step, does not change its performance",
        "8, read on natural tasks",
        "delayed-adam:first=skip",
        "adam",
    ),
)
