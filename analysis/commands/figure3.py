"""`tunecost figure 3`: runs and draws the paper's counterexample (equation 11)."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from grids.commands.options import FigureOut, Quiet
from grids.errors import BadInput, unknown
from grids.terminal import say

if TYPE_CHECKING:
    import numpy as np

    from trainers.counterexample import Setting

ALPHAS = {"adam": 1e-4, "amsgrad": 1e-4, "delayed-adam": 1e-4, "dynamic-adam": 1e-2}
SWEEP = "1e-6:1:13"
POWERS = [0.5, 1.5]
RIDGE_RUNS, RIDGE_STEPS = 4, 50_000


def figure3(
    out: FigureOut = Path("figure3.pdf"),
    alpha: Annotated[
        list[str] | None,
        typer.Option(
            metavar="METHOD=VALUE",
            help="Learning rate of a method in the left panel; may be given again.",
            show_default=" ".join(f"{name}={value:g}" for name, value in ALPHAS.items()),
        ),
    ] = None,
    sweep: Annotated[
        str,
        typer.Option(metavar="LOW:HIGH:COUNT", help="Learning rates of the right panel, evenly spaced on a log scale."),
    ] = SWEEP,
    power: Annotated[
        list[float], typer.Option(help="p in dynamic-adam's ε_t = ε·t^p, one line for each p; may be given again.")
    ] = POWERS,
    epsilon: Annotated[float, typer.Option(help="ε of the methods with constant ε.")] = 1e-8,
    dynamic_epsilon: Annotated[float, typer.Option(help="ε of dynamic-adam at the first step.")] = 1.0,
    beta2: Annotated[float, typer.Option(help="β2 of every method (β1 is 0).")] = 0.99,
    start: Annotated[float, typer.Option(help="Initial value of w, in [0, 1].")] = 0.0,
    steps: Annotated[int, typer.Option(min=10, help="Number of steps.")] = 200_000,
    seeds: Annotated[int, typer.Option(min=1, help="Runs of each method; all methods have the same samples.")] = 10,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the samples.")] = 0,
    theorems: Annotated[
        bool,
        typer.Option(
            "--rates",
            help="Draw what the theorems predict instead: mean ‖∇f‖² against the length of training, T = 1e3 to 1e6, "
            "and the best α against ε; of the other options only --seeds and --seed have an effect.",
        ),
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Which methods converge on the paper's counterexample (equation 11): mean ‖∇f‖² against steps, and against α."""
    from analysis.figures.style import check_ending

    check_ending(out)
    if theorems:
        _draw_rates(out, seed, seeds, quiet)
        return
    for name, value, low, high in (("start", start, 0.0, 1.0), ("beta2", beta2, 0.0, 1.0)):
        if not low <= value <= high or (name == "beta2" and value == 1.0):
            raise BadInput(f"--{name} {value:g} is outside [0, 1{')' if name == 'beta2' else ']'}")
    for option, number in (("epsilon", epsilon), ("dynamic-epsilon", dynamic_epsilon)):
        _positive(f"--{option}", f"{number:g}")
    for p in power:
        if not (p >= 0 and math.isfinite(p)):
            raise BadInput(f"--power must be a number of at least 0, not {p:g}")
    alphas = ALPHAS | dict(_method_alpha(text) for text in alpha or [])
    rates = _sweep(sweep)
    lines = [(name, epsilon, 0.0) for name in ALPHAS if name != "dynamic-adam"]
    lines += [("dynamic-adam", dynamic_epsilon, p) for p in dict.fromkeys(power)]

    import numpy as np

    from analysis.figures.figure3 import draw
    from analysis.figures.style import save, styled
    from trainers.counterexample import Setting, points, samples, simulate

    rare = samples(seed, seeds, steps)
    paths = [Setting(name, alphas[name], e, p) for name, e, p in lines]
    swept = [Setting(name, rate, e, p) for name, e, p in lines for rate in rates]
    at, ends = points(steps), np.array([steps - steps // 10, steps])
    rows = _path_rows(paths, simulate(paths, rare, at, start=start, beta2=beta2), at)
    ended = _sweep_rows(swept, simulate(swept, rare, ends, start=start, beta2=beta2), ends)
    caption = (
        f"Equation 11, w from {start:g} in [0, 1], {steps:,} steps, {seeds} seeds from {seed} (bands: lowest to "
        f"highest), β1 = 0, β2 = {beta2:g}, no bias correction, constant α, ε = {epsilon:g}, "
        f"dynamic ε = {dynamic_epsilon:g}·t^p with p = {', '.join(f'{p:g}' for p in dict.fromkeys(power))}; "
        f"left: {', '.join(f'{name} α = {value:g}' for name, value in alphas.items())}."
    )
    with styled():
        figure, numbers = draw(rows, ended, caption)
        for path in save(figure, out, numbers):
            say(f"wrote {path}", quiet)


def _draw_rates(out: Path, seed: int, seeds: int, quiet: bool) -> None:
    from analysis.claims.theory import GRADIENT
    from analysis.figures.rates import draw
    from analysis.figures.style import save, styled
    from trainers.theory import rates, ridge

    measured, best = rates(seed, seeds), ridge(seed, min(seeds, RIDGE_RUNS), RIDGE_STEPS)
    rows = [
        {"method": name, "steps": int(steps), "mean": float(means.mean()), "low": means.min(), "high": means.max()}
        for name, rate in measured.items()
        for steps, means in zip(rate.steps, rate.means, strict=True)
    ]
    found = [
        {"epsilon": float(epsilon), "alpha": float(alpha), "mean": float(mean)}
        for epsilon, alpha, mean in zip(best.epsilon, best.alpha, best.mean, strict=True)
    ]
    caption = (
        f"Equation 11 from w = 0, β1 = 0, β2 = 0.99, no bias correction, {seeds} runs from seed {seed} (bands: lowest "
        f"to highest). Right: the best of 73 α over {RIDGE_STEPS:,} steps, {min(seeds, RIDGE_RUNS)} runs."
    )
    with styled():
        figure, numbers = draw(rows, found, GRADIENT, caption)
        for path in save(figure, out, numbers):
            say(f"wrote {path}", quiet)


def _method_alpha(text: str) -> tuple[str, float]:
    name, equals, value = text.partition("=")
    if not equals:
        raise BadInput(f"--alpha '{text}' is not METHOD=VALUE")
    if name not in ALPHAS:
        raise unknown("method", name, ALPHAS)
    return name, _positive(f"--alpha '{text}'", value)


def _positive(where: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (value > 0 and math.isfinite(value)):
        raise BadInput(f"{where}: '{text}' is not a number above 0")
    return value


def _sweep(text: str) -> list[float]:
    parts = text.split(":")
    if len(parts) != 3 or not parts[2].isdigit() or int(parts[2]) < 2:
        raise BadInput(f"--sweep '{text}' is not LOW:HIGH:COUNT with a count of 2 or more, such as {SWEEP}")
    low, high = (_positive("--sweep", part) for part in parts[:2])
    count = int(parts[2])
    return [low * (high / low) ** (i / (count - 1)) for i in range(count)]


def _row(setting: "Setting", step: int, values: "np.ndarray") -> dict[str, Any]:
    known = {"method": setting.method, "power": setting.power, "alpha": setting.alpha, "epsilon": setting.epsilon}
    spread = {"mean": float(values.mean()), "low": float(values.min()), "high": float(values.max())}
    return {**known, "step": step, **spread}


def _path_rows(settings: "list[Setting]", means: "np.ndarray", at: "np.ndarray") -> list[dict[str, Any]]:
    return [_row(setting, int(step), means[i, :, j]) for i, setting in enumerate(settings) for j, step in enumerate(at)]


def _sweep_rows(settings: "list[Setting]", means: "np.ndarray", ends: "np.ndarray") -> list[dict[str, Any]]:
    """A row for each setting at the last step, with the mean over the steps after `ends[0]` as `late`."""
    before, last = (int(step) for step in ends)
    late = (means[:, :, 1] * last - means[:, :, 0] * before).mean(axis=1) / (last - before)
    return [{**_row(s, last, means[i, :, 1]), "late": float(late[i])} for i, s in enumerate(settings)]
