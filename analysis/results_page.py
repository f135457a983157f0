"""The sections of `tunecost results`: each runs commands as a user would, and puts their output into tables."""

import contextlib
import io
import json
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from grids.errors import BadInput, unknown
from grids.terminal import markdown_table

PAIR = ("adam", "avagrad")
RADII = ("gld", "gld:radius_max=10", "gld:radius_max=5", "gld:radius_min=2", "gld:ball=clip")
TRIALS = 20
DOMAINS = ("cifar10-small", "kjv-lstm", "digits-gan")
"""One task of each domain; those without shipped surfaces are left out."""

Surfaces = dict[str, list[str]]


def shipped(tasks: Sequence[str] | None, first: Sequence[str]) -> Surfaces:
    """The optimizers with shipped surfaces by task.

    Args:
        tasks: names; None: all tasks.
        first: the optimizers that come first, in this order.

    Raises:
        BadInput: a task without shipped surfaces.
    """
    from grids.library import SHIPPED

    known = sorted(path.name for path in SHIPPED.iterdir() if any(path.glob("*.parquet")))
    for task in tasks or ():
        if task not in known:
            raise unknown("task with shipped surfaces", task, known)
    found = {}
    for task in tasks or known:
        names = sorted(path.stem for path in (SHIPPED / task).glob("*.parquet"))
        found[task] = [*(name for name in first if name in names), *(name for name in names if name not in first)]
    return found


