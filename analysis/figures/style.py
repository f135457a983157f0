"""The common style of figures, their captions, and how they are saved with their numbers."""

import csv
import io
import re
import textwrap
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from analysis.replays import Group
from grids.atomic import write_whole
from grids.errors import BadInput, brief, visible
from grids.replay_header import Judged
from grids.target import Count

ENDINGS = (".pdf", ".png", ".svg")

COLOURS = (
    # For colour-blind readers: Okabe and Ito's palette without yellow and black, then colours of Tol's "muted".
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#56B4E9",
    "#E69F00",
    "#882255",
    "#999933",
    "#332288",
    "#777777",
)
LINES: tuple[Any, ...] = (
    *("-", (0, (5, 2)), (0, (1, 1.2)), (0, (5, 1.5, 1, 1.5)), (0, (8, 2, 1, 2, 1, 2))),
    *((0, (2, 1)), (0, (10, 3)), (0, (3, 1, 1, 1, 1, 1, 1, 1))),
)

_SETTINGS: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.labelsize": 9,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.fontsize": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": False,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.6,
    # A white background keeps text readable over lines.
    "legend.facecolor": "white",
    "legend.edgecolor": "none",
    "legend.framealpha": 0.8,
    "lines.linewidth": 1.6,
    "hatch.linewidth": 0.6,
    "pdf.fonttype": 42,
    "svg.hashsalt": "tunecost",
    "figure.dpi": 200,
    "savefig.dpi": 200,
}

_AXES = {"alpha": "learning rate α", "epsilon": "adaptability ε"}
_SYMBOLS = {"alpha": "α", "epsilon": "ε"}
_FOLD = 24
"""Names are folded at this many characters."""


def styled() -> Any:
    """A context with this program's Matplotlib settings, in which every figure is drawn and saved."""
    return mpl.rc_context(_SETTINGS)


def sheet(width: float, height: float) -> Figure:
    """An empty figure of `width` × `height` inches with constrained layout; no window, no global state."""
    return Figure(figsize=(width, height), layout="constrained")


def check_ending(path: str | Path) -> Path:
    """`path`, if its ending is a format of figures.

    Raises:
        BadInput: another ending than .pdf, .png or .svg.
    """
    path = Path(path)
    if path.suffix.lower() not in ENDINGS:
        raise BadInput(f"{path}: a figure's name ends in {', '.join(ENDINGS)}, not in '{path.suffix}'")
    return path


def save(figure: Figure, path: str | Path, rows: Sequence[Mapping[str, Any]]) -> list[Path]:
    """Write the figure to `path`, in the format of its ending, and its numbers to a .csv file of the same name.

    The files contain no date, so that equal numbers give equal files. Returns both paths.

    Raises:
        BadInput: another ending than .pdf, .png or .svg, or a folder that cannot be written.
    """
    path = check_ending(path)
    ending = path.suffix.lower().lstrip(".")
    undated = {"pdf": {"CreationDate": None}, "svg": {"Date": None}, "png": {}}[ending]
    drawn = io.BytesIO()  # a writer of PDF cannot say that a disk is full
    figure.savefig(drawn, format=ending, metadata=undated)
    write_whole(path, drawn.getvalue())
    table = path.with_suffix(".csv")
    write_whole(table, csv_text(rows))
    return [path, table]


def csv_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """`rows` as CSV: columns in order of appearance, empty where a row lacks a value or holds NaN."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    for row in rows:
        values = (row.get(name) for name in names)
        writer.writerow(["" if value is None or value != value else value for value in values])
    return text.getvalue()


def axis_label(name: str, imported: bool = False) -> str:
    """The label of an axis: `learning rate α` for `alpha`, for others the name, on several lines where it is long.

    On an imported surface `alpha` is whatever that program calls so.
    """
    return ("" if imported else _AXES.get(name, "")) or plain(folded(name))


def axis_symbol(name: str, imported: bool = False) -> str:
    """The symbol of an axis: `α` for `alpha`, for others, and on an imported surface, the name."""
    return ("" if imported else _SYMBOLS.get(name, "")) or plain(name)


def plain(text: str) -> str:
    """A text of a file as Matplotlib draws it: dollar signs, which begin formulas, and invisible characters escaped.

    Line breaks stay, and a very long text is cut.

    >>> plain("$x$\\n\\x1b[0m")
    '\\\\$x\\\\$\\n\\\\x1b[0m'
    """
    return "\n".join(map(visible, brief(text, 500).split("\n"))).replace("$", r"\$")


def folded(name: str) -> str:
    """`name` broken into lines after spaces and `_`, `-`, `.`, `/`.

    >>> folded("weight_decay_of_all_layers")
    'weight_decay_of_all_\\nlayers'
    """
    lines = [""]
    for part in re.findall(r".*?[\s_./-]+|.+$", name):
        if lines[-1] and len(lines[-1] + part.rstrip()) > _FOLD:
            lines.append("")
        lines[-1] += part
    return "\n".join(line.rstrip() for line in lines)


def cost_label(count: Count, groups: Collection[Group] = ()) -> str:
    """The label of a kind of cost; for epochs and elapsed time with the unit of the groups' surfaces."""
    if count == Count.epochs:
        names = {str((group.about.fidelity or {}).get("name", "epoch")) for group in groups} or {"epoch"}
        return f"{plain(names.pop())}s" if len(names) == 1 else "epochs"
    if count == Count.clock:
        units = {group.about.clock for group in groups}
        return f"elapsed {plain(units.pop())}" if len(units) == 1 and "" not in units else "elapsed time"
    return {Count.trials: "trials", Count.unique: "distinct cells", Count.seconds: "seconds"}[count]


