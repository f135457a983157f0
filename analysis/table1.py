"""The paper's Table 1, test performance of ten optimizers on six tasks, and the same table of our transfers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

OPTIMIZERS = {
    "sgd": "SGD",
    "adam": "Adam",
    "amsgrad": "AMSGrad",
    "adabound": "AdaBound",
    "adashift": "AdaShift",
    "radam": "RAdam",
    "adabelief": "AdaBelief",
    "adamw": "AdamW",
    "avagrad": "AvaGrad",
    "avagradw": "AvaGradW",
}
"""The rows of the paper's table, in its order: names and labels."""


@dataclass(frozen=True)
class Entry:
    """One cell of the table.

    Args:
        mean: over seeds; None where there is no number.
        std: standard deviation over seeds; None where it is not known.
        seeds: how many; None where it is not known.
        note: the text in place of a number.
    """

    mean: float | None
    std: float | None = None
    seeds: int | None = None
    note: str = ""


@dataclass(frozen=True)
class Column:
    """The column of one task.

    Args:
        source: `paper` or `ours`.
        task: the heading.
        metric, unit: of the numbers; lower is better.
        baseline: the optimizer with which others are compared.
        entries: by optimizer.
    """

    source: str
    task: str
    metric: str
    unit: str
    baseline: str
    entries: Mapping[str, Entry]

    def best(self) -> set[str]:
        """The optimizers with the lowest mean."""
        means = {name: entry.mean for name, entry in self.entries.items() if entry.mean is not None}
        return {name for name, mean in means.items() if mean == min(means.values())}

    def improves(self, name: str) -> bool:
        """Whether an optimizer has a lower mean than the baseline."""
        mean, bar = self.entries[name].mean, self.entries.get(self.baseline, Entry(None)).mean
        return mean is not None and bar is not None and mean < bar


def _numbers(text: str) -> dict[str, Entry]:
    """A column from text: in the order of `OPTIMIZERS`, mean and deviation (`3.86 .08`), mean alone, or a word."""
    entries = {}
    for name, part in zip(OPTIMIZERS, text.split(","), strict=True):
        first, *rest = part.split()
        try:
            entries[name] = Entry(float(first), float(rest[0]) if rest else None, 3 if rest else None)
        except ValueError:
            entries[name] = Entry(None, note=first)
    return entries


PAPER = (
    Column(
        "paper", "CIFAR-10, WRN 28-10", "test error", "%", "sgd",
        _numbers("3.86 .08, 3.64 .06, 3.90 .17, 5.40 .24, 4.08 .11, 3.89 .09, 3.98 .07, 4.11 .17, 3.80 .02, 3.97 .02"),
    ),
    Column(
        "paper", "CIFAR-100, WRN 28-10", "test error", "%", "sgd",
        _numbers(
            "19.05 .24, 18.96 .21, 18.97 .09, 22.76 .17, 18.88 .06,"
            "19.15 .13, 19.08 .09, 20.13 .22, 18.76 .20, 19.04 .37"
        ),
    ),
    Column(
        "paper", "ImageNet, ResNet-50", "validation error", "%", "sgd",
        _numbers("24.01, 23.45, 23.46, 27.99, OOM, 23.60, 24.11, 26.70, 23.58, 23.49"),
    ),
    Column(
        "paper", "Penn Treebank, 3 LSTM of 300", "test bits per character", "bits", "adam",
        _numbers("1.404, 1.377, 1.385, —, 1.395, —, 1.377, 1.401, 1.375, 1.375"),
    ),
    Column(
        "paper", "Penn Treebank, 3 LSTM of 1000", "test bits per character", "bits", "adam",
        _numbers(
            "1.237 .000, 1.182 .000, 1.187 .001, 2.891 .041, 1.199 .001,"
            "1.349 .003, 1.198 .000, 1.227 .003, 1.179 .000, 1.175 .000"
        ),
    ),
    Column(
        "paper", "CIFAR-10, GGAN", "FID", "", "adam",
        _numbers("133.0, 43.0, 41.3, 247.3, 43.7, 42.5, 44.8, —, 35.3, —"),
    ),
)  # fmt: skip
"""Table 1 of the paper: means, and deviations over three runs where it gives them."""


def columns_of(records: Iterable[Mapping[str, Any]]) -> list[Column]:
    """Columns of our transfers, one for each task transferred to, from their records (`trainers.transfer.record`).

    Of several records of one task and optimizer the last counts.
    """
    found: dict[str, dict[str, Mapping[str, Any]]] = {}
    for record in records:
        found.setdefault(str(record["to"]), {})[str(record["optimizer"])] = record
    columns = []
    for task, by_optimizer in found.items():
        one = next(iter(by_optimizer.values()))
        entries = {
            name: Entry(float(record["mean"]), record["std"], len(record["seeds"]))
            for name, record in by_optimizer.items()
        }
        columns.append(
            Column("ours", task, str(one["metric"]), str(one["unit"]), baseline_of(str(one["metric"])), entries)
        )
    return columns


def baseline_of(metric: str) -> str:
    """The baseline of a task, by its metric: SGD for images, Adam for text and GANs, as in the paper.

    >>> baseline_of("test error"), baseline_of("test bits per character")
    ('sgd', 'adam')
    """
    return "adam" if "bits per character" in metric or "distance" in metric or "FID" in metric else "sgd"


def rows(columns: Sequence[Column]) -> list[dict[str, Any]]:
    """One row for each number, column by column in the paper's order of rows."""
    return [
        {
            "source": column.source,
            "task": column.task,
            "optimizer": name,
            "mean": entry.mean,
            "std": entry.std,
            "seeds": entry.seeds,
            "metric": column.metric,
            "unit": column.unit,
            "baseline": column.baseline,
            "best": name in column.best(),
            "improves": column.improves(name),
            "note": entry.note,
        }
        for column in columns
        for name in order(column.entries)
        for entry in [column.entries[name]]
    ]


def order(names: Iterable[str]) -> list[str]:
    """Names in the paper's order, followed by further ones in their given order."""
    given = list(names)
    return [name for name in OPTIMIZERS if name in given] + [name for name in given if name not in OPTIMIZERS]


def written(entry: Entry, unit: str) -> str:
    """An entry as text, `3.64 (0.06)`: three decimals for bits, two for percentages, one for distances from 10 on."""
    if entry.mean is None:
        return entry.note or ""
    digits = {"bits": 3, "%": 2}.get(unit, 1 if abs(entry.mean) >= 10 else 3)
    spread = "" if entry.std is None else f" ({entry.std:.{digits}f})"
    return f"{entry.mean:.{digits}f}{spread}"