class Sections:
    """Writes the sections of the page.

    Args:
        surfaces: the optimizers of each task, from `shipped`.
        folder: in which commands are run and figures are written.
        repeats: replays of each searcher on each surface.
        run: runs a command line, `tuning.cli.run`, and returns its exit code.
        advance: called with 1 after each command that takes long.
    """

    def __init__(
        self,
        surfaces: Surfaces,
        folder: Path,
        repeats: int,
        run: Callable[[list[str]], int],
        advance: Callable[[int], None],
    ) -> None:
        self.surfaces, self.folder, self.repeats, self.run, self.advance = surfaces, folder, repeats, run, advance

    def of_tasks(self) -> Iterator[str]:
        """The sections about each task, in pieces."""
        for task, optimizers in self.surfaces.items():
            names = [f"{task}/{name}" for name in optimizers]
            yield f"\n## {task}\n"
            yield self._figure(f"figure1-{task}", f"Figure 1: error surfaces of {task}", "figure", "1", *names)
            yield from self._best_cells(names)
            yield from self._separability(task, optimizers)
            yield from self._costs(task, optimizers)
            yield from self._radii(task, optimizers)
            yield from self._tunability(task, names)

    def of_all(self) -> Iterator[str]:
        """The sections about several tasks, in pieces."""
        yield from self._claims()
        drawn = [f"{task}/{one}" for task in DOMAINS for one in PAIR if one in self.surfaces.get(task, ())]
        if drawn:
            yield "\n## Domains\n"
            words = ("figure", "1", *drawn, "--scales", "each")
            yield self._figure("figure1-domains", "Figure 1 of a task of each domain", *words)
        yield "\n## Table 1: tuned on a small network, trained on a wide one\n"
        yield self._printed("table", "1")
        yield from self._live()

    def _best_cells(self, names: Sequence[str]) -> Iterator[str]:
        rows = []
        for name in names:
            (shown,) = self._json("grid", "show", name, form="--json")
            best = shown["best"][0]
            cell = ", ".join(f"{axis['name']} = {_number(best[axis['name']])}" for axis in shown["axes"])
            within = {
                f"within {target} of it": f"{100 * share:.0f} %" for target, share in shown["share_within"].items()
            }
            rows.append(
                {
                    "optimizer": shown["optimizer"],
                    "seeds": str(len(shown["seeds"])),
                    f"lowest mean {shown['metric']}{_unit(shown['unit'])}": _number(best["value"]),
                    "deviation of seeds": _number(best.get("seed_std")),
                    "its cell": cell,
                    **within,
                    "diverged runs": f"{100 * shown['diverged_share']:.1f} %",
                }
            )
        yield "\n### Best cells\n" + _command("grid", "show", names[0]) + _table(rows)

    def _separability(self, task: str, optimizers: Sequence[str]) -> Iterator[str]:
        names = [f"{task}/{name}" for name in optimizers if self._axes(f"{task}/{name}") == ["alpha", "epsilon"]]
        if not names:
            return
        rows = []
        for row in self._json("separability", *names):
            slopes = {
                f"slope of log α on log ε {where}": _interval(
                    row[f"slope_{end}"], row[f"slope_{end}_from"], row[f"slope_{end}_to"]
                )
                for end, where in (("low", "up to the transition"), ("high", "beyond it"))
            }
            ends = f"{_number(row['best_first_low'])} to {_number(row['best_first_high'])}"
            shares = {"additive share": _number(row["additive_share"])}
            rows.append({"optimizer": row["optimizer"], "best α over all ε": ends, **slopes, **shares})
        yield "\n### Can α and ε be tuned separately? (section 6)\n" + _command("separability", *names) + _table(rows)

    def _costs(self, task: str, optimizers: Sequence[str]) -> Iterator[str]:
        """Figure 2, and costs measured from each surface's own lowest value and from the lowest of all."""
        names, file = [f"{task}/{name}" for name in optimizers], f"{task}.parquet"
        replay = ("replay", *names, "--repeats", str(self.repeats), "--out", file)
        self._run(*replay, "--quiet")
        self.advance(1)
        if set(PAIR) <= set(optimizers):
            pair = [f"{task}/{name}" for name in PAIR]
            words = ("replay", *pair, "--repeats", str(self.repeats), "--out", f"{task}-pair.parquet")
            self._run(*words, "--quiet")
            drawn = self._figure(f"figure2-{task}", f"Figure 2 on {task}", "figure", "2", f"{task}-pair.parquet")
            yield _command(*words).rstrip() + drawn
        yield "\n### What tuning costs (section 7)\n" + _command(*replay)
        several = [name for name in names if self._seeds(name) > 1]
        without = (
            "Expected trials (ERT) without the noise of seeds, with intervals over seeds, where there are several",
            ("--noiseless",),
        )
        for title, more in (
            *([without] if several else []),
            ("Expected trials (ERT) on the means over the seeds that all have, intervals over replays alone", ()),
            ("To as much above the lowest value of all of them", ("--lowest", "all", "--seeds", "all")),
        ):
            words = ("cost", file, *more)
            yield f"\n{title}; where not all replays hit, the share that did:\n" + _command(*words)
            yield _table(_costs(self._json(*words)))
        self.advance(1)

    def _radii(self, task: str, optimizers: Sequence[str]) -> Iterator[str]:
        names = [f"{task}/{name}" for name in PAIR if name in optimizers]
        if not names:
            return
        searchers = [*RADII, *(text.replace("gld", "cgld", 1) for text in RADII)]
        words = ("exact", *names, *(word for text in searchers for word in ("-s", text)))
        rows = self._json(*words)
        first = rows[0]["target"]
        laid: dict[str, dict[str, Any]] = {}
        for row in rows:
            if row["target"] == first:
                place = laid.setdefault(row["searcher"], {"searcher": row["searcher"]})
                place[row["optimizer"]] = _law(row)
        title = f"\n### The radii of GLD and CGLD, exactly: mean trials to {_number(first)}{_unit(rows[0]['unit'])}\n"
        yield title + _command(*words) + _table(list(laid.values()))
        self.advance(1)

    def _tunability(self, task: str, names: Sequence[str]) -> Iterator[str]:
        words = ("tunability", *names, "--trials", str(TRIALS))
        rows = [
            {
                "optimizer": row["optimizer"],
                "expected best": _interval(row["expected_best"], row["expected_best_low"], row["expected_best_high"]),
                "area": _number(row["area"]),
                "early": _number(row["early"]),
                "default": _number(row["default"]),
                "tuning is worth": _number(row["tunability"]),
                "best of all after trials": row["leads"] or "–",
            }
            for row in self._json(*words)
        ]
        title = (
            f"\n### With a budget of {TRIALS} trials: expected best of random search, lowest and highest over seeds\n"
        )
        yield title + _command(*words) + _table(rows)
        figure = ("figure", "tunability", *names)
        yield self._figure(f"tunability-{task}", f"Expected best against trials on {task}", *figure)
        self.advance(1)

    def _claims(self) -> Iterator[str]:
        words = (
            "claims",
            *(word for task in self.surfaces if set(PAIR) <= set(self.surfaces[task]) for word in ("--task", task)),
        )
        if len(words) == 1:
            return
        found = self._json(*words)
        self.advance(3)
        yield "\n## The paper's statements\n" + _command(*words)
        for task in dict.fromkeys(row["task"] for row in found):
            rows = [
                {
                    "statement": row["statement"],
                    "paper": _number(row["paper"]),
                    "ours": _interval(row["ours"], row["low"], row["high"]),
                    "verdict": f"**{row['verdict']}**",
                    "why": row["why"],
                }
                for row in found
                if row["task"] == task
            ]
            yield f"\n### Statements on {task}\n\n" + _table(rows)

    def _live(self) -> Iterator[str]:
        """Live tuning compared with replays, for the shipped live tables."""
        import analysis

        tables = sorted((Path(next(iter(analysis.__path__))) / "live").glob("*.parquet"))
        rows, shown = [], []
        for path in tables:
            task, _, optimizer = path.stem.rpartition("-")
            if optimizer not in self.surfaces.get(task, ()):
                continue
            (self.folder / path.name).write_bytes(path.read_bytes())
            words = ("compare", "--live", path.name, f"{task}/{optimizer}")
            shown.append(_command(*words))
            rows += [
                {
                    "surface": f"{task}/{optimizer}",
                    "searcher": row["searcher"],
                    "target": _number(row["target"]),
                    "replayed": _number(row["ert_replayed"]),
                    "with noise": _number(row["ert_noise"]),
                    "live": _number(row["ert_live"]),
                    "live / replayed": _interval(*(row[f"ratio_replayed{end}"] for end in ("", "_low", "_high"))),
                    "live / with noise": _interval(*(row[f"ratio_noise{end}"] for end in ("", "_low", "_high"))),
                    "against noise": row["verdict_noise"],
                }
                for row in self._json(*words)
            ]
        if rows:
            yield "\n## Does live tuning cost what a replay says?\n" + "".join(shown) + _table(rows)

    def _seeds(self, name: str) -> int:
        from grids.library import load_surface

        return len(load_surface(name).seeds)

    def _axes(self, name: str) -> list[str]:
        from grids.library import load_surface

        return list(load_surface(name).space.names)

    def _figure(self, name: str, title: str, *words: str) -> str:
        self._run(*words, "--out", f"{name}.png")
        return _command(*words, "--out", f"{name}.png") + f"![{title}]({name}.png)\n"

    def _printed(self, *words: str) -> str:
        return _command(*words) + self._run(*words, "--format", "markdown")

    def _json(self, *words: str, form: str = "") -> list[dict[str, Any]]:
        """The objects that a command prints as JSON."""
        found = json.loads(self._run(*words, *([form] if form else ["--format", "json"])))
        return found if isinstance(found, list) else [found]

    def _run(self, *words: str) -> str:
        """Run a command in the page's folder and return what it prints.

        Raises:
            BadInput: the command failed.
        """
        printed, messages = io.StringIO(), io.StringIO()
        with contextlib.chdir(self.folder), contextlib.redirect_stdout(printed), contextlib.redirect_stderr(messages):
            code = self.run(list(words))
        if code:
            raise BadInput(f"`{shlex.join(['tunecost', *words])}` failed: {messages.getvalue().strip()}")
        return printed.getvalue()


