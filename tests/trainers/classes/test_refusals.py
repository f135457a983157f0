"""What an optimizer class cannot do, options and axes that it lacks, steps that fail: a line each."""

import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from grids.errors import BadInput
from trainers.blocks.epochs import train_block
from trainers.rules import get_rule
from trainers.sweep.job import Job
from trainers.tasks import get_task
from tuning.cli import run

OWN = """
    import torch


    class Signed(torch.optim.Optimizer):
        def __init__(self, params, lr=1e-3, power: int = 1, limit=1e9, mode="plain", betas=(0.9, 0.99), cap=None):
            if lr < 0:
                raise ValueError(f"Invalid learning rate: {lr}")
            super().__init__(params, dict(lr=lr, power=power, limit=limit, mode=mode, betas=betas, cap=cap))

        @torch.no_grad()
        def step(self, closure=None):
            for group in self.param_groups:
                for p in group["params"]:
                    if not p.grad.isfinite().all():
                        raise RuntimeError("gradients that are no numbers")
                    if p.abs().max() > group["limit"]:
                        raise RuntimeError("a parameter is beyond the limit")
                    p.sub_(p.grad.sign() ** group["power"], alpha=group["lr"])


    class Rateless(torch.optim.Optimizer):
        def __init__(self, params, rate=0.1):
            super().__init__(params, dict(rate=rate))


    class Needy(Signed):
        def __init__(self, params, total, lr=0.1):
            super().__init__(params, lr)
            self.total = total


    class Hidden(Signed):
        def step(self, closure=None):
            self.count = getattr(self, "count", 0) + 1
            for group in self.param_groups:
                for p in group["params"]:
                    p.data.add_(1e-3 * self.count)


    class Still(Signed):
        def step(self, closure=None):
            pass


    class Moved(Signed):
        def step(self, closure=None):
            for group in self.param_groups:
                for p in group["params"]:
                    p.data = p.data - group["lr"] * p.grad
                    p.grad = None


    class Cuda(Signed):
        def step(self, closure=None):
            raise AssertionError("Torch not compiled with CUDA enabled")


    class Waits(Signed):
        def __init__(self, params, lr=0.1):
            import time

            print("now it hangs")
            time.sleep(100)


    class Busy(Signed):
        def step(self, closure=None):
            while True:
                pass


    class Draws(Signed):
        def step(self, closure=None):
            import random

            for group in self.param_groups:
                for p in group["params"]:
                    p.data.sub_(group["lr"] * random.random())


    class Sets(Signed):
        def step(self, closure=None):
            torch.use_deterministic_algorithms(True)
            super().step()


    number = 3
"""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "my_optimizers.py").write_text(textwrap.dedent(OWN))
    (tmp_path / "my_broken_module.py").write_text("import nowhere_to_be_found\n")
    monkeypatch.chdir(tmp_path)
    path = list(sys.path)
    yield "my_optimizers"
    sys.path[:] = path
    sys.modules.pop("my_optimizers", None)


REFUSED = {
    "my_optimizers:Rateless": "no argument 'lr'",
    "my_optimizers:Signd": "did you mean 'Signed'",
    "my_optimizers:number": "neither a Rule",
    "my_optimizers:Needy": r"needs its argument 'total', which has no default: my_optimizers:Needy:total=VALUE",
    "my_optimizers:Signed:powr=2": "did you mean 'power'",
    "my_optimizers:Signed:power=2.5": "power=2.5 is not a whole number",
    "my_optimizers:Signed:limit=high": "limit=high is not a number",
    "my_optimizers:Signed:betas=0.9": r"give betas element by element, as betas.0=0.9",
    "my_optimizers:Signed:lr=-1": "Invalid learning rate: -1",
    "my_optimizers:Signed:limit=0": "its step fails .*beyond the limit",
    "my_broken_module:Any": "nowhere_to_be_found",
    "no_such_module:Any": "no module 'no_such_module'",
    "torch.optim:LBFGS": "needs a closure",
    "torch.optim:SparseAdam": "does not support dense gradients",
    "torch.optim:SGD:nesterov=perhaps": "neither true nor false",
    "pytorch_optimizer:SAM": "constructed with another optimizer",
    "pytorch_optimizer:AliG": "no argument 'lr'",
    "pytorch_optimizer:AdaHessian": "needs second derivatives",
    "pytorch_optimizer:AdamMini": "constructed with a network",
    "pytorch_optimizer:DistributedMuon": "several processes of torch.distributed",
    "pytorch_optimizer:Lookahead": r"another optimizer \(its argument 'optimizer'\), .* class of your own",
    "pytorch_optimizer:BSAM:num_data=100": "needs a closure",
    "my_optimizers:Cuda": "needs CUDA",
    "torch.optim:Muon+adam": "'adam' is none",
    "torch.optim:Muon+torch.optim:AdamW:rest_epz=1": "did you mean 'rest_eps'",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_cannot_work_is_refused_with_the_reason_in_a_line(own: str, text: str) -> None:
    with pytest.raises(BadInput, match=REFUSED[text]) as refused:
        get_rule(text)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("my_optimizers:Hidden", "outside of its state_dict"),
        ("my_optimizers:Still", "have not moved any parameter"),
        ("my_optimizers:Draws", "draws from the global generator of random"),
        ("my_optimizers:Sets", r"calls torch.use_deterministic_algorithms, which changes every other training"),
        ("torch.optim:Muon", r'only supports 2D parameters .* -o "torch.optim:Muon\+torch.optim:AdamW"'),
    ],
)
def test_what_cannot_train_this_network_is_refused_before_anything_is_written(own: str, text: str, told: str) -> None:
    if text == "torch.optim:Muon":  # takes matrices alone: that depends on the network
        get_rule(text).init(torch.zeros(1, 12), ((3, 4),))
    with pytest.raises(BadInput, match=told):
        _ = Job("digits-mlp", text, "lr=0.1,0.2").default_block


