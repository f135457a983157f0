"""The title: a task's domain, and which optimizers are dominant in all of them, on made-up surfaces."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from domains_made import evidence, surface

from analysis.claims import Evidence, Verdict, dominance
from analysis.claims.domains import domain_of, margin, regrets
from grids.space import Axis, Space
from grids.surface import Provenance, Surface

LABELS = {name: name.capitalize() for name in ("sgd", "adam", "avagrad")}


def dominant(tasks: dict[str, dict[str, float]], **more: Any) -> dict[str, Any]:
    found = dominance([evidence(task, lowest, **more) for task, lowest in tasks.items()], LABELS)
    assert [finding.id for finding in found] == [f"dominant-{name}" for name in LABELS]
    return {finding.id.removeprefix("dominant-"): finding for finding in found}


def test_a_metric_tells_the_domain() -> None:
    for task, domain in (("gan", "generation"), ("vision", "vision"), ("text", "language")):
        assert domain_of(evidence(task, {"adam": 1.0}).surfaces) == domain
    other = surface("gan", "adam", 43.0)
    fid = Surface(other.space, other.seeds, other.value, other.diverged, Provenance("x", "adam", "FID"))
    assert domain_of({"adam": fid}) == "generation"
    assert (
        domain_of({"adam": Surface(other.space, other.seeds, other.value, other.diverged, Provenance("x", "adam"))})
        is None
    )
    assert domain_of({"adam": fid, "avagrad": other}) is None


def test_dominant_is_who_is_as_good_as_the_best_in_every_domain() -> None:
    found = dominant(
        {
            "vision": {"sgd": 14.0, "adam": 14.0, "avagrad": 14.0},
            "text": {"sgd": 25.0, "adam": 22.0, "avagrad": 22.0},
            "gan": {"sgd": 133.0, "adam": 43.0, "avagrad": 35.3},
        }
    )
    assert found["avagrad"].verdict == Verdict.holds
    assert found["sgd"].verdict == found["adam"].verdict == Verdict.fails
    assert found["avagrad"].ours.value < 3
    # In units of one seed's deviation, 0.2 in every domain: 43 less 35.3 is about 40 of them.
    assert 25 < found["adam"].ours.value < 60
    assert "generation: " in found["adam"].why
    assert "behind avagrad on gan, beyond noise" in found["adam"].why


def test_chance_alone_exceeds_the_margin_of_any_pair_on_any_task_once_in_twenty() -> None:
    optimizers, tasks, seeds = 10, 3, 3
    means = np.random.default_rng(0).normal(size=(4000, tasks, optimizers, seeds)).mean(axis=-1)
    widest = np.ptp(means, axis=-1).max(axis=-1)
    wrong = float((widest > margin(1.0, np.inf, seeds, optimizers, tasks)).mean())
    assert 0.02 < wrong < 0.055
    # For one pair on one task it is Student's t for two means.
    assert margin(2.0, 10, 4, 2, 1) == pytest.approx(2.2281389 * 2 * np.sqrt(2 / 4))


def test_optimizers_are_compared_on_the_seeds_that_they_share() -> None:
    lowest = {"sgd": 14.0, "adam": 14.0, "avagrad": 14.0}
    three = evidence("vision", lowest)
    one = {**three.surfaces, "adam": surface("vision", "adam", 14.0, seeds=1)}
    found = regrets(Evidence("vision", one), "vision", list(LABELS))
    first = {name: float(one[name].value[..., 0].min()) for name in LABELS}
    best = min(first.values())
    assert {name: regret.gap for name, regret in found.items()} == {name: first[name] - best for name in LABELS}
    apart = {**one, "adam": replace(one["adam"], seeds=(7,))}
    assert regrets(Evidence("vision", apart), "vision", list(LABELS)) == {}


def test_noise_as_large_as_the_target_leaves_it_open() -> None:
    lowest = {"sgd": 14.0, "adam": 14.0, "avagrad": 14.0}
    found = dominant({"vision": lowest, "text": lowest, "gan": lowest}, noise=2.0)
    assert {finding.verdict for finding in found.values()} == {Verdict.open}


def test_a_domain_without_a_task_leaves_the_title_open_and_is_named() -> None:
    found = dominant({"vision": {"sgd": 14.0, "avagrad": 14.0}, "gan": {"sgd": 133.0, "avagrad": 35.3}})
    assert found["avagrad"].verdict == Verdict.open
    assert "language: no surface with a known noise" in found["avagrad"].why
    assert found["sgd"].verdict == Verdict.fails
    assert found["adam"].verdict == Verdict.open
    assert found["adam"].why == "; ".join(
        f"{domain}: no surface with a known noise" for domain in ("vision", "language", "generation")
    )


def test_a_task_of_no_domain_and_one_without_noise_say_nothing() -> None:
    space = Space((Axis("alpha", (0.1, 1.0)),))
    calm = np.zeros((2, 1), bool)
    of_none = Surface(space, (0,), np.array([[1.0], [2.0]]), calm, Provenance("x", "adam", "mean squared error"))
    one_seed = Surface(space, (0,), np.array([[1.0], [2.0]]), calm, Provenance("gan", "adam", "FID"))
    found = dominance([Evidence("x", {"adam": of_none}), Evidence("gan", {"adam": one_seed})], LABELS)
    assert {finding.verdict for finding in found} == {Verdict.open}
