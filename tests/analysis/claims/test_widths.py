"""Section 4 on made-up surfaces of two widths: the best α stays, moves, or cannot be told."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from analysis.claims import Evidence, Finding, Verdict, dominance, statements
from analysis.claims.uncertainty import noise_within
from analysis.claims.widths import best_alphas, same_training, shifts_by_epsilon, wide_partner
from grids.space import PRESETS, parse_space
from grids.surface import Provenance, Surface

ID = "avagrad-alpha-across-widths"
SPACE = PRESETS["paper-cifar"]
ALPHAS, EPSILONS = SPACE.shape


def surface(task: str, best: int, optimizer: str = "avagrad", rise: float = 2.0, jitter: float = 0.1) -> Surface:
    """Three seeds of deviation `jitter`, in turns up and down; each step of α away from the best one costs `rise`."""
    value = 4 + rise * np.abs(np.arange(ALPHAS) - best)[:, None] + 0.1 * np.arange(EPSILONS)
    turns = (-1.0) ** np.indices(value.shape).sum(axis=0)
    noisy = value[..., None] + jitter * np.multiply.outer(turns, [-1.0, 0.0, 1.0])
    about = Provenance(task, optimizer, "validation error", "%", fixed={"epochs": 15}, data={"sha256": "a"})
    return Surface(SPACE, (0, 1, 2), noisy, np.zeros(noisy.shape, bool), about)


def finding(moved: int, adam_moved: int | None = None, **options: Any) -> Finding:
    """What is found where AvaGrad's best α has moved by so many places from the ninth, and Adam's from the sixth."""
    narrow, wide = {"avagrad": surface("toy", 8, **options)}, {"avagrad": surface("toy-wide", 8 + moved, **options)}
    if adam_moved is not None:
        narrow["adam"] = surface("toy", 5, "adam", **options)
        wide["adam"] = surface("toy-wide", 5 + adam_moved, "adam", **options)
    return found(Evidence("toy", narrow, wide=wide))


def found(evidence: Evidence) -> Finding:
    (row,) = [row for row in statements(evidence) if row.id == ID]
    return row.judge(evidence)


@pytest.mark.parametrize(
    ("moved", "verdict"),
    [(0, Verdict.holds), (1, Verdict.holds), (-1, Verdict.holds), (3, Verdict.fails), (-3, Verdict.fails)],
)
def test_a_move_is_counted_in_steps_of_the_grid(moved: int, verdict: Verdict) -> None:
    one = finding(moved)
    assert (one.ours.value, one.ours.low, one.ours.high) == (moved, moved, moved)
    assert one.verdict == verdict
    assert (one.paper, one.section) == (0.0, "4")


def test_alphas_within_noise_widen_the_interval() -> None:
    """A step costs 0.2, and less than 0.4 may be noise: one neighbour on either side, of both widths."""
    one = finding(0, rise=0.2, jitter=0.1)
    assert (one.ours.value, one.ours.low, one.ours.high) == (0.0, -2.0, 2.0)
    assert one.verdict == Verdict.open
    assert finding(4, rise=0.2, jitter=0.1).verdict == Verdict.fails  # [2, 6]


def test_too_much_noise_cannot_be_told() -> None:
    """A step costs 0.2 and noise hides several of them."""
    one, chance = finding(0, rise=0.2, jitter=0.55), noise_within(surface("toy", 8, rise=0.2, jitter=0.55))
    assert chance is not None
    assert 1.4 < chance.margin() < 2.0
    assert one.ours.low == -one.ours.high < -10
    assert one.verdict == Verdict.open


def test_a_range_that_reaches_the_end_of_the_grid_has_no_end() -> None:
    values = surface("toy", ALPHAS - 1)
    assert best_alphas(values, 0.5) == (ALPHAS - 1, ALPHAS - 1, math.inf)
    assert best_alphas(surface("toy", 0), 2.5) == (0, -math.inf, 1)
    edge = Evidence("toy", {"avagrad": values}, wide={"avagrad": surface("toy-wide", ALPHAS - 1)})
    assert (found(edge).ours.value, found(edge).ours.low, found(edge).ours.high) == (0.0, -math.inf, math.inf)
    assert found(edge).verdict == Verdict.open
    away = Evidence("toy", {"avagrad": surface("toy", 8)}, wide={"avagrad": surface("toy-wide", ALPHAS - 1)})
    assert found(away).verdict == Verdict.fails


def test_the_best_alpha_is_taken_over_all_epsilon() -> None:
    wide = surface("toy-wide", 8)
    wide.value[11, 20] = 3.0
    one = found(Evidence("toy", {"avagrad": surface("toy", 8)}, wide={"avagrad": wide}))
    assert one.ours.value == 3


def test_adam_is_told_beside_it() -> None:
    one = finding(0, adam_moved=2)
    assert "Adam's moves by 2 [2, 2]: α = " in one.why
    assert one.verdict == Verdict.holds
    assert "Adam" not in finding(0).why


def test_the_move_at_each_epsilon_is_told_too() -> None:
    """At one ε the wide network's best α is three steps up, at another there is none."""
    narrow, wide = surface("toy", 8), surface("toy-wide", 9)
    wide.value[11, 5] = 1.0
    wide.diverged[:, 7] = True
    assert shifts_by_epsilon(narrow, wide).tolist() == 5 * [1] + [3] + 14 * [1]
    one = found(Evidence("toy", {"avagrad": narrow}, wide={"avagrad": wide}))
    assert "; ε by ε 1 in the median, 1 to 3" in one.why


def test_it_is_said_only_of_tasks_with_surfaces_of_both_widths() -> None:
    assert ID not in {one.id for one in statements(Evidence("toy", {"avagrad": surface("toy", 8)}))}
    one = found(Evidence("toy", {}, wide={"avagrad": surface("toy-wide", 8)}))
    assert one.verdict == Verdict.open
    assert one.why == "needs surfaces of avagrad over alpha and epsilon on both widths"


def test_what_differs_besides_the_width_is_named() -> None:
    narrow, wide = surface("toy", 8), surface("toy-wide", 8)
    assert same_training(narrow, wide) == ""
    about = wide.provenance
    longer = replace(wide, provenance=replace(about, fixed={"epochs": 30, "sweep": "b", "clip": None}))
    assert same_training(narrow, longer) == "the two widths were trained differently: epochs 15 and 30"
    other = replace(wide, provenance=replace(about, data={"sha256": "b"}))
    assert same_training(narrow, other) == "the two widths were trained differently: data_sha256 a and b"
    space = parse_space("alpha=0.1,1,epsilon=0.1,1")
    small = Surface(space, (0,), np.ones((2, 2, 1)), np.zeros((2, 2, 1), bool), about)
    assert same_training(narrow, small) == "the two widths have other values of alpha or epsilon"
    one = found(Evidence("toy", {"avagrad": narrow}, wide={"avagrad": longer}))
    assert (one.verdict, one.why) == (Verdict.open, same_training(narrow, longer))


def test_a_wide_network_does_not_count_its_task_twice_in_the_title() -> None:
    assert wide_partner("toy") == "toy-wide"
    narrow, wide = {"avagrad": surface("toy", 8)}, {"avagrad": surface("toy-wide", 8)}
    both = [Evidence("toy", narrow), Evidence("toy-wide", wide)]
    assert dominance(both, {"avagrad": "AvaGrad"}) == dominance(both[:1], {"avagrad": "AvaGrad"})
    (alone,) = dominance(both[1:], {"avagrad": "AvaGrad"})
    assert "toy-wide" in alone.why
