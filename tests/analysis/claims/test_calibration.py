"""How often verdicts are wrong, by simulation: truths and noise of shipped surfaces, one seed, three and five.

The truth is a shipped surface's mean, or a surface drawn from what its seeds support; noise is its seeds' residuals,
drawn again cell by cell or as whole fields, and their shifts.
"""

from dataclasses import replace

import numpy as np
import pytest
from noise_made import made, truths

from analysis.claims import Evidence, Verdict, statements
from analysis.claims.finding import Rule
from analysis.noiseless import draws, shifts
from grids.library import load_surface
from grids.surface import Surface

TASKS = ("fashion-mlp", "digits-mlp", "cifar10-small", "kjv-lstm")
COSTS = ("avagrad-cheaper-random", "same-value-avagrad")
VALUES = ("vision-adam-ahead-of-sgd", "vision-avagrad-ahead-of-sgd")
RANGES = ("best-epsilon-adam", "best-alpha-adam")


def of_one_truth(surface: Surface, truth: np.ndarray, seeds: int, rng: np.random.Generator, costs: bool) -> Evidence:
    """Three optimizers that differ by the noise of their seeds alone."""
    target = surface.provenance.targets[0]
    some = {name: made(surface, name, truth, seeds, rng) for name in ("adam", "avagrad", "sgd")}
    tables = {}
    if costs and seeds > 1:
        for name in ("adam", "avagrad"):
            shift = shifts(some[name], int(rng.integers(10**6)), 40)
            tables[name] = draws(some[name], 40, rng, 4 * target) + shift[:, None, None]
    return Evidence("toy", some, draws=tables, searchers={"random": "random search"}, target=target, level=2 * target)


def verdict_on(evidence: Evidence, name: str) -> Verdict:
    """The verdict alone, without the number of seeds that would settle it."""
    (row,) = (row for row in statements(evidence) if row.id == name)
    measured = row.estimator(evidence)  # type: ignore[arg-type]
    rule = row.rule if isinstance(row.rule, Rule) else row.rule(evidence)
    return Verdict.open if isinstance(measured, str) else rule(measured.ours)


def wrong(names: tuple[str, ...], repeats: int, seeds: int) -> np.ndarray:
    """The shares of verdicts that hold and that fail where there is no difference, over all statements named."""
    counts, rng = np.zeros(3), np.random.default_rng(seeds)
    for task in TASKS if names == COSTS else TASKS[:3]:
        for optimizer in ("adam", "avagrad"):
            surface = load_surface(f"{task}/{optimizer}")
            for truth in truths(surface, repeats):
                evidence = of_one_truth(surface, truth, seeds, rng, names == COSTS)
                for name in names:
                    verdict = verdict_on(evidence, name)
                    counts += [verdict == Verdict.holds, verdict == Verdict.fails, 1]
    return counts[:2] / counts[2]


@pytest.mark.parametrize("names", [COSTS, VALUES])
def test_one_seed_decides_nothing(names: tuple[str, ...]) -> None:
    assert wrong(names, 2, 1).tolist() == [0, 0]


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [3, 5])
@pytest.mark.parametrize(("names", "repeats"), [(COSTS, 12), (VALUES, 60)])
def test_optimizers_of_one_truth_are_told_apart_by_chance_alone(
    names: tuple[str, ...], repeats: int, seeds: int
) -> None:
    assert (wrong(names, repeats, seeds) <= 0.025).all()


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [3, 5])
def test_the_best_cell_is_rarely_placed_on_the_wrong_side(seeds: int) -> None:
    bad, count, rng = 0, 0, np.random.default_rng(seeds)
    for task in TASKS[:3]:
        surface = load_surface(f"{task}/adam")
        for truth in truths(surface, 40):
            one = Evidence("toy", {"adam": made(surface, "adam", truth, seeds, rng)})
            calm = replace(one.surfaces["adam"], value=np.repeat(truth[..., None], seeds, axis=-1))
            known = Evidence("toy", {"adam": calm})
            for name in RANGES:
                verdict, right = verdict_on(one, name), verdict_on(known, name)
                bad += verdict not in (Verdict.open, right)
                count += 1
    assert bad <= 0.025 * count
