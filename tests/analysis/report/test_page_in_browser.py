"""The report in a real browser: what a reader sees is what the files hold, and nothing is asked of a network."""

import csv
import io
import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from page_in_browser import Page

from grids import replay_table, surface_file
from grids.library import load_surface
from grids.surface import Surface
from grids.units import with_unit
from tuning.cli import run

SEARCHERS = ("random", "tpe", "cmaes", "gld", "cgld")
NAMES = ("plane", "line", "words", "deep", "filled", "pool")
Opened = Callable[..., Page]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, kinds: dict[str, Surface]) -> Path:
    """A report of surfaces of every kind, with replays, and what it was made of."""
    pytest.importorskip("vl_convert")
    where = tmp_path_factory.mktemp("report")
    for name, surface in kinds.items():
        surface_file.save(surface, where / f"{name}.parquet")

    def tunecost(line: str) -> None:
        words = [str(where / word) if word.endswith((".parquet", ".html")) else word for word in line.split()]
        assert run([*words, "--quiet"]) == 0, line

    chosen = " ".join(f"-s {name}" for name in SEARCHERS)
    grids = " ".join(f"{name}.parquet" for name in NAMES[:-1])
    tunecost(f"replay {grids} {chosen} --repeats 6 --jobs 1 --out replays.parquet")
    tunecost("replay deep.parquet -s sha:eta=3,min=1 --repeats 6 --jobs 1 --out early.parquet")
    tunecost("replay pool.parquet -s random-unique --repeats 6 --jobs 1 --out pool-replays.parquet")
    listed = " ".join(f"{name}.parquet" for name in NAMES)
    tunecost(f"report {listed} replays.parquet early.parquet pool-replays.parquet --no-claims --out report.html")
    return where


@pytest.fixture
def page(folder: Path, opened: Opened, browser: Any) -> Iterator[Any]:
    """The report, as the test before left it; whatever a test does with it, the console must stay silent."""
    path = folder / "report.html"
    shown = Page(browser, path) if browser.current_url == path.as_uri() else opened(path)
    yield shown
    assert shown.complaints() == []


def test_loads_without_a_request_or_a_complaint(folder: Path, opened: Opened) -> None:
    page = opened(folder / "report.html")
    assert page.requests() == []
    assert page.complaints() == []
    assert page.run("return document.getElementById('failure').hidden")
    assert page.run("return document.documentElement.scrollWidth <= window.innerWidth")


def test_a_request_would_have_been_seen_and_was_forbidden(tmp_path: Path, opened: Opened) -> None:
    pytest.importorskip("vl_convert")
    from analysis.report.page import page

    bare = page({"title": "t", "tasks": [], "surfaces": [], "replays": None, "claims": [], "tables": [], "absent": []})
    (tmp_path / "p.html").write_text(bare.replace("</body>", '<img src="http://localhost:9/x.png"></body>'))
    shown = opened(tmp_path / "p.html")
    assert any("Content Security Policy" in said for said in shown.complaints())


def test_pointing_at_a_cell_shows_the_files_numbers(page: Any, folder: Path) -> None:
    page.surface(0)
    check_cells(page, surface_file.load(folder / "plane.parquet"), "nats", "nats")


def check_cells(page: Page, surface: Surface, unit: str, difference: str) -> None:
    """Fails unless pointing at 20 random cells of the surface shown says what the surface holds."""
    rows, columns = surface.space.shape
    rng = np.random.default_rng(5)
    for flat in rng.choice(surface.space.size, 20).tolist():
        cell = surface.space.cell(flat)
        page.point(cell[1], cell[0], columns, rows)
        values = surface.space.values(cell)
        assert page.text("#cell-title") == f"α = {values['alpha']:g}, ε = {values['epsilon']:g}"
        assert page.text("#cell-value") == with_unit(f"{surface.mean[cell]:.4g}", unit)
        assert page.text("#cell-above") == f"{surface.suboptimality[cell]:.4g} {difference}"
        shown = page.texts("#cell-seeds td.number")
        assert shown == [f"{value:.4g}" for value in surface.value[cell]]
        said = ["diverged" if one else "" for one in surface.diverged[cell]]
        assert page.texts("#cell-seeds td.quiet") == said
        assert (
            page.text("#cell-rank") == f"{int((surface.mean < surface.mean[cell]).sum()) + 1} of {surface.space.size}"
        )


