"""Section 7: the cost of tuning AvaGrad and Adam."""

import math
from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np
from scipy import stats

from analysis.claims.evidence import Evidence
from analysis.claims.finding import NAN, Estimate, Finding, Statement, Verdict
from analysis.claims.precision import jackknife, seeds_in_words, tables
from analysis.compare import compare
from analysis.ert import FEW_HITS, ert, stream
from analysis.replays import Runtimes
from grids.target import gap, reached

_RARE = 0.005


def expected_runtime(survival: np.ndarray) -> np.ndarray:
    """ERT of a searcher that is restarted after each budget: float64 `[tables]`.

    E[min(T, B)] / P(T ≤ B) with E[min(T, B)] = Σ_{t<B} P(T > t), from P(T > t) for t = 0 … B; infinite where the
    target is never hit.
    """
    with np.errstate(divide="ignore"):
        return np.asarray(survival[:, :-1].sum(axis=1) / (1.0 - survival[:, -1]))


def runtime_ratio(evidence: Evidence, one: tuple[str, str], other: tuple[str, str]) -> tuple[Estimate, str] | None:
    """ERT of `one` (optimizer, searcher) over that of `other`, with an interval, and both in words.

    It is exact where the distributions are known, with an interval over seeds; otherwise from replays, with an interval
    that combines the bootstrap over replays and the jackknife over seeds. None where there is neither.
    """
    if one in evidence.survival and other in evidence.survival:
        ours, theirs = (expected_runtime(evidence.survival[key]) for key in (one, other))
        missed = max(evidence.survival[key][0, -1] for key in (one, other))
        same = len(ours) == len(theirs)
        pairs = zip(ours, theirs, strict=True) if same else [(ours[0], theirs[0])]
        ratios = [a / b if np.isfinite(b) else NAN for a, b in pairs]
        surface = evidence.compared(one[0])
        words = seeds_in_words(surface) if same else "no seed in common: no interval"
        stuck = f" (up to {100 * missed:.0f}% not there in one budget)" if missed > _RARE else ""
        estimate = jackknife(ratios, len(surface.seeds), ratio=True)
        return estimate, f"exact: {ours[0]:.1f} against {theirs[0]:.1f} trials{stuck}; {words}"
    if one in evidence.replays and other in evidence.replays:
        return _replayed_ratio(evidence, one, other)
    return None


def _replayed_ratio(evidence: Evidence, one: tuple[str, str], other: tuple[str, str]) -> tuple[Estimate, str]:
    ours, theirs = ([group.runtimes(evidence.target) for group in evidence.replays[key]] for key in (one, other))
    first, second = ours[0], theirs[0]
    if min(first.hits, second.hits) < FEW_HITS:
        few = f"{first.hits} and {second.hits} hits in {first.repeats} and {second.repeats} replays are too few"
        return Estimate(NAN), few
    found = compare(second, first, stream(evidence.seed, *one, *other, evidence.target))
    words = f"ERT of {first.repeats} replays each, {first.hits} and {second.hits} hits; interval: over replays"
    if not np.isfinite(found.ratio_interval).all():
        return Estimate(found.ratio, *found.ratio_interval), words
    error = float(np.diff(np.log(found.ratio_interval))[0]) / (2 * stats.norm.ppf(0.975))
    ratios, fewer = [found.ratio], error
    if len(ours) == len(theirs) > 1:
        ratios += [_ratio(a, b) for a, b in zip(ours[1:], theirs[1:], strict=True)]
        fewer *= math.sqrt(first.repeats / ours[1].repeats)
        words += f" and {len(evidence.compared(one[0]).seeds)} seeds"
    seeds = len(evidence.compared(one[0]).seeds)
    estimate = jackknife(ratios, seeds, ratio=True, other=error, of_others=fewer)
    if len(ratios) > 1:
        return estimate, words

    def with_replays(repeats: int) -> Estimate:
        return jackknife(ratios, seeds, ratio=True, other=error * math.sqrt(first.repeats / repeats))

    return replace(estimate, replays=first.repeats, with_replays=with_replays), words


def _ratio(ours: Runtimes, theirs: Runtimes) -> float:
    """The ratio of two ERT: infinite or 0 where one of the two never hit, NaN where neither did."""
    a, b = ert(ours), ert(theirs)
    return NAN if np.isnan(a) and np.isnan(b) else np.inf if np.isnan(a) else 0.0 if np.isnan(b) else a / b


