"""Exact laws against plain enumeration, closed forms and replays."""

import itertools
import math
from collections import defaultdict

import numpy as np
import pytest
import scipy.linalg

from grids.errors import BadInput
from grids.space import Axis, Cell, Space
from grids.surface import Provenance, Surface
from tuning.chunk import Chunk, run_chunk
from tuning.exact import exact_curve, exact_law, exact_laws
from tuning.exact.descent import forward_substitution
from tuning.ledger import Limits
from tuning.problem import TabularProblem
from tuning.replay import replay

TABLES = {
    "slope": np.array([4.0, 3.0, 2.0, 1.0, 0.0]),
    "two valleys": np.array([0.0, 3.0, 5.0, 1.0, 4.0]),
    "ties": np.array([[2.0, 1.0, 1.0], [2.0, 2.0, 1.0], [0.0, 2.0, 1.0]]),
    "plain": np.array([[5.0, 1.0, 7.0], [3.0, 0.0, 8.0]]),
    "cube": np.array([[[3.0, 1.0], [2.0, 2.0]], [[0.0, 4.0], [1.0, 5.0]]]),
    "constant": np.ones((2, 2)),
    "one cell": np.zeros((1, 1)),
}
SEARCHERS = {"gld": (2.0, 1.0), "gld:radius_max=1": (1.0,), "cgld": (2.0, 1.0), "cgld:radius_max=1.5": (1.5,)}


def surface(table: np.ndarray) -> Surface:
    space = Space(tuple(Axis(f"axis{i}", tuple(range(n)), "linear") for i, n in enumerate(table.shape)))
    value = table[..., None]
    return Surface(space, (0,), value, np.zeros(value.shape, bool), Provenance("toy", "table"))


def neighbours(table: np.ndarray, cell: Cell, radius: float, axis: int | None) -> list[Cell]:
    found = [
        other
        for other in np.ndindex(table.shape)
        if other != cell
        and math.dist(other, cell) <= radius
        and (axis is None or all(a == b for i, (a, b) in enumerate(zip(other, cell, strict=True)) if i != axis))
    ]
    return found or [cell]


def enumerate_best(table: np.ndarray, name: str, radii: tuple[float, ...], trials: int) -> list[dict[float, float]]:
    """For each trial, the law of the best value so far, by following every outcome of every step."""
    start = [(cell, 1.0 / table.size) for cell in np.ndindex(table.shape)]
    current: dict[Cell, float] = defaultdict(float, start)
    laws: list[dict[float, float]] = [defaultdict(float)]
    for cell, weight in start:
        laws[0][table[cell]] += weight
    step = 0
    while len(laws) < trials:
        axis = step % table.ndim if name.startswith("cgld") else None
        later: dict[Cell, float] = defaultdict(float)
        seen: list[dict[float, float]] = [defaultdict(float) for _ in radii]
        for cell, weight in current.items():
            balls = [neighbours(table, cell, radius, axis) for radius in radii]
            each = weight / math.prod(len(ball) for ball in balls)
            for candidates in itertools.product(*balls):
                best = cell
                for k, candidate in enumerate(candidates):
                    if table[candidate] < table[best]:
                        best = candidate
                    seen[k][table[best]] += each
                later[best] += each
        laws += seen
        current = later
        step += 1
    return laws[:trials]


@pytest.mark.parametrize("text", SEARCHERS)
@pytest.mark.parametrize("kind", TABLES)
def test_agrees_with_enumeration(kind: str, text: str) -> None:
    table, trials = TABLES[kind], 14
    radii = SEARCHERS[text]
    if ":" not in text:
        longest = max(max(table.shape) - 1, 1)
        radii = tuple(longest / 2**k for k in range(int(math.log2(longest)) + 1))
    laws = enumerate_best(table, text, radii, trials)
    curve = [sum(value * weight for value, weight in law.items()) - table.min() for law in laws]
    np.testing.assert_allclose(exact_curve(table, text, trials), curve, rtol=0, atol=1e-12)
    for target in np.unique(table) - table.min():
        hit = [sum(weight for value, weight in law.items() if value - table.min() <= target) for law in laws]
        np.testing.assert_allclose(exact_law(table, text, target).hit(trials)[1:], hit, rtol=0, atol=1e-12)


LINES = ["line", "line:rounds=3", "line:start=middle,rounds=2", "line:start=0/1,order=1/0"]


