"""Section 8: whether a delay of one step in the second moments changes the performance on natural tasks."""

from collections.abc import Callable

from analysis.claims.best_cells import difference, in_words
from analysis.claims.evidence import Evidence
from analysis.claims.finding import Finding, Statement

METHOD, DELAYED, SKIPPED = "adam", "delayed-adam", "delayed-adam:first=skip"


def delay_changes_little(evidence: Evidence) -> Finding:
    """The delay that makes Adam converge does not change its performance on natural tasks."""
    about = Statement(
        "delay-changes-little",
        "A delay of one step in the second moments (here Adam's) does not change performance on natural tasks",
        "8",
        None,
        f"lowest value of Delayed Adam less that of Adam: within {evidence.in_words(evidence.target)} of 0; fails "
        "where its interval is not",
    )
    adam, delayed = evidence.plane(METHOD), evidence.plane(DELAYED)
    if adam is None or delayed is None:
        lacking = " and ".join(name for name in (METHOD, DELAYED) if evidence.plane(name) is None)
        return about.missing(f"needs a surface of {lacking} over alpha and epsilon")
    if adam.space != delayed.space:
        return about.missing(f"the surfaces of {METHOD} and {DELAYED} have other axes")
    ours, how = difference(evidence, delayed, adam)
    good = adam.suboptimality <= evidence.level
    kept = delayed.mean[good] <= adam.mean.min() + evidence.level
    why = (
        f"{in_words(delayed, adam)}; of Adam's {good.sum()} cells within {evidence.in_words(evidence.level)} of "
        f"its lowest value {kept.sum()} stay there with the delay; {how}"
    )
    skipped = evidence.plane(SKIPPED)
    if skipped is not None and skipped.space == adam.space:
        other, _ = difference(evidence, skipped, adam)
        why += (
            f"; without the first step, which a small ε makes huge (its second moments are zero): "
            f"{other.value:.2g} [{other.low:.2g}, {other.high:.2g}]"
        )
    return about.judged(ours, lambda one: one.near(0.0, evidence.target), why)


STATEMENTS: tuple[Callable[[Evidence], Finding], ...] = (delay_changes_little,)