def cheaper(searcher: str) -> Callable[[Evidence], Finding]:
    """Under this searcher AvaGrad comes to the target (the paper's: 0.5%) in fewer trials than Adam."""

    def statement(evidence: Evidence) -> Finding:
        about = Statement(
            f"avagrad-cheaper-{searcher}",
            f"AvaGrad is cheaper to tune to {evidence.in_words(evidence.target)} than Adam under "
            f"{evidence.searchers[searcher]}",
            "7, Figure 2 left",
            None,
            "trials of AvaGrad over trials of Adam: below 1",
        )
        found = runtime_ratio(evidence, ("avagrad", searcher), ("adam", searcher))
        if found is None:
            return about.missing("needs surfaces of adam and avagrad over alpha and epsilon")
        return about.judged(found[0], lambda one: one.below(1.0), found[1])

    return statement


def cheaper_everywhere(evidence: Evidence) -> Finding:
    """Under every one of the paper's searchers AvaGrad is the cheaper."""
    many = len(evidence.searchers)
    about = Statement(
        "avagrad-cheaper-everywhere",
        "AvaGrad is cheaper to tune than Adam whichever the searcher, random search included",
        "7, Figure 2 left",
        float(many),
        "searchers under which AvaGrad is cheaper: all; fails where one is surely not",
    )
    each = {searcher: cheaper(searcher)(evidence) for searcher in evidence.searchers}
    known = {name: finding for name, finding in each.items() if not np.isnan(finding.ours.value)}
    if not known:
        return about.missing(next((finding.why for finding in each.values()), "no searcher to compare them under"))
    for_sure = sum(finding.verdict == Verdict.holds for finding in known.values())
    possible = sum(finding.verdict != Verdict.fails for finding in each.values())
    count = Estimate(sum(f.ours.value < 1 for f in known.values()), for_sure, possible)
    verdict = Verdict.holds if for_sure == many else Verdict.fails if possible < many else Verdict.open
    against = [evidence.searchers[name] for name, finding in known.items() if finding.verdict == Verdict.fails]
    open_ = [finding for finding in each.values() if finding.verdict == Verdict.open]
    each_needs = [finding.seeds_to_settle for finding in open_]
    seeds = None if None in each_needs else max((need for need in each_needs if need), default=None)
    why = f"surely not under {', '.join(against)}" if against else "none against it"
    return about.found(count, verdict, why, None if verdict != Verdict.open else seeds)


def cheaper_to_the_same_value(evidence: Evidence) -> Finding:
    """AvaGrad is cheaper to tune to one value for both, instead of each optimizer's own lowest value.

    A surface that is flat and poor is cheap to tune to its own lowest value, so both are compared at the lower one.
    Random search with repetition takes n/k trials on average, where k of n cells are good enough.
    """
    about = Statement(
        "same-value-avagrad",
        f"AvaGrad is cheaper to tune than Adam to one value for both, {evidence.in_words(evidence.target)} above the "
        "lower of their lowest, under random search",
        "7, read otherwise",
        None,
        "trials of AvaGrad over trials of Adam, 0 where Adam never gets there: below 1",
    )
    if evidence.plane("avagrad") is None or evidence.plane("adam") is None:
        return about.missing("needs surfaces of adam and avagrad over alpha and epsilon")
    ours, theirs = evidence.compared("avagrad"), evidence.compared("adam")
    same = len(ours.seeds) == len(theirs.seeds)
    both = zip(tables(ours), tables(theirs), strict=True) if same else [(ours.mean, theirs.mean)]
    costs = [tuple(_trials(one, min(a.min(), b.min()), evidence.target) for one in (a, b)) for a, b in both]
    (first, second), seeds = costs[0], seeds_in_words(ours) if same else "no seed in common: no interval"
    never = {"AvaGrad": first, "Adam": second}
    why = "; ".join(f"{name} never gets there" for name, cost in never.items() if np.isinf(cost))
    ratios = [a / b for a, b in costs]
    estimate = jackknife(ratios, len(ours.seeds), ratio=True)
    return about.judged(
        estimate, lambda one: one.below(1.0), f"{why or f'{first:.1f} against {second:.1f} trials'}; {seeds}"
    )


def _trials(table: np.ndarray, origin: float, target: float) -> float:
    """Mean trials of random search with repetition to within `target` of `origin`; infinite where no cell is."""
    good = reached(gap(table, origin), target, table).sum()
    return float(table.size / good) if good else math.inf


