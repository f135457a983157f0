"""`tunecost figure 3`: files, numbers, options."""

import csv
import math
import re

import pytest

from tuning.cli import run

QUICK = ["--steps", "400", "--seeds", "2", "--sweep", "1e-4:1e-2:3", "--quiet"]


def draw(tmp_path, *options, name="f.svg"):
    out = tmp_path / name
    code = run(["figure", "3", "--out", str(out), *QUICK, *options])
    table = out.with_suffix(".csv")
    return code, out, list(csv.DictReader(table.open())) if table.exists() else []


def test_draws_both_panels_and_writes_their_numbers(tmp_path):
    code, out, rows = draw(tmp_path)
    assert code == 0
    assert out.stat().st_size > 10_000
    assert list(rows[0])[:8] == ["panel", "method", "power", "alpha", "epsilon", "step", "mean", "low"]
    paths = [row for row in rows if row["panel"] == "path"]
    sweep = [row for row in rows if row["panel"] == "sweep"]
    lines = {(row["method"], row["power"]) for row in rows}
    assert lines == {
        *((name, "0.0") for name in ("adam", "amsgrad", "delayed-adam")),
        ("dynamic-adam", "0.5"),
        ("dynamic-adam", "1.5"),
    }
    assert len(sweep) == 3 * len(lines)
    assert sorted({float(row["alpha"]) for row in sweep}) == pytest.approx([1e-4, 1e-3, 1e-2])
    assert {row["step"] for row in sweep} == {"400"}
    assert all(float(row["low"]) <= float(row["mean"]) <= float(row["high"]) for row in paths)
    assert all(math.isfinite(float(row["late"])) for row in sweep)


def test_the_two_panels_agree_where_they_meet(tmp_path):
    _, _, rows = draw(tmp_path, "--alpha", "adam=1e-4")
    mine = [row for row in rows if row["method"] == "adam" and float(row["alpha"]) == 1e-4 and row["step"] == "400"]
    assert {row["panel"] for row in mine} == {"path", "sweep"}
    assert len({row["mean"] for row in mine}) == 1


def test_options_are_said_in_the_caption(tmp_path):
    _, out, rows = draw(tmp_path, "--start", "0.25", "--power", "2", "--alpha", "amsgrad=0.003", "--beta2", "0.95")
    text = " ".join(" ".join(re.findall("<!--(.*?)-->", out.read_text(), re.DOTALL)).split())
    for said in ("w from 0.25", "400 steps", "2 seeds", "β2 = 0.95", "amsgrad α = 0.003", "p = 2"):
        assert said in text
    assert {row["power"] for row in rows if row["method"] == "dynamic-adam"} == {"2.0"}
    first = [row for row in rows if row["panel"] == "path" and row["step"] == "1"]
    assert sorted({float(row["mean"]) for row in first}) == pytest.approx([((999 * 0.25 - 499) / 500) ** 2])


def test_the_same_seed_gives_the_same_files(tmp_path):
    _, one, rows = draw(tmp_path, name="one.svg")
    _, two, same = draw(tmp_path, name="two.svg")
    assert one.read_bytes() == two.read_bytes()
    assert rows == same
    assert draw(tmp_path, "--seed", "1", name="three.svg")[2] != rows


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--alpha", "adam"], "METHOD=VALUE"),
        (["--alpha", "adm=1"], "did you mean 'adam'"),
        (["--alpha", "adam=-1"], "above 0"),
        (["--sweep", "1:2"], "LOW:HIGH:COUNT"),
        (["--sweep", "0:1:5"], "above 0"),
        (["--start", "1.5"], "--start 1.5"),
        (["--beta2", "1"], "--beta2 1"),
        (["--power", "-1"], "--power must be a number of at least 0"),
        (["--power", "nan"], "--power must be a number of at least 0"),
        (["--epsilon", "0"], "--epsilon: '0' is not a number above 0"),
        (["--dynamic-epsilon", "inf"], "--dynamic-epsilon: 'inf' is not"),
        (["--steps", "3"], "steps"),
    ],
)
def test_wrong_options_are_told_in_one_line(tmp_path, capsys, options, told):
    code, out, _ = draw(tmp_path, *options)
    assert code == 2
    assert not out.exists()
    error = capsys.readouterr().err.strip()
    assert told in error
    assert "\n" not in error


def test_another_ending_is_refused_before_anything_runs(tmp_path, capsys):
    assert draw(tmp_path, name="f.bmp")[0] == 2
    assert ".bmp" in capsys.readouterr().err


def test_rates_are_drawn_with_their_numbers(tmp_path, monkeypatch):
    from analysis.commands import figure3
    from trainers import theory

    monkeypatch.setattr(theory, "HORIZONS", (100, 400, 1600))
    monkeypatch.setattr(figure3, "RIDGE_STEPS", 300)
    out = tmp_path / "rates.svg"
    assert run(["figure", "3", "--rates", "--seeds", "2", "--out", str(out), "--quiet"]) == 0
    assert out.stat().st_size
    with open(out.with_suffix(".csv")) as file:
        rows = list(csv.DictReader(file))
    rates = [row for row in rows if row["panel"] == "rates"]
    assert [int(row["steps"]) for row in rates if row["method"] == "delayed-adam"] == [100, 400, 1600]
    assert all(float(row["low"]) <= float(row["mean"]) <= float(row["high"]) for row in rates)
    assert len([row for row in rows if row["panel"] == "regimes"]) == 33