def _costs(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A row for each optimizer and target, a column for each searcher."""
    laid: dict[tuple[str, float], dict[str, Any]] = {}
    for row in rows:
        place = laid.setdefault((row["optimizer"], row["target"]), {"optimizer": row["optimizer"]})
        place["target"] = _number(row["target"])
        share = "" if row["hits"] == row["repeats"] else f", {100 * row['hits'] / row['repeats']:.0f} %"
        cell = "never" if not row["hits"] else _interval(row["ert"], row["ert_low"], row["ert_high"]) + share
        place[row["searcher"]] = cell
    return list(laid.values())


def _law(row: Mapping[str, Any]) -> str:
    """The mean of an exact law; if not every run reaches the target, the median (if finite) and the share that does."""
    if row["ever"] is None or row["ever"] > 1 - 1e-9:
        return _number(row["mean"])
    middle = "" if row["median"] is None else f"median {_number(row['median'])}, "
    return f"{middle}{100 * row['ever']:.0f} % ever"


def _command(*words: str) -> str:
    return f"\n    {shlex.join(['tunecost', *words])}\n\n"


def _table(rows: Sequence[Mapping[str, Any]]) -> str:
    names = list(dict.fromkeys(name for row in rows for name in row))
    return markdown_table(names, ([str(row.get(name, "–")) for name in names] for row in rows)) + "\n"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"


def _interval(value: float | None, low: float | None, high: float | None) -> str:
    ends = "" if low is None or high is None else f" [{_number(low)}, {_number(high)}]"
    return _number(value) + ends


def _unit(unit: str) -> str:
    return f", {unit}" if unit else ""