def number(cost: float) -> str:
    """A cost as text: whole numbers in full, others in three digits.

    >>> number(12), number(12.0), number(3.14159)
    ('12', '12', '3.14')
    """
    return f"{int(cost)}" if cost == int(cost) else f"{cost:.3g}"


def cost_words(groups: Collection[Group], count: Count) -> str:
    """The cost model in words, where the costs drawn depend on it; otherwise empty."""
    models = dict.fromkeys(group.judged.cost_model for group in groups)
    if count in (Count.trials, Count.unique) and not any(group.shortened for group in groups):
        return ""
    return plain(f"cost model: {' or '.join(models)}")


def in_words(numbers: Collection[int]) -> str:
    """The range of the numbers: `30`, or `30 to 1,000` where they differ.

    >>> in_words([1000, 30, 30]), in_words([30])
    ('30 to 1,000', '30')
    """
    low, high = min(numbers), max(numbers)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def judged_words(ways: Collection[Judged]) -> str:
    """The options under which cells were valued, in words; empty where all are the defaults.

    >>> judged_words([Judged()]), judged_words([Judged("best"), Judged(noise="seed")])
    ('', 'judged by best over seeds, last epoch; or mean over seeds, last epoch, seed noise')
    """
    usual = Judged()
    ways = dict.fromkeys(replace(way, cost_model=usual.cost_model) for way in ways)  # see `cost_words`
    if all(way == usual for way in ways):
        return ""
    noise = {way: "" if way.noise == "none" else f", {way.noise} noise" for way in ways}
    words = (f"{way.seed_statistic} over seeds, {way.value_of} epoch{said}{way.further}" for way, said in noise.items())
    return plain(f"judged by {'; or '.join(words)}")


def caption(line: str, groups: Collection[Group], count: Count = Count.trials) -> str:
    """`line`, followed by a line with what was played, and the options of the replays if not the defaults."""
    said = (played_words(groups), judged_words([group.judged for group in groups]), cost_words(groups, count))
    return "\n".join(filter(None, (line, "; ".join(filter(None, said)))))


def played_words(groups: Collection[Group]) -> str:
    """What values the searchers were told, and which other reading there is; empty where the seeds are not known."""
    seeds = sorted({len(group.about.seeds) for group in groups} - {0})
    if not seeds:
        return ""
    many = f"{' or '.join(map(str, seeds))} seed{'s' * (seeds[-1] > 1)}"
    if all(group.draws > 1 for group in groups):
        return f"on surfaces without the noise of their {many} (what live tuning meets: replay --noise seed)"
    if any(group.judged.noise != "none" for group in groups):
        return f"told one of {many} at each trial, as live tuning is (without that noise: --noiseless)"
    return f"on the mean over {many}, with their luck (without: --noiseless; as live tuning: replay --noise seed)"


def colour(index: int) -> str:
    """The palette's colour at `index`, modulo its length."""
    return COLOURS[index % len(COLOURS)]


def line_style(index: int) -> dict[str, Any]:
    """Colour and dashes of the line at `index`, as keywords of Matplotlib's `plot`."""
    return {"color": colour(index), "linestyle": LINES[index % len(LINES)]}


def footnote(figure: Figure, text: str, width: int = 150) -> None:
    """Write `text` below the figure, small, on lines of `width` characters; none ends next to an equals sign."""
    text = text.replace(" = ", "\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}")
    figure.supxlabel(textwrap.fill(text, width), x=0.01, ha="left", fontsize=7, color="#444444")


def number_log_axis(side: Any, steps: Sequence[float] = ()) -> None:
    """Label a logarithmic axis with plain numbers at major ticks alone.

    Args:
        side: Matplotlib's `xaxis` or `yaxis`.
        steps: the multiples of powers of ten at which ticks are; Matplotlib's choice where not given.
    """
    if steps:
        side.set_major_locator(LogLocator(subs=list(steps)))
    side.set_major_formatter("{x:g}")
    side.set_minor_formatter("")


def light_grid(axes: Axes, which: str = "y") -> None:
    """Draw fine grid lines behind the data, across the axis `which` (`x`, `y` or `both`)."""
    axes.set_axisbelow(True)
    axes.grid(axis=which)  # type: ignore[arg-type]
