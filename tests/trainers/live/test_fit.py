"""Whether a surface is of the training that is asked for live."""

from dataclasses import replace

import pytest

from grids.library import load_surface
from trainers.live import misfit
from trainers.sweep.job import Job

SURFACE = load_surface("digits-mlp/adam")


def test_the_shipped_surface_fits_its_own_training() -> None:
    assert misfit(Job("digits-mlp", "adam"), SURFACE) == ""


@pytest.mark.parametrize(
    ("job", "said"),
    [
        (Job("digits-conv", "adam"), "task: digits-mlp there, digits-conv here"),
        (Job("digits-mlp", "avagrad"), "optimizer: adam there, avagrad here"),
        (Job("digits-mlp", "adam:beta1=0.5"), "fixed.beta1: 0.9 there, 0.5 here"),
        (Job("digits-mlp", "adam", epochs=3), "fixed.epochs: 15 there, 3 here"),
    ],
    ids=["task", "optimizer", "option", "epochs"],
)
def test_what_differs_is_named(job: Job, said: str) -> None:
    assert said in misfit(job, SURFACE)


def test_other_data_do_not_fit_and_what_is_silent_does() -> None:
    job, about = Job("digits-mlp", "adam"), SURFACE.provenance
    other = replace(SURFACE, provenance=replace(about, data={**about.data, "sha256": "0" * 64}))
    assert misfit(job, other).startswith("data.sha256: 0000")
    silent = replace(SURFACE, provenance=replace(about, fixed={}, data={}))
    assert misfit(job, silent) == ""
