"""`tunecost audit`: rows, refusals, a suggestion, a table with its page."""

import csv
import json
from pathlib import Path

import pytest

from grids.space import parse_space
from tuning.cli import run


def test_rows_in_order_with_a_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    classes = ["torch.optim:SGD", "torch.optim:LBFGS", "adamw"]
    assert run(["audit", *classes, "--suggest", "digits-mlp", "--format", "json", "--quiet"]) == 0
    out, err = capsys.readouterr()
    rows = json.loads(out)
    assert [row["class"] for row in rows] == classes
    assert list(rows[0])[:3] == ["class", "package", "version"]
    assert err == ""
    sgd, lbfgs, adamw = rows
    assert "needs a closure" in lbfgs["needs"]
    assert lbfgs["gradient_power"] is None
    assert parse_space(sgd["space"]).names == ("lr",)
    space = parse_space(adamw["space"])
    assert space.names == ("lr", "eps")
    assert space.axes[0].values[0] < 1e-2 < space.axes[0].values[-1]
    assert space.axes[1].values[0] < 1e-2 < space.axes[1].values[-1]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nowhere:Class"], "no module 'nowhere'"),
        (["torch.optim:Optimizers"], "did you mean 'Optimizer'"),
        (["math:sqrt"], "is not a torch.optim.Optimizer class"),
        (["math:*"], "has no torch.optim.Optimizer class"),
        (["torch.optim:SparseAdam"], "does not support dense gradients"),
        (["nothing"], "an audit is of"),
        (["torch.optim:SGD", "--suggest", "digits"], "did you mean 'digits-"),
    ],
)
def test_what_cannot_be_audited_is_said_in_a_line(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["audit", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert told in err
    assert err.count("\n") == 1


def test_a_table_and_its_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "new"
    assert run(["audit", "schedulefree:SGDScheduleFree", "torch.optim:LBFGS", "--out", str(out), "--quiet"]) == 0
    assert capsys.readouterr().out == ""
    with (out / "audit.csv").open() as file:
        first, second = csv.DictReader(file)
    assert first["class"] == "schedulefree:SGDScheduleFree"
    assert first["needs"] == "train() and eval()"
    assert second["decay"] == ""
    assert run(["audit", "torch.optim:SGD", "--out", str(out), "--quiet"]) == 0
    with (out / "audit.csv").open() as file:
        assert [row["class"] for row in csv.DictReader(file)] == [first["class"], second["class"], "torch.optim:SGD"]
    page = (out / "audit.html").read_text()
    (out / "audit.csv").write_text("class,other\n")
    assert run(["audit", "torch.optim:SGD", "--out", str(out)]) == 2
    assert "its columns are not those of an audit" in capsys.readouterr().err
    assert "schedulefree:SGDScheduleFree" in page
    assert "://" not in page  # it asks no server for anything
    (tmp_path / "file").write_text("")
    assert run(["audit", "torch.optim:LBFGS", "torch.optim:SGD", "--out", str(tmp_path / "file")]) == 2
    assert "cannot be written" in capsys.readouterr().err
