"""Tables as people really bring them: each kind either comes in with the right values, or the line names the way."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tables_made import column

from grids.errors import BadInput
from grids.surface import Surface
from grids.tables.meaning import meaning_of
from grids.tables.sources import said_by, surface_from

SPIKE = column(
    "rate,seed,epoch,loss",
    *("0.1,0,1,5", "0.1,0,2,2", "0.1,0,3,1", "0.1,1,1,400000", "0.1,1,2,2", "0.1,1,3,1.1"),
    *("0.3,0,1,6", "0.3,0,2,90000", "0.3,0,3,3", "1,0,1,7", "1,0,2,", "1,0,3,"),
)
EARLY = column(
    "rate,epoch,acc", *("0.1,1,.5", "0.1,2,.8", "0.1,3,.79", "0.2,1,.4", "0.2,2,.6", "0.2,3,.7", "0.2,4,.76")
)
RESTART = column(
    "rate,epoch,loss",
    *("1,1,2.6", "1,2,2.5", "1,1,2.7", "1,2,2.4", "1,3,2.3", "2,1,2.9", "2,2,2.8", "2,3,2.7"),
)
TWO_BUDGETS = column(
    "net,hp,seed,acc",
    *("a,12,7,85", "a,12,8,84", "a,200,7,94", "a,200,8,93", "a,200,9,95"),
    *("b,12,7,86", "b,12,8,85", "b,200,7,92", "b,200,8,91", "b,200,9,90"),
)
WORDS = column("rate,decay,loss", *("1,0,OOM", "1,2,2.5", "2,0,failed to launch", "2,2,1.9", "3,0,-", "3,2,3"))
LOG = column("rate,status,bpb", "1,keep,0.99", "2,discard,1.02", "3,crash,0.000000", "4,keep,0.98")
ROWS = [{"rate": 0.1, "loss": 1}, {"rate": 0.2, "loss": 2}]
CURVES = [{"rate": 0.1, "curve": [[1, 5], [2, 3]]}, {"rate": 0.2, "curve": [[1, 4], [2, 6]]}]
RECORDS = [{"rate": r, "curve": [{"step": 10, "loss": 3 * r}, {"step": 20, "loss": r}]} for r in (0.5, 0.25)]
MARKDOWN = "| rate | loss |\n| ---- | :--: |\n| 0.1  | 3 |\n| 10^-2 | 2 |\n"

COMES_IN: dict[str, tuple[str, dict[str, Any], Any]] = {
    "the worst is the worst last value of the runs that are kept": (
        SPIKE,
        {"axes": ["rate"], "value": "loss", "seed": "seed", "epoch": "epoch", "seeds": "common", "missing": "worst"},
        [[1], [3], [3]],
    ),
    "what a run that ended early reached": (
        EARLY,
        {"axes": ["rate"], "value": "acc", "epoch": "epoch", "maximize": True, "missing": "last"},
        [[-0.79], [-0.76]],
    ),
    "a run that was begun again": (RESTART, {"axes": ["rate"], "value": "loss", "epoch": "epoch"}, [[2.3], [2.7]]),
    "the same, numbered": (
        RESTART,
        {"axes": ["rate"], "value": "loss", "epoch": "epoch", "number_seeds": True, "seeds": "common"},
        [[2.3], [2.7]],
    ),
    "seeds whose runs are complete": (
        TWO_BUDGETS,
        {"axes": ["net"], "value": "acc", "seed": "seed", "epoch": "hp", "seeds": "common"},
        [[94, 93], [92, 91]],
    ),
    "one value in two precisions": (
        column("rate,seed,loss", "0.00025118864315,1,2", "0.001,1,1", "0.0002511886431509582,2,3", "0.001,2,4"),
        {"axes": ["rate"], "value": "loss", "seed": "seed"},
        [[2, 3], [1, 4]],
    ),
    "powers of ten in any order": (
        column("rate,loss", "10^-4,5", "10^2,7", "10^-1,2"),
        {"axes": ["rate"], "value": "loss"},
        [[5], [2], [7]],
    ),
    "fractions": (column("x,loss", "1/64,1", "1/8,2", "1/16,3"), {"axes": ["x"], "value": "loss"}, [[1], [3], [2]]),
    "thousands and millions": (column("x,y", "1M,1", "64k,2"), {"axes": ["x"], "value": "y"}, [[2], [1]]),
    "words among values are failed runs": (
        WORDS,
        {"axes": ["rate", "decay"], "value": "loss", "missing": "worst"},
        [[[3], [2.5]], [[3], [1.9]], [[3], [3]]],
    ),
    "a crash has no value of its own": (LOG, {"axes": ["rate"], "value": "bpb"}, [[0.99], [1.02], [0.98]]),
    "a crash is filled": (
        LOG,
        {"axes": ["rate"], "value": "bpb", "missing": "worst"},
        [[0.99], [1.02], [1.02], [0.98]],
    ),
    "words and numbers as labels": (
        column("gamma,loss", "scale,1", "auto,2", "0.1,3"),
        {"axes": ["gamma"], "value": "loss", "labels": ["gamma"]},
        [[1], [2], [3]],
    ),
    "objects by key": (
        json.dumps({"about": {"x": [1]}, "cache": {"a,1": ROWS[0], "b,1": ROWS[1]}}),
        {"axes": ["rate"], "value": "loss"},
        [[1], [2]],
    ),
    "objects one after the other": ("".join(map(json.dumps, ROWS)), {"axes": ["rate"], "value": "loss"}, [[1], [2]]),
    "names and values": (
        json.dumps({"results": [{"set": {"r": r}, "got": [{"name": "t", "value": r + 1}]} for r in (1, 2)]}),
        {"axes": ["r"], "value": "t"},
        [[2], [3]],
    ),
    "a list of numbers is a curve": (
        "\n".join(json.dumps({"rate": r, "loss": [3, r]}) for r in (1, 2)),
        {"axes": ["rate"], "value": "loss"},
        [[1], [2]],
    ),
    "pairs of step and value": (json.dumps(CURVES), {"axes": ["rate"], "value": "curve"}, [[3], [6]]),
    "records of step and value": (json.dumps(RECORDS), {"axes": ["rate"], "value": "curve.loss"}, [[0.25], [0.5]]),
    "dicts as texts in a table": (
        column(
            "name,config,summary", *(f"n,\"{{'rate': {r}, 'b': None}}\",\"{{'loss': {r}, 'x': nan}}\"" for r in (1, 2))
        ),
        {"axes": ["rate"], "value": "loss"},
        [[1], [2]],
    ),
    "one column for each seed": (
        column("rate,seed0,seed3", "1,5,6", "2,7,8"),
        {"axes": ["rate"], "value": "seed0,seed3"},
        [[5, 6], [7, 8]],
    ),
    "columns by a pattern": (
        column("p,split0_score,split1_score,mean", "1,5,6,5.5", "2,7,8,7.5"),
        {"axes": ["p"], "value": "split*_score"},
        [[5, 6], [7, 8]],
    ),
    "one column for each epoch": (
        column("rate,ep1,ep2", "1,5,4", "2,7,6"),
        {"axes": ["rate"], "value": "ep1,ep2", "epoch": "epoch"},
        [[4], [6]],
    ),
    "a direction that the file states": (
        "\n".join(
            json.dumps({"config": {"r": r}, "score": r, "metrics": {"acc": {"direction": "max"}}}) for r in (1, 2)
        ),
        {"value": "score"},
        [[-1], [-2]],
    ),
    "a rank tells the direction": (
        column("param_lr,mean_test_neg_log_loss,rank_test_neg_log_loss", "0.1,-0.7,2", "0.2,-0.3,1"),
        {"value": "mean_test_neg_log_loss"},
        [[0.7], [0.3]],
    ),
    "wrapped settings, and bookkeeping": (
        "\n".join(
            json.dumps({"config": {"rate": {"value": r, "desc": None}, "_wandb": {"value": {"t": r}}}, "loss": r})
            for r in (1, 2)
        ),
        {"value": "loss"},
        [[1], [2]],
    ),
    "Markdown": (MARKDOWN, {"axes": ["rate"], "value": "loss"}, [[2], [3]]),
    "two lines of names": (
        ",number,value,params,params\n,,,lr,mom\n0,0,5,0.1,0\n1,1,4,0.2,0\n",
        {},
        [[5], [4]],
    ),
    "a header that begins with a number sign": (
        "#,opt,lr,loss\n1,adam,0.1,5\n2,adam,0.2,4\n",
        {"axes": ["lr"], "value": "loss"},
        [[5], [4]],
    ),
    "rounds in an unnamed column": (
        ",err,eta\n0,5,0.1\n1,4,0.1\n0,6,0.3\n1,3,0.3\n",
        {"axes": ["eta"], "value": "err", "epoch": "index"},
        [[4], [3]],
    ),
    "the largest float is infinity": (
        column("lr,loss", "1,5", "2,1.7976931348623157e+308"),
        {"axes": ["lr"], "value": "loss", "missing": "9"},
        [[5], [9]],
    ),
    "runs that are parts of another": (
        column(
            "run_id,metrics.s,params.a,params.cv,tags.mlflow.parentRunId",
            *("p,,,3,", "x,5,1,,p", "y,6,2,,p"),
        ),
        {"value": "s"},
        [[5], [6]],
    ),
    "two rows an epoch": (
        column(
            "epoch,train,val,config.lr",
            *("0,,3,1", "0,5,,1", "1,,2,1", "1,4,,1", "0,,6,2", "0,7,,2", "1,,5,2", "1,6,,2"),
        ),
        {"value": "val", "epoch": "epoch"},
        [[2], [5]],
    ),
    "iterations that differ": (
        column("acc,done,training_iteration,trial_id,config/lr", "8,False,5,a,1", "4,True,1,b,2", "7,False,5,c,3"),
        {"value": "acc"},
        [[8], [7]],
    ),
    "no values of Nevergrad": (
        "\n".join(
            json.dumps({"#uid": "x", "#loss": v, "lr": r, "lr#sigma": 1}) for r, v in ((1, 5), (2, 5e20), (3, 4))
        ),
        {"missing": "worst"},
        [[5], [5], [4]],
    ),
    "a log of FLAML, whose last line is no trial": (
        "\n".join(
            [json.dumps({"record_id": r, "validation_loss": r, "config": {"n": r}, "learner": "rf"}) for r in (1, 2)]
            + [json.dumps({"curr_best_record_id": 1})]
        ),
        {},
        [[1], [2]],
    ),
    "experiments of DVC": (
        column(
            "Experiment,rev,typ,acc,lr",
            *(
                ",workspace,baseline,8,0.2",
                ",master,baseline,!,0.1",
                "a,a1,branch_commit,8,0.2",
                "b,b2,branch_base,7,0.1",
            ),
        ),
        {"axes": ["lr"], "value": "acc"},
        [[7], [8]],
    ),
}


def brought(folder: Path, content: str, **options: Any) -> Surface:
    path = folder / "t.txt"
    path.write_text(content)
    return surface_from(str(path), meaning_of(**{"value": "", **options}))


@pytest.mark.parametrize("kind", COMES_IN)
def test_what_comes_in(tmp_path: Path, kind: str) -> None:
    content, options, values = COMES_IN[kind]
    surface = brought(tmp_path, content, **options)
    np.testing.assert_allclose(surface.value, values, rtol=0, atol=0)


REFUSED: dict[str, tuple[str, dict[str, Any], str]] = {
    "ended early": (
        EARLY,
        {"axes": ["rate"], "value": "acc", "epoch": "epoch"},
        "--missing last keeps the value that a run",
    ),
    "incomplete seeds": (
        TWO_BUDGETS,
        {"axes": ["net"], "value": "acc", "seed": "seed", "epoch": "hp"},
        "--seeds common keeps the seeds",
    ),
    "words and numbers": (
        column("gamma,loss", "scale,1", "0.1,2"),
        {"axes": ["gamma"], "value": "loss"},
        "--labels gamma takes all",
    ),
    "words among values": (WORDS, {"axes": ["rate", "decay"], "value": "loss"}, "'OOM' is no number; mark the run"),
    "a mean and its spread": (
        column("a,acc", "1,91.2 ± 0.3", "2,90"),
        {"axes": ["a"], "value": "acc", "missing": "worst"},
        "put them into two columns",
    ),
    "an unknown state": (
        column("rate,status,x", "1,keep,3", "2,crash,0", "3,odd,4"),
        {"axes": ["rate"], "value": "x"},
        "a trial that is 'odd'",
    ),
    "no trial that finished": (
        column("rate,status,x", "1,failed,3", "2,crash,0"),
        {"axes": ["rate"], "value": "x"},
        "no trial has finished",
    ),
    "a chart": (
        '"Step","a - loss","a - loss__MIN","a - loss__MAX"\n"1","2","2","2"\n',
        {"axes": ["Step"]},
        "is the export of a chart",
    ),
    "no header": ("0.1,0,3\n0.2,1,2\n", {"axes": ["rate"], "value": "loss"}, "its first line holds numbers"),
    "a column of dicts is no advice": (
        column("rate,p,task,loss", *(f'{r},"{{{p}}}",{t},{r}' for r in (1, 2) for p in "ab" for t in "uv")),
        {"axes": ["rate"], "value": "loss"},
        "differ in column 'task'",
    ),
    "numbers are whole": (
        column("tokens,rate,loss", "214663680,1,1", "4000000000,1,2", "214663680,2,3"),
        {"axes": ["tokens", "rate"], "value": "loss"},
        "cell tokens=4000000000, rate=2 is missing",
    ),
    "negative seconds": (
        column("rate,loss,seconds", "1,3,10", "2,4,-30"),
        {"axes": ["rate"], "value": "loss", "keep": ["seconds"]},
        "seconds cannot be negative",
    ),
    "no value named": (column("rate,loss", "1,3"), {"axes": ["rate"]}, "which column holds the values?"),
    "rounds offered as epochs": (
        ",err,eta\n0,5,0.1\n1,4,0.1\n0,6,0.3\n1,3,0.3\n",
        {"axes": ["eta"], "value": "err"},
        "--epoch-column index reads",
    ),
    "a stated direction": (
        "\n".join(json.dumps({"#loss": v, "lr": v}) for v in (1, 2)),
        {"maximize": True},
        "Nevergrad minimizes '#loss'",
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_refused(tmp_path: Path, kind: str) -> None:
    content, options, message = REFUSED[kind]
    with pytest.raises(BadInput, match=r"t\.txt: ") as caught:
        brought(tmp_path, content, **options)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_rows_of_a_states_word_that_is_asked_for(tmp_path: Path) -> None:
    content = column("rate,status,x", "1,keep,3", "2,odd,4", "3,crash,0")
    surface = brought(tmp_path, content, axes=["rate"], value="x", where=["status=keep", "status=odd"])
    assert surface.value.ravel().tolist() == [3, 4]


@pytest.mark.parametrize(("how", "seconds"), [("auto", 30), ("sum", 30), ("elapsed", 10)])
def test_seconds_of_each_epoch(tmp_path: Path, how: str, seconds: float) -> None:
    content = column("rate,epoch,loss,seconds", *(f"{r},{e},{r},10" for r in (1, 2) for e in (1, 2, 3)))
    surface = brought(tmp_path, content, axes=["rate"], value="loss", epoch="epoch", keep=["seconds"], seconds=how)
    assert surface.seconds is not None
    assert surface.seconds.ravel().tolist() == [seconds, seconds]
    assert any("seconds are" in note for note in said_by(surface))


def test_seconds_that_rise_are_elapsed(tmp_path: Path) -> None:
    content = column("rate,epoch,loss,seconds", *(f"{r},{e},{r},{10 * e}" for r in (1, 2) for e in (1, 2, 3)))
    surface = brought(tmp_path, content, axes=["rate"], value="loss", epoch="epoch", keep=["seconds"])
    assert surface.seconds is not None
    assert surface.seconds.ravel().tolist() == [30, 30]


def test_curves_in_lists_have_their_steps(tmp_path: Path) -> None:
    surface = brought(tmp_path, json.dumps(RECORDS), axes=["rate"], value="curve.loss")
    assert surface.fidelity is not None
    assert (surface.fidelity.name, surface.fidelity.values) == ("step", (10, 20))
    np.testing.assert_array_equal(surface.curve, [[[0.75, 0.25]], [[1.5, 0.5]]])


def test_conditional_numbers_are_in_order_of_size(tmp_path: Path) -> None:
    content = column("opt,eps,value", "adam,1e-4,1", "adam,1e-8,2", "sgd,,3")
    surface = brought(tmp_path, content, axes=["opt", "eps"], pool=True)
    assert surface.space.axis("eps").values == ("", "1e-8", "1e-4")


def test_labels_that_look_like_numbers_are_said(tmp_path: Path) -> None:
    surface = brought(tmp_path, column("model,loss", "7B,1", "13B,2"), axes=["model"], value="loss")
    assert any("are labels, not numbers" in note for note in said_by(surface))
