"""Section 5.3: GANs, by the Fréchet distance of generated images."""

from dataclasses import replace

from analysis.claims.best_cells import best_on, compare, compared
from analysis.claims.evidence import Evidence
from analysis.claims.finding import NAN, at_least, below, between
from analysis.claims.row import Measured, Row

PAPER = {
    "sgd": 133.0,
    "adam": 43.0,
    "amsgrad": 41.3,
    "adabound": 247.3,
    "adashift": 43.7,
    "radam": 42.5,
    "adabelief": 44.8,
    "avagrad": 35.3,
}
"""Table 1's FID of 10,000 images."""

FAR = 2.0
"""A method counts as far behind from this many times Adam's distance on."""


def _far_behind(optimizer: str, name: str) -> Row:
    return Row(
        f"gan-{optimizer}-far-behind",
        f"On GANs, {name} is far behind Adam",
        "5.3, Table 1",
        PAPER[optimizer] / PAPER["adam"],
        compared(optimizer, "adam", ratio=True, planes=False),
        at_least(FAR, f"distance of {name} at its best cell over that of Adam"),
    )


def _lowest(evidence: Evidence) -> Measured | str:
    """AvaGrad's distance less the lowest of the others'. AvaGradW equals AvaGrad here, without weight decay."""
    others = {name: one for name, one in evidence.surfaces.items() if name in PAPER and name != "avagrad"}
    avagrad = evidence.surfaces.get("avagrad")
    lacking = ", ".join(name for name in PAPER if name not in evidence.surfaces)
    if avagrad is None or not others:
        return f"needs surfaces of {lacking}"
    best = min(others.values(), key=lambda one: float(one.mean.min()))
    ours, why = compare(evidence, avagrad, best)
    # One that is missing may be lower still.
    return Measured(replace(ours, high=NAN), f"{why}; no surface of {lacking}") if lacking else Measured(ours, why)


def _adam_best(axis: str, symbol: str, paper: float) -> Row:
    def estimate(evidence: Evidence) -> Measured | str:
        surface = evidence.plane("adam")
        if surface is None or paper not in surface.space.axis(axis).values:
            return f"needs a surface of adam over alpha and epsilon, with {symbol} = {paper:g}"
        return best_on(axis, "adam")(evidence)

    return Row(
        f"gan-best-{axis}-adam",
        f"On GANs, Adam performs best with {symbol} = {paper:g}",
        "5.3",
        paper,
        estimate,
        between(
            paper, paper, f"{symbol} of the best cell and of all that noise cannot tell from it", f"{paper:g} alone"
        ),
    )


ROWS = (
    _far_behind("sgd", "SGD"),
    _far_behind("adabound", "AdaBound"),
    Row(
        "gan-avagrad-ahead-of-adam",
        "On GANs, AvaGrad improves on Adam by 7.7",
        "5.3",
        PAPER["avagrad"] - PAPER["adam"],
        compared("avagrad", "adam"),
        below(0.0, "distance of AvaGrad at its best cell less that of Adam"),
    ),
    Row(
        "gan-avagrad-lowest",
        "On GANs, AvaGrad's distance is the lowest of all methods'",
        "5.3, Table 1",
        PAPER["avagrad"] - min(paper for name, paper in PAPER.items() if name != "avagrad"),
        _lowest,
        below(0.0, "distance of AvaGrad at its best cell less the lowest of the others"),
    ),
    _adam_best("alpha", "α", 2e-4),
    _adam_best("epsilon", "ε", 1e-6),
)