@pytest.mark.parametrize(
    "text", ["random", "random-unique", "gld", "gld:ball=clip", "gld:radius_max=1.5", "cgld", *LINES]
)
def test_mean_and_quantiles_are_those_of_the_law(text: str) -> None:
    table = np.random.default_rng(8).permutation(30).reshape(5, 6).astype(float)
    for law in exact_laws(table, text, [0.0, 3.0]):
        hit = law.hit(3000)
        assert (np.diff(hit) >= -1e-15).all()
        if math.isfinite(law.mean):
            assert law.ever == 1.0
            assert law.mean == pytest.approx((1.0 - hit).sum(), rel=1e-9)
        else:
            assert law.ever < 1.0
            assert law.ever == pytest.approx(hit[-1], abs=1e-9)
        for level in (0.25, 0.5, 0.75):
            reached = np.nonzero(hit >= level - 1e-12)[0]
            assert law.quantile(level) == (reached[0] if len(reached) else math.inf)


def test_random_closed_forms() -> None:
    table = np.arange(12.0).reshape(3, 4)
    assert exact_law(table, "random", 2.0).mean == 4.0
    assert exact_law(table, "random-unique", 2.0).mean == 13 / 4
    assert exact_law(table, "random-unique", 2.0).hit(10)[[9, 10]].tolist() == [pytest.approx(1 - 1 / 220), 1.0]
    assert exact_law(table, "random", 100.0).quantiles([0.1, 0.99]) == [1.0, 1.0]


def test_a_searcher_that_may_be_stuck_has_no_mean() -> None:
    table = np.array([[0.0, 5.0], [5.0, 1.0]])
    law = exact_law(table, "cgld", 0.0)
    # From (1, 1) no single axis leads down; from either other corner the first step leads to whichever end of its row.
    assert law.mean == math.inf
    assert law.ever == pytest.approx(0.5)
    assert law.quantiles([0.25, 0.5, 0.75]) == [1.0, 2.0, math.inf]


@pytest.mark.parametrize("text", ["random", "random-unique", "gld", "gld:ball=clip", "cgld", "cgld:ball=clip", *LINES])
def test_agrees_with_replays(text: str) -> None:
    rng = np.random.default_rng(5)
    rows, columns = np.meshgrid(np.arange(6), np.arange(5), indexing="ij")
    table = np.round(abs(rows - columns) + 0.3 * abs(rows - 4) + rng.random((6, 5)), 1)
    replays, trials = 2000, 60
    frame = replay({"x": surface(table)}, [text], repeats=replays, max_trials=trials)
    for target, law in zip((0.0, 0.4, 1.0), exact_laws(table, text, (0.0, 0.4, 1.0)), strict=True):
        first = frame[frame["suboptimality"] <= target * (1 + 1e-9)].groupby("repeat")["trial"].min()
        found = np.bincount(first, minlength=trials + 1).cumsum() / replays
        # The Dvoretzky–Kiefer–Wolfowitz bound at one in ten thousand.
        assert abs(found - law.hit(trials)).max() < math.sqrt(math.log(2 / 1e-4) / (2 * replays))


@pytest.mark.parametrize("text", LINES)
def test_mean_curves_are_those_of_replays(text: str) -> None:
    table = np.random.default_rng(3).permutation(30).reshape(5, 6).astype(float)
    replays, trials = 2000, 40
    frame = replay({"x": surface(table)}, [text], repeats=replays, max_trials=trials)
    best = np.full((replays, trials), np.nan)
    for repeat, trial, value in frame[["repeat", "trial", "suboptimality"]].itertuples(index=False):
        best[repeat, trial - 1 :] = value
    error = best.std(axis=0) / math.sqrt(replays)
    assert (abs(best.mean(axis=0) - exact_curve(table, text, trials)) <= 4.5 * error + 1e-9).all()


def test_two_lines_by_hand() -> None:
    """From (0, 1): column 1 read downwards, then the rest of the row of its lowest."""
    table = np.array([[5.0, 4.0, 3.0], [6.0, 2.0, 0.0]])
    law = exact_law(table, "line:start=0/1", 0.0)
    assert law.mean == 4.0
    assert law.quantiles([0.01, 0.99]) == [4.0, 4.0]
    assert exact_curve(table, "line:start=0/1", 4).tolist() == [4.0, 2.0, 2.0, 0.0]


