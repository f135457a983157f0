"""Section 7: the cost of tuning AvaGrad and Adam, on surfaces without the noise of their seeds."""

import math
from collections.abc import Sequence

import numpy as np

from analysis.anytime import mean_curve
from analysis.claims.evidence import PAIR, Evidence
from analysis.claims.finding import Estimate, Finding, Rule, Verdict, at_least, below
from analysis.claims.row import Measured, Row
from analysis.claims.uncertainty import Student
from analysis.seed_costs import freedom, log_costs, of_draws
from grids.target import gap, reached

CHEAPER = "avagrad-cheaper-"
"""Begins the ids of the statements on each searcher."""
BATCHES = 8
"""A mean curve is computed over the replays of this share of the draws."""
_NEEDS = "needs surfaces of adam and avagrad over alpha and epsilon"
_ONE_SEED = "adam and avagrad have no two seeds in common, so that the noise in their costs is not known"


def _missing(evidence: Evidence, optimizers: Sequence[str] = PAIR) -> str:
    """Why there are no draws of these optimizers; empty where there are."""
    if all(name in evidence.draws for name in optimizers):
        return ""
    return _NEEDS if any(evidence.plane(name) is None for name in optimizers) else _ONE_SEED


def ratio(evidence: Evidence, one: tuple[str, str], other: tuple[str, str]) -> Measured | str:
    """ERT of `one` (optimizer, searcher) over that of `other` without noise, with an interval over seeds."""
    missing = _missing(evidence, (one[0], other[0]))
    if missing:
        return missing
    costs = [_costs(evidence, *key) for key in (one, other)]
    if any(cost is None for cost in costs):
        return f"no replays under {one[1]} and {other[1]}"
    (ours, own), (theirs, other_own) = costs  # type: ignore[misc]
    seeds = evidence.seeds(one[0])
    mean, error, fixed = of_draws(ours - theirs, own + other_own)
    words = f"{math.exp(ours.mean()):.1f} against {math.exp(theirs.mean()):.1f} trials on {len(ours)} surfaces without "
    return Measured(
        Student(mean, error, seeds, freedom, log=True, fixed=fixed).estimate(),
        f"{words}noise that {seeds} seeds allow",
    )


def _costs(evidence: Evidence, optimizer: str, searcher: str) -> tuple[np.ndarray, np.ndarray] | None:
    """The logarithm of ERT on each draw, float64 `[draws]`, and the variance of each from its replays."""
    if searcher == "random":
        tables = evidence.draws[optimizer]
        good = np.array([_good(table, float(table.min()), evidence.target) for table in tables])
        return np.log(tables[0].size / good), np.zeros(len(tables))
    groups = evidence.replays.get((optimizer, searcher))
    return None if groups is None else log_costs([group.runtimes(evidence.target) for group in groups])


def _good(table: np.ndarray, origin: float, target: float) -> int:
    return int(reached(gap(table, origin), target, table).sum())


def cheaper(searcher: str, words: str) -> Row:
    """Under this searcher AvaGrad comes to the target (the paper's: 0.5%) in fewer trials than Adam."""
    return Row(
        f"{CHEAPER}{searcher}",
        f"AvaGrad is cheaper to tune to {{target}} than Adam under {words}",
        "7, Figure 2 left",
        None,
        lambda evidence: ratio(evidence, ("avagrad", searcher), ("adam", searcher)),
        below(1.0, "trials of AvaGrad over trials of Adam"),
    )


def cheaper_everywhere(each: Sequence[Finding], names: Sequence[str]) -> Finding:
    """Under every one of the paper's searchers AvaGrad is the cheaper.

    Args:
        each: the findings of `cheaper`.
        names: what a sentence calls the searchers.
    """
    known = [finding for finding in each if finding.ours.known]
    held, failed = (sum(one.verdict == verdict for one in each) for verdict in (Verdict.holds, Verdict.fails))
    ours = Estimate(float(sum(one.ours.value < 1 for one in known)), float(held), float(len(each) - failed))
    verdict = Verdict.holds if held == len(each) else Verdict.fails if failed else Verdict.open
    against = [name for name, one in zip(names, each, strict=True) if one.verdict == Verdict.fails]
    why = f"surely not under {', '.join(against)}" if against else "none surely against it"
    if not known:
        ours, why = Estimate(math.nan), each[0].why
    needs = [one.seeds_to_settle for one in each if one.verdict == Verdict.open]
    seeds = None if verdict != Verdict.open or None in needs else max(filter(None, needs), default=None)
    return Finding(
        f"{CHEAPER}everywhere",
        "AvaGrad is cheaper to tune than Adam whichever the searcher, random search included",
        "7, Figure 2 left",
        float(len(each)),
        ours,
        "searchers under which AvaGrad is cheaper: holds where it surely is under each, fails where it surely is not "
        "under one; cannot be told otherwise",
        verdict,
        why,
        seeds,
    )