@pytest.mark.parametrize(
    ("space", "told"),
    [
        ("lr=0.1,rat=1,2", "no hyperparameter 'rat'"),
        ("lr=0.1,epz=1e-8,1", "did you mean 'eps'"),
        ("alpha=0.1,1", "did you mean 'lr'"),
        ("lr=0.1,epsilon=1e-8,1", "did you mean 'eps'"),
        ("lr=0.1,betas.2=0.5,0.9", r"did you mean 'betas\.[01]'"),
        ("lr=0.1,betas.0=0.5,1.5", r"refuses betas.0=1.5 \(ValueError: Invalid beta parameter at index 0"),
    ],
)
def test_an_axis_that_the_class_lacks_or_refuses(space: str, told: str) -> None:
    with pytest.raises(BadInput, match=told):
        _ = Job("digits-mlp", "torch.optim:Adam", space).space


def test_an_axis_of_whole_numbers_has_no_others(own: str) -> None:
    with pytest.raises(BadInput, match=r"power=1\.5 is not a whole number"):
        _ = Job("digits-mlp", "my_optimizers:Signed", "lr=0.1,power=1,1.5").space


def test_a_preset_speaks_of_alpha_and_epsilon_as_the_class_does() -> None:
    assert Job("digits-mlp", "torch.optim:Adam", "tiny").space.names == ("lr", "eps")
    assert Job("digits-mlp", "pytorch_optimizer:Lion", "tiny").space.names == ("lr",)


def train(text: str, **hyper: list[float]):
    values = {name.replace("_", "."): np.array(value) for name, value in hyper.items()}
    task = get_task("digits-mlp")
    return train_block(task, task.load(None, 0), get_rule(text), values, seed=0, epochs=2)


def test_a_step_that_raises_names_a_cell(own: str) -> None:
    with pytest.raises(BadInput, match=r"its step fails at lr=100 \(my_optimizers.py, line \d+") as told:
        train("my_optimizers:Signed:limit=50", lr=[1e-3, 100.0, 0.1])
    assert "beyond the limit" in str(told.value)
    assert "\n" not in str(told.value)


def test_a_step_that_raises_at_numbers_that_are_not_finite_is_a_divergence(own: str) -> None:
    """The class refuses NaN; the cells before and behind it in the groups go on."""
    found = train("my_optimizers:Signed", lr=[1e-3, 1e38, 1e-2])
    assert found.diverged.tolist() == [False, True, False]
    alone = train("my_optimizers:Signed", lr=[1e-3, 1e-2])
    np.testing.assert_array_equal(found.train_loss[[0, 2]], alone.train_loss)


def test_a_number_too_large_for_the_parameters_is_a_divergence() -> None:
    found = train("torch.optim:Adam", lr=[1e-3, 1e300, 1e-2])
    assert found.diverged.tolist() == [False, True, False]
    alone = train("torch.optim:Adam", lr=[1e-3, 1e-2])
    np.testing.assert_array_equal(found.train_loss[[0, 2]], alone.train_loss)


def test_a_class_that_gives_parameters_and_gradients_other_memory(own: str) -> None:
    task = replace(get_task("digits-mlp"), weight_decay=0.0)
    found, expected = (
        train_block(task, task.load(None, 0), get_rule(text), {"lr": np.array([1e-3, 1e-2])}, seed=0, epochs=2)
        for text in ("my_optimizers:Moved", "torch.optim:SGD")
    )
    np.testing.assert_allclose(found.train_loss, expected.train_loss, rtol=1e-5)


def test_options_and_defaults_keep_the_classs_types(own: str) -> None:
    rule = get_rule("my_optimizers:Signed:mode=other,power=3,betas.1=0.5,cap=7")
    assert rule.hyperparameters == {"lr": 1e-3, "power": 3.0, "limit": 1e9, "betas.0": 0.9, "betas.1": 0.5, "cap": 7.0}
    assert rule.label == "Signed:mode=other,power=3,betas.1=0.5,cap=7"
    assert rule.check is not None
    assert list(rule.identity) == ["class", "source"]  # a file of the user's has no version


@pytest.mark.parametrize(
    "text", ["torch.optim:LBFGS", "torch.optim:SGD:momentum=x", "my_optimizers:Rateless", "torch.optim:Muon"]
)
def test_the_command_line_says_it_in_a_line_and_writes_nothing(
    own: str, text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "surfaces"
    assert run(["grid", "run", "digits-mlp", "-o", text, "--block", "7", "--out", str(out)]) == 2
    shown, said = capsys.readouterr()
    assert shown == ""
    assert said.count("\n") == 1
    assert text.split(":")[1] in said
    assert not out.exists()


@pytest.mark.parametrize("name", ["Waits", "Busy"])
def test_a_class_that_never_comes_back_is_refused_in_time(
    own: str, name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("trainers.classes.patience.SECONDS", 0.5)
    monkeypatch.setattr("trainers.classes.patience.PROCESSOR_SECONDS", 0.5)
    with pytest.raises(BadInput, match="has not made its first step on tensors of a few numbers"):
        get_rule(f"my_optimizers:{name}")
    assert capsys.readouterr().out == ""
