"""Table 1: the paper's numbers in their places, and ours beside them."""

import re
from pathlib import Path

import pytest

from analysis.table1 import OPTIMIZERS, PAPER, Column, Entry, columns_of, rows, written
from tuning.cli import run

AS_PRINTED = """
SGD	3.86 (0.08)	19.05 (0.24)	24.01	1.404	1.237 (0.000)	133.0
Adam	3.64 (0.06)	18.96 (0.21)	23.45	1.377	1.182 (0.000)	43.0
AMSGrad	3.90 (0.17)	18.97 (0.09)	23.46	1.385	1.187 (0.001)	41.3
AdaBound	5.40 (0.24)	22.76 (0.17)	27.99	—	2.891 (0.041)	247.3
AdaShift	4.08 (0.11)	18.88 (0.06)	OOM	1.395	1.199 (0.001)	43.7
RAdam	3.89 (0.09)	19.15 (0.13)	23.60	—	1.349 (0.003)	42.5
AdaBelief	3.98 (0.07)	19.08 (0.09)	24.11	1.377	1.198 (0.000)	44.8
AdamW	4.11 (0.17)	20.13 (0.22)	26.70	1.401	1.227 (0.003)	—
AvaGrad	3.80 (0.02)	18.76 (0.20)	23.58	1.375	1.179 (0.000)	35.3
AvaGradW	3.97 (0.02)	19.04 (0.37)	23.49	1.375	1.175 (0.000)	—
"""


def test_every_number_is_the_papers() -> None:
    """Row by row as the paper prints it."""
    names = {label: name for name, label in OPTIMIZERS.items()}
    for line in AS_PRINTED.strip().splitlines():
        label, *cells = line.split("\t")
        assert [written(column.entries[names[label]], column.unit) for column in PAPER] == cells


def test_the_best_and_the_improvements_are_those_that_the_paper_marks() -> None:
    marked = [
        ({"adam"}, {"avagrad"}),
        ({"avagrad"}, {"adam", "amsgrad", "adashift", "avagradw"}),
        ({"adam"}, {"amsgrad", "radam", "avagrad", "avagradw"}),
        ({"avagrad", "avagradw"}, set()),
        ({"avagradw"}, {"avagrad"}),
        ({"avagrad"}, {"amsgrad", "radam"}),
    ]
    for column, (best, improving) in zip(PAPER, marked, strict=True):
        assert column.best() == best
        assert {name for name in column.entries if column.improves(name)} - best == improving


def record(optimizer: str, mean: float, to: str = "digits-mlp-wide", metric: str = "test error") -> dict:
    return {
        "to": to,
        "optimizer": optimizer,
        "mean": mean,
        "std": 0.1,
        "seeds": [0, 1, 2],
        "metric": metric,
        "unit": "%",
    }


def test_ours_are_columns_of_the_same_shape() -> None:
    columns = columns_of([record("lion", 1.0), record("adam", 2.0), record("sgd", 1.5), record("adam", 1.2)])
    assert columns == [
        Column(
            "ours",
            "digits-mlp-wide",
            "test error",
            "%",
            "sgd",
            {"lion": Entry(1.0, 0.1, 3), "adam": Entry(1.2, 0.1, 3), "sgd": Entry(1.5, 0.1, 3)},
        )
    ]
    found = rows(columns)
    assert [row["optimizer"] for row in found] == ["sgd", "adam", "lion"]
    assert [(row["best"], row["improves"]) for row in found] == [(False, False), (False, True), (True, True)]


def test_what_ships_has_every_optimizer_of_the_paper() -> None:
    from trainers.transfer.record import read

    shipped = sorted((Path(__file__).parents[2] / "analysis" / "transfers").glob("*.json"))
    if not shipped:
        pytest.skip("no transfer ships")
    for path in shipped:
        records = read(path)
        assert [one["optimizer"] for one in records] == list(OPTIMIZERS) or set(OPTIMIZERS) <= {
            one["optimizer"] for one in records
        }
        assert all(len(one["seeds"]) == 3 for one in records)
        assert not re.search(r"/(home|root|work|tmp)/", path.read_text())


def test_marks_stay_marks_in_markdown(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["table", "1", "--format", "markdown"]) == 0
    adam = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("| Adam |"))
    assert "| **3.64 (0.06)** | <u>18.96 (0.21)</u> |" in adam
