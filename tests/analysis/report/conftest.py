"""Surfaces of every kind that a report must show, and a real browser to look at it in."""

import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grids.pool import Pool
from grids.space import Axis, Space
from grids.surface import Fidelity, Provenance, Surface

sys.path.insert(0, str(Path(__file__).parent))  # for `page_in_browser`

from page_in_browser import Page

FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
"""As root there is no sandbox; the rest keeps the browser itself from calling home."""


def axes(*lengths: int) -> tuple[Axis, ...]:
    """Axes of powers of ten, one for each length."""
    names = ("alpha", "epsilon", "c")
    return tuple(
        Axis(name, tuple(float(f"1e{k - 4}") for k in range(length)))
        for name, length in zip(names, lengths, strict=False)
    )


def surface_on(space: Space, seeds: int, optimizer: str, *, points: int = 0, filled: bool = False) -> Surface:
    """A surface of random values, a sixth of its runs diverged."""
    rng = np.random.default_rng(len(optimizer))
    shape = (*space.shape, seeds)
    value = np.round(rng.gamma(1.0, 20.0, shape), 3) + 1
    diverged = rng.random(shape) < 1 / 6
    diverged.reshape(-1)[:seeds] = True  # the first cell in all seeds
    value[diverged] = 90.0
    holes = (rng.random(shape) < 0.2) & ~diverged if filled else None
    about = Provenance("odd", optimizer, "loss", "nats", failure=90.0, targets=(2.0, 10.0), created="2026-01-01")
    surface = Surface(space, tuple(range(seeds)), value, diverged, about, filled=holes)
    if points:
        curve = value[..., None] + np.arange(points)[::-1] ** 2
        surface = replace(
            surface, curve=curve, fidelity=Fidelity("step", tuple(float(k * k) for k in range(1, points + 1)))
        )
    return surface


@pytest.fixture(scope="session")
def kinds() -> dict[str, Surface]:
    """By name, surfaces that differ in their axes, seeds, curves and marks."""
    words = Axis.labels("activation", ["relu", "", 'a <b>"very"</b> long label'])
    members = np.random.default_rng(0).integers(0, 4, (9, 2))
    return {
        "plane": surface_on(Space(axes(5, 4)), 3, "plane", points=4),
        "line": surface_on(Space(axes(6)), 1, "line"),
        "words": surface_on(Space((words,)), 2, "words"),
        "deep": surface_on(Space((*axes(3, 4), words)), 2, "deep", points=3),
        "filled": surface_on(Space(axes(4, 3)), 2, "filled", filled=True),
        "pool": surface_on(Pool(axes(4, 4), members), 1, "pool"),
    }


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium, driven by Selenium; where either is missing, tests skip and say so."""
    webdriver = pytest.importorskip("selenium.webdriver")
    program = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chromium-browser")
    driver = shutil.which("chromedriver")
    if program is None or driver is None:
        pytest.skip("no Chromium with its driver here (Debian: apt-get install chromium chromium-driver)")
    options = webdriver.ChromeOptions()
    options.binary_location = program
    for flag in FLAGS:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    from selenium.common.exceptions import WebDriverException
    from selenium.webdriver.chrome.service import Service

    try:
        started = webdriver.Chrome(options=options, service=Service(driver))
    except WebDriverException as error:
        pytest.skip(f"Chromium does not start here: {str(error).splitlines()[0]}")
    try:
        yield started
    finally:
        started.quit()


@pytest.fixture
def opened(browser: Any) -> Callable[..., Page]:
    """Opens a page in the browser: `opened(path)`."""

    def open_page(path: Path, width: int = 1280, height: int = 900) -> Page:
        browser.get("about:blank")
        for log in ("browser", "performance"):
            browser.get_log(log)
        browser.set_window_size(width, height)
        browser.get(path.resolve().as_uri())
        return Page(browser, path)

    return open_page