@pytest.mark.parametrize("number", range(len(NAMES)), ids=NAMES)
def test_keys_reach_every_cell_of_a_surface(page: Any, folder: Path, number: int) -> None:
    from selenium.webdriver.common.keys import Keys

    surface = surface_file.load(folder / f"{NAMES[number]}.parquet")
    page.surface(number)
    assert page.text("#surface-name").endswith(f"{NAMES[number]}.parquet")
    seen = set()
    if surface.space.is_pool:
        page.key(Keys.ARROW_LEFT * surface.space.size)
        for _ in range(surface.space.size):
            seen.add(int(page.run("return document.getElementById('cell-title').dataset.cell")))
            page.key(Keys.ARROW_RIGHT)
        assert seen == set(range(surface.space.size))
        return
    up, across = (
        (surface.space.shape[0], surface.space.shape[1]) if len(surface.space.axes) > 1 else (1, surface.space.size)
    )
    page.key(Keys.ARROW_DOWN * up + Keys.ARROW_LEFT * across)
    for row in range(up):
        for column in range(across):
            seen.add(int(page.run("return document.getElementById('cell-title').dataset.cell")))
            page.key(Keys.ARROW_RIGHT if row % 2 == 0 else Keys.ARROW_LEFT) if column < across - 1 else None
        page.key(Keys.ARROW_UP)
    assert len(seen) == up * across
    page.key(Keys.HOME)
    best = surface.space.flat(surface.best_cell)
    assert int(page.run("return document.getElementById('cell-title').dataset.cell")) == best
    if surface.curve is None:
        assert page.run("return !document.getElementById('cell-nothing').hidden")


def test_further_axes_are_chosen_by_value(page: Any, folder: Path) -> None:
    surface = surface_file.load(folder / "deep.parquet")
    page.surface(NAMES.index("deep"))
    for place, text in enumerate(("relu", "None", 'a <b>"very"</b> long label')):
        script = (
            "const one = document.querySelectorAll('#axes select')[2]; one.value = arguments[0];"
            "one.dispatchEvent(new Event('change'))"
        )
        page.run(script, str(place))
        page.settle()
        page.point(1, 2, 4, 3)
        assert page.text("#cell-title").endswith(f"activation = {text}")
        assert page.text("#cell-value") == f"{surface.mean[2, 1, place]:.4g} nats"


def path_on_page(page: Any, trial: int) -> tuple[str, int]:
    """What is said of the path at a trial, and how many cells it is drawn through."""
    page.set("walk-trial", trial)
    drawn = page.run("return document.querySelectorAll('#heatmap .mark-symbol.role-mark').length")
    assert drawn > 0
    script = (
        "return [...document.querySelectorAll('#heatmap .mark-symbol.role-mark')]"
        ".map((one) => one.children.length).reduce((sum, one) => sum + one, 0)"
    )
    return page.text("#walk-said"), int(page.run(script))


@pytest.mark.parametrize("searcher", range(len(SEARCHERS)), ids=SEARCHERS)
def test_the_slider_moves_the_path(page: Any, folder: Path, searcher: int) -> None:
    surface = surface_file.load(folder / "plane.parquet")
    page.surface(0)
    page.set("walk-searcher", searcher)
    page.set("walk-repeat", 2)
    frame, _ = replay_table.load(folder / "replays.parquet")
    rows = frame[frame["surface"].str.endswith("plane.parquet")]
    rows = rows[(rows["searcher"] == SEARCHERS[searcher]) & (rows["repeat"] == 2)]
    last = int(rows["trial"].max())
    assert int(page.run("return document.getElementById('walk-trial').max")) == last
    marks = []
    for row in rows[~rows["end"]].itertuples():
        said, drawn = path_on_page(page, row.trial)
        marks.append(drawn)
        assert said.startswith(f"Trial {row.trial}: α = ")
        assert f"its value {row.best:.4g} nats" in said
        assert said.endswith(f"best so far {row.best:.4g} nats, suboptimality {row.suboptimality:.4g}")
        found = re.search(r"α = (\S+), ε = (\S+) ", said)
        assert found
        cell = tuple(
            axis.values.index(float(text)) for axis, text in zip(surface.space.axes, found.groups(), strict=True)
        )
        assert surface.mean[cell] == row.best
        assert page.text("#walk-count") == f"{row.trial} of {last}"
    assert marks == sorted(marks)
    assert marks[-1] > marks[0] or len(marks) == 1


def test_shorter_trainings_are_said(page: Any) -> None:
    page.surface(NAMES.index("deep"))
    page.set("walk-searcher", len(SEARCHERS))
    said, _ = path_on_page(page, 1)
    assert re.search(r" for \d+ steps?\b", said)