def test_clipped_ball_in_the_open() -> None:
    from tuning.exact.proposals import clipped

    rng = np.random.default_rng(2)
    for center, radius in [((0, 3), 2.5), ((2, 2), 20.0), ((4, 0), 1.0)]:
        law = clipped((5, 6), center, radius, (0, 1)).reshape(5, 6)
        points = rng.uniform(-1, 1, (200_000, 2))
        points = points[(points**2).sum(1) <= 1] * radius + center
        cells = np.clip(np.floor(points + 0.5), 0, [4, 5]).astype(int)
        found = np.zeros((5, 6))
        np.add.at(found, tuple(cells.T), 1.0 / len(cells))
        assert abs(found - law).max() < 5 * 0.5 / math.sqrt(len(cells))
        assert law.sum() == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("table", "text", "line"),
    [
        (np.ones(3), "tpe", "has no exact law"),
        (np.ones((2, 2, 2)), "gld:ball=clip", "three or more axes"),
        (np.ones((100, 100)), "gld", "up to 4000 cells"),
        (np.ones(3), "gld:radius_min=-1", "radius_min"),
    ],
)
def test_what_has_no_law_is_said(table: np.ndarray, text: str, line: str) -> None:
    with pytest.raises(BadInput, match=line):
        exact_law(table, text, 0.0)


@pytest.mark.slow
@pytest.mark.parametrize("text", ["random", "random-unique", "gld", "gld:ball=clip", "cgld", "cgld:ball=clip"])
def test_agrees_with_a_million_replays(text: str) -> None:
    rng = np.random.default_rng(6)
    rows, columns = np.meshgrid(np.arange(21), np.arange(21), indexing="ij")
    table = np.round(0.4 * abs(rows - columns) + 0.1 * abs(rows - 9) + 0.3 * rng.random((21, 21)), 2)
    trials, targets = 120, (0.2, 0.5, 1.0)
    parts = [range(start, start + 50_000) for start in range(0, 1_000_000, 50_000)]
    firsts: list[list[np.ndarray]] = [[] for _ in targets]
    for part in parts:
        rows_of = run_chunk(Chunk(TabularProblem.of("x", surface(table)), text, 0, part, Limits(trials)))
        for found, target in zip(firsts, targets, strict=True):
            hit = np.nonzero(rows_of["suboptimality"] <= target * (1 + 1e-9))[0]
            _, first = np.unique(rows_of["repeat"][hit], return_index=True)
            found.append(rows_of["trial"][hit[first]])
    for found, law in zip(firsts, exact_laws(table, text, targets), strict=True):
        runtimes = np.concatenate(found)
        share = np.bincount(runtimes, minlength=trials + 1).cumsum() / 1_000_000
        assert abs(share - law.hit(trials)).max() < math.sqrt(math.log(2 / 1e-4) / 2_000_000)
        # The mean of min(T, trials), within three standard errors.
        spent = np.full(1_000_000, trials)
        spent[: len(runtimes)] = runtimes
        assert abs(spent.mean() - law.survival(trials)[:-1].sum()) < 3 * spent.std() / 1000


@pytest.mark.parametrize("turns", [1, 3])
def test_a_ball_of_other_cells_is_that_of_the_searcher(turns: int) -> None:
    from tuning.exact.proposals import inside
    from tuning.searchers.balls import members

    shape, radii = (4, 6, 1), (9.0, 2.3, 1.0, 0.5)
    start, listed = members(shape, radii, turns)
    for turn in range(turns):
        axes = (0, 1, 2) if turns == 1 else (turn,)
        for flat, center in enumerate(np.ndindex(*shape)):
            for ball, law in enumerate(inside(shape, center, radii, axes), start=turn * len(radii)):
                others = listed[start[ball, flat] : start[ball, flat + 1]]
                wanted = np.zeros(24)
                wanted[others if len(others) else flat] = 1 / max(len(others), 1)
                np.testing.assert_array_equal(law, wanted)


@pytest.mark.parametrize("size", [1, 2, 63, 64, 65, 200])
def test_forward_substitution_is_scipys(size: int) -> None:
    rng = np.random.default_rng(size)
    matrix = np.tril(rng.random((size, size))) / size + np.eye(size)
    right = rng.random(size)
    found = forward_substitution(matrix, right)
    np.testing.assert_allclose(found, scipy.linalg.solve_triangular(matrix, right, lower=True), rtol=1e-13)
    np.testing.assert_allclose(matrix @ found, right, rtol=1e-13)


@pytest.mark.parametrize("searcher", ["random", "random-unique", "gld", "cgld"])
def test_the_share_that_hits_by_any_number_of_trials(searcher: str) -> None:
    table = np.random.default_rng(1).normal(size=(5, 4))
    for target in (0.0, 0.5):
        (law,) = exact_laws(table, searcher, [target])
        asked = [1, 7, 40, 40, 10**15]
        found = law.hit_by(asked)
        assert found[:4] == pytest.approx(law.hit(40)[asked[:4]].tolist(), abs=1e-12)
        assert found[4] == pytest.approx(law.ever, abs=1e-12)
        assert law.hit_by([]) == []