def _same_value(evidence: Evidence) -> Measured | str:
    """Each optimizer's trials of random search to the target above the lower of the two lowest values.

    A surface that is flat and poor is cheap to tune to its own lowest value, so both are compared at the lower one.
    Half a good cell is added to the number of good cells, which may be none.
    """
    missing = _missing(evidence)
    if missing:
        return missing
    tables = evidence.draws["avagrad"], evidence.draws["adam"]
    origins = [min(float(a.min()), float(b.min())) for a, b in zip(*tables, strict=True)]
    ours, theirs = (
        np.array(
            [
                np.log(one.size / (_good(one, low, evidence.target) + 0.5))
                for one, low in zip(some, origins, strict=True)
            ]
        )
        for some in tables
    )
    mean, error, _ = of_draws(ours - theirs, np.zeros(len(ours)))
    seeds = evidence.seeds("avagrad")
    words = f"{math.exp(ours.mean()):.1f} against {math.exp(theirs.mean()):.1f} trials, interval: over {seeds} seeds"
    return Measured(Student(mean, error, seeds, lambda many: many - 1.0, log=True).estimate(), words)


def crossing(evidence: Evidence, optimizer: str, searcher: str) -> tuple[float, float, float] | str:
    """The logarithm of the first trial with a mean suboptimality below the level, its standard error, the trial.

    The error is that of one draw: the spread over batches of draws, times the root of their size. A curve that never
    falls below counts one trial more than cells.
    """
    missing = _missing(evidence, (optimizer,))
    groups = evidence.replays.get((optimizer, searcher))
    if missing or groups is None:
        return missing or f"no replays under {searcher}"
    last = evidence.draws[optimizer][0].size
    curves = np.array([mean_curve(group, last) for group in groups])
    parts = np.array_split(np.arange(len(curves)), min(BATCHES, len(curves)))
    each = np.log([_crossed(curves[part].mean(axis=0), evidence.level) for part in parts])
    whole = _crossed(curves.mean(axis=0), evidence.level)
    return math.log(whole), float(each.std(ddof=1)) * math.sqrt(len(curves) / len(parts)), whole


def _crossed(curve: np.ndarray, level: float) -> float:
    under = curve < level
    return float(under.argmax() + 1) if under.any() else float(len(curve) + 1)


def _crossing_of(optimizer: str, searcher: str, evidence: Evidence) -> Measured | str:
    found = crossing(evidence, optimizer, searcher)
    if isinstance(found, str):
        return found
    value, error, trials = found
    seeds = evidence.seeds(optimizer)
    words = f"trial {trials:.0f} of the mean over surfaces without noise that {seeds} seeds allow"
    return Measured(Student(value, error, seeds, freedom, log=True).estimate(), words)


def _both_crossings(evidence: Evidence) -> Measured | str:
    adam, avagrad = crossing(evidence, "adam", "gld"), crossing(evidence, "avagrad", "cgld")
    if isinstance(adam, str) or isinstance(avagrad, str):
        return adam if isinstance(adam, str) else str(avagrad)
    seeds = evidence.seeds("adam")
    ours = Student(adam[0] - avagrad[0], math.hypot(adam[1], avagrad[1]), seeds, freedom, log=True).estimate()
    return Measured(ours, f"{adam[2]:.0f} trials against {avagrad[2]:.0f}; interval: over {seeds} seeds")


def _cgld_helps(optimizer: str, name: str, helps: bool) -> Row:
    what = "trials to the target under CGLD over those under GLD"
    rule: Rule = below(1.0, what) if helps else at_least(1.0, what)
    return Row(
        f"cgld-{'faster' if helps else 'not-faster'}-{optimizer}",
        f"CGLD is {'' if helps else 'not '}faster than GLD for {name}",
        "7, Figure 2 right",
        None,
        lambda evidence: ratio(evidence, (optimizer, "cgld"), (optimizer, "gld")),
        rule,
    )


ROWS = (
    Row(
        "same-value-avagrad",
        "AvaGrad is cheaper to tune than Adam to one value for both, {target} above the lower of their lowest, under "
        "random search",
        "7, read otherwise",
        None,
        _same_value,
        below(1.0, "trials of AvaGrad over trials of Adam"),
    ),
    Row(
        "avagrad-cgld-13",
        "AvaGrad under CGLD has a mean suboptimality below {level} within 13 trials",
        "7, Figure 2 right",
        13.0,
        lambda evidence: _crossing_of("avagrad", "cgld", evidence),
        below(14.0, "trials"),
    ),
    Row(
        "adam-gld-74",
        "Adam under GLD needs 74 trials to a mean suboptimality below {level}",
        "7, Figure 2 right",
        74.0,
        lambda evidence: _crossing_of("adam", "gld", evidence),
        at_least(74.0, "trials"),
    ),
    Row(
        "adam-gld-over-avagrad-cgld",
        "Adam under GLD takes 5.7 times the trials of AvaGrad under CGLD to a mean suboptimality below {level}",
        "7, Figure 2 right",
        74 / 13,
        _both_crossings,
        at_least(5.65, "trials of Adam over trials of AvaGrad"),
    ),
    _cgld_helps("avagrad", "AvaGrad", True),
    _cgld_helps("adam", "Adam", False),
)
"""The section's statements besides those for each searcher."""