def test_playing_walks_on_and_can_be_stopped(page: Any, folder: Path) -> None:
    frame, _ = replay_table.load(folder / "replays.parquet")
    first = frame[
        frame["surface"].str.endswith("plane.parquet") & (frame["searcher"] == "random") & (frame["repeat"] < 5)
    ]
    longest = int(first.loc[first["trial"].idxmax(), "repeat"])
    page.surface(0)
    page.set("walk-searcher", SEARCHERS.index("random"))
    page.set("walk-repeat", longest)
    page.set("walk-trial", 1)
    press = "document.getElementById('walk-play').click()"
    page.run(press)
    time.sleep(1.2)
    page.run(press)
    there = int(page.run("return document.getElementById('walk-trial').value"))
    assert there > 1
    time.sleep(0.6)
    assert int(page.run("return document.getElementById('walk-trial').value")) == there


def printed(folder: Path, form: str, tables: tuple[str, ...]) -> str:
    out = io.StringIO()
    with redirect_stdout(out):
        assert run(["cost", *(str(folder / name) for name in tables), "--format", form]) == 0
    return out.getvalue()


TABLES = ("replays.parquet", "early.parquet", "pool-replays.parquet")


def test_the_table_holds_the_costs_as_the_command_prints_them(folder: Path, opened: Opened) -> None:
    page = opened(folder / "report.html")  # in the order of the file
    assert check_costs(page, folder, TABLES) >= 5


def check_costs(page: Page, folder: Path, tables: tuple[str, ...]) -> int:
    """Fails unless the page's table of costs is what `tunecost cost` prints; the number of its rows."""
    head, _, *lines = printed(folder, "markdown", tables).strip().splitlines()
    names = [cell.strip() for cell in head.strip("|").split("|")]
    rows = [dict(zip(names, (cell.strip() for cell in line.strip("|").split("|")), strict=True)) for line in lines]
    shown_names = page.texts("#cost-table th")
    shown = page.run(
        "return [...document.querySelectorAll('#cost-table tbody tr')]"
        ".map((row) => [...row.children].map((one) => one.textContent))"
    )
    assert len(shown) == len(rows)
    compared = [name for name in shown_names if name in names]
    assert {"surface", "searcher", "target", "hits", "mean", "median", "ert", "ert_low", "ert_high"} <= set(compared)
    for cells, row in zip(shown, rows, strict=True):
        found = dict(zip(shown_names, cells, strict=True))
        assert [found[name] for name in compared] == [row[name] for name in compared]
    return len(rows)


def test_bars_say_the_costs(page: Any, folder: Path) -> None:
    rows = [row for row in csv.DictReader(io.StringIO(printed(folder, "csv", TABLES))) if float(row["target"]) == 10]
    page.set("cost-target", 10)
    said = page.run(
        "return [...document.querySelectorAll('#bars .mark-rect [aria-label]')]"
        ".map((one) => one.getAttribute('aria-label'))"
    )
    hit = [row for row in rows if row["ert"]]
    assert len(said) == len(hit)
    for row in hit[:5]:
        numbers = f"{float(row['ert']):.4g} [{float(row['ert_low']):.4g}, "
        assert any(numbers in text for text in said), numbers


def test_columns_sort_up_and_down_with_unknown_values_last(page: Any) -> None:
    for name in ("ert", "searcher", "mean"):
        script = (
            "const heads = [...document.querySelectorAll('#cost-table th')];"
            "const place = heads.findIndex((one) => one.textContent === arguments[0]);"
            "heads[place].querySelector('button').click();"
            "return [heads[place].getAttribute('aria-sort'), "
            "[...document.querySelectorAll('#cost-table tbody tr')].map((row) => row.children[place].textContent)]"
        )
        for order in ("ascending", "descending"):
            told, column = page.run(script, name)
            assert told == order
            known = [text for text in column if text != "-"]
            assert column == known + ["-"] * (len(column) - len(known))
            keys = known if name == "searcher" else [float(text) for text in known]
            assert keys == sorted(keys, reverse=order == "descending")
    page.set("filter", "tpe plane")
    seen = page.run(
        "return [...document.querySelectorAll('#cost-table tbody tr')]"
        ".filter((row) => !row.hidden).map((row) => row.textContent)"
    )
    assert seen
    assert all("tpe" in text and "plane" in text for text in seen)
    page.set("filter", "")


def test_numbers_are_written_as_python_writes_them(folder: Path, opened: Opened) -> None:
    from importlib.resources import files

    rng = np.random.default_rng(0)
    numbers = [*(rng.normal(size=300) * 10.0 ** rng.integers(-12, 12, 300)).tolist(), 0.0, 1.0625, 1.0635, 2.5, 99995.0]
    numbers += [9999.5, 0.00012345, 0.0001, 1e-5, 123456.0, 1e22, -3.0, 441.0, 0.1 + 0.2, 5e-324, 1e308, 0.99995, 0.5]
    shown = opened(folder / "report.html")
    source = files("analysis.report").joinpath("assets", "format.js").read_text()
    found = shown.run(f"{source}; return JSON.parse(arguments[0]).map((one) => general(one))", json.dumps(numbers))
    assert found == [f"{number:.4g}" for number in numbers]