def crossings(evidence: Evidence, optimizer: str, searcher: str) -> np.ndarray | None:
    """The first trial with a mean suboptimality below the level, infinite where there is none: float64 `[tables]`.

    None where the curves are unknown.
    """
    curves = evidence.curves.get((optimizer, searcher))
    if curves is None:
        return None
    under = curves < evidence.level
    return np.where(under.any(axis=1), under.argmax(axis=1) + 1.0, np.inf)


def avagrad_with_cgld(evidence: Evidence) -> Finding:
    """AvaGrad, CGLD: 13 trials to a mean suboptimality below the level (the paper's: 1%)."""
    about = Statement(
        "avagrad-cgld-13",
        f"AvaGrad under CGLD has a mean suboptimality below {evidence.in_words(evidence.level)} within 13 trials",
        "7, Figure 2 right",
        13.0,
        "trials: at most 13",
    )
    trials = crossings(evidence, "avagrad", "cgld")
    if trials is None:
        return about.missing("needs a surface of avagrad over alpha and epsilon")
    surface = evidence.compared("avagrad")
    ours = jackknife(trials, len(surface.seeds), ratio=True)
    return about.judged(ours, lambda one: one.below(14.0), f"exact curve; {seeds_in_words(surface)}")


def adam_with_gld(evidence: Evidence) -> Finding:
    """Adam, GLD: 74 trials to a mean suboptimality below the level (the paper's: 1%)."""
    about = Statement(
        "adam-gld-74",
        f"Adam under GLD needs 74 trials to a mean suboptimality below {evidence.in_words(evidence.level)}",
        "7, Figure 2 right",
        74.0,
        "trials: at least 74",
    )
    trials = crossings(evidence, "adam", "gld")
    if trials is None:
        return about.missing("needs a surface of adam over alpha and epsilon")
    surface = evidence.compared("adam")
    ours = jackknife(trials, len(surface.seeds), ratio=True)
    return about.judged(ours, lambda one: one.at_least(74.0), f"exact curve; {seeds_in_words(surface)}")


def ratio_of_the_two(evidence: Evidence) -> Finding:
    """74 trials over 13."""
    about = Statement(
        "adam-gld-over-avagrad-cgld",
        "Adam under GLD takes 5.7 times the trials of AvaGrad under CGLD to a mean suboptimality below "
        f"{evidence.in_words(evidence.level)}",
        "7, Figure 2 right",
        74 / 13,
        "trials of Adam over trials of AvaGrad: at least 5.7; fails below",
    )
    adam, avagrad = crossings(evidence, "adam", "gld"), crossings(evidence, "avagrad", "cgld")
    if adam is None or avagrad is None:
        return about.missing("needs surfaces of adam and avagrad over alpha and epsilon")
    if not np.isfinite(avagrad[0]):
        never = f"AvaGrad under CGLD never comes below {evidence.in_words(evidence.level)} on average"
        return about.found(Estimate(0.0), Verdict.fails, never)
    same = len(adam) == len(avagrad)
    ratios = adam / avagrad if same else [float(adam[0] / avagrad[0])]
    ours = jackknife(ratios, len(evidence.compared("adam").seeds), ratio=True)
    return about.judged(ours, lambda one: one.at_least(5.65), f"{adam[0]:.0f} trials against {avagrad[0]:.0f}")


def cgld_helps(optimizer: str, name: str, helps: bool) -> Callable[[Evidence], Finding]:
    """CGLD is faster than GLD for AvaGrad, and is not for Adam."""

    def statement(evidence: Evidence) -> Finding:
        about = Statement(
            f"cgld-{'faster' if helps else 'not-faster'}-{optimizer}",
            f"CGLD is {'' if helps else 'not '}faster than GLD for {name}",
            "7, Figure 2 right",
            None,
            f"trials to {evidence.in_words(evidence.target)} under CGLD over those under GLD: "
            f"{'below' if helps else 'at least'} 1",
        )
        found = runtime_ratio(evidence, (optimizer, "cgld"), (optimizer, "gld"))
        if found is None:
            return about.missing(f"needs a surface of {optimizer} over alpha and epsilon")
        return about.judged(found[0], lambda one: one.below(1.0) if helps else one.at_least(1.0), found[1])

    return statement


def statements(searchers: Iterable[str]) -> tuple[Callable[[Evidence], Finding], ...]:
    """The section's statements, one for each of the paper's searchers first."""
    return (
        *(cheaper(searcher) for searcher in searchers),
        cheaper_everywhere,
        cheaper_to_the_same_value,
        avagrad_with_cgld,
        adam_with_gld,
        ratio_of_the_two,
        cgld_helps("avagrad", "AvaGrad", True),
        cgld_helps("adam", "Adam", False),
    )