def test_however_fast_one_chooses_the_last_choice_is_shown(page: Any) -> None:
    page.run("for (const button of document.querySelectorAll('#picker button')) button.click()")
    page.settle()
    assert page.text("#surface-name").endswith(f"{NAMES[-1]}.parquet")
    assert page.run("return document.querySelectorAll('#heatmap svg').length") == 1
    assert page.run("return document.querySelectorAll('#picker [aria-pressed=true]').length") == 1


def test_another_scheme_or_width_keeps_what_was_chosen(page: Any, browser: Any) -> None:
    page.surface(0)
    page.set("walk-searcher", 1)
    page.set("walk-trial", 2)
    page.point(2, 3, 4, 5)
    before = [page.text(part) for part in ("#cell-title", "#walk-said", "#walk-count")]
    inks = set()
    for scheme in ("light", "dark"):
        told = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", told)
        page.settle()
        inks.add(page.run("return document.querySelector('#heatmap svg text').getAttribute('fill')"))
        assert [page.text(part) for part in ("#cell-title", "#walk-said", "#walk-count")] == before
    assert len(inks) == 2
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_fits_the_screen_in_either_scheme(folder: Path, opened: Opened, browser: Any, scheme: str, width: int) -> None:
    told = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    screen = {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", told)
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    try:
        page = opened(folder / "report.html")
        for number in range(len(NAMES)):
            page.surface(number)
            assert page.run("return document.documentElement.scrollWidth") <= width
            wide = page.run(
                "const box = document.querySelector('#heatmap svg').getBoundingClientRect(); return box.right"
            )
            assert wide <= width
        back, ink = (
            page.run(f"return getComputedStyle(document.body).{name}") for name in ("backgroundColor", "color")
        )
        shades = [sum(map(int, re.findall(r"\d+", text)[:3])) for text in (back, ink)]
        assert (shades[0] < shades[1]) == (scheme == "dark")
        assert page.complaints() == []
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_replays_without_their_surface_still_show_costs(folder: Path, tmp_path: Path, opened: Opened) -> None:
    gone = tmp_path / "gone.parquet"
    surface = surface_file.load(folder / "plane.parquet")
    surface_file.save(surface, gone)
    table, out = str(tmp_path / "r.parquet"), str(tmp_path / "p.html")
    assert run(["replay", str(gone), "-s", "gld", "--repeats", "5", "--jobs", "1", "--out", table, "--quiet"]) == 0
    gone.unlink()
    assert run(["report", table, "--no-claims", "--out", out, "--quiet"]) == 0
    page = opened(Path(out))
    assert "is not here, so no path is shown" in page.text("#absent")
    assert page.run("return document.getElementById('surfaces').hidden")
    assert page.texts("#cost-table tbody tr")
    assert page.complaints() == []


@pytest.mark.bench
def test_speed_and_size_with_ten_surfaces_and_five_searchers(tmp_path: Path, opened: Opened, browser: Any) -> None:
    """Prints the page's size, its requests, its console's complaints, and the seconds till cells can be pointed at.

    Fails where 20 of its cells or its costs are not those of the files.
    """
    from trainers.rules import STUDY

    surfaces = [f"fashion-mlp/{name}" for name in STUDY]
    table, out = str(tmp_path / "r.parquet"), tmp_path / "p.html"
    assert run(["replay", *surfaces, "--repeats", "100", "--out", table, "--quiet"]) == 0
    assert run(["report", *surfaces, table, "--out", str(out), "--quiet"]) == 0
    page = opened(out)
    requests, complaints = page.requests(), page.complaints()
    seconds = []
    for _ in range(5):
        page = opened(out)
        script = "return [document.documentElement.dataset.pointable, document.documentElement.dataset.whole]"
        seconds.append([float(text) / 1000 for text in page.run(script)])
    first, whole = np.median(seconds, axis=0)
    number = surfaces.index("fashion-mlp/adam")
    page.surface(number)
    check_cells(page, load_surface(surfaces[number]), "%", "percentage points")
    costs = check_costs(page, tmp_path, ("r.parquet",))
    print(f"\n{len(surfaces)} surfaces, 5 searchers: {out.stat().st_size / 1e6:.2f} MB")
    print(f"20 of 20 cells and {costs} of {costs} rows of costs are the files'")
    print(f"requests {len(requests)}, complaints {len(complaints)}")
    print(f"cells can be pointed at after {first:.2f} s, all is drawn after {whole:.2f} s (median of 5)")
