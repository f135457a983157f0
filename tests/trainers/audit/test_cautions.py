"""Warnings before a sweep, and what a surface's header keeps of an audit."""

import json
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq

from grids.space import parse_space
from trainers.audit.cautions import cautions, verdicts


def test_an_axis_that_is_not_read_and_a_schedule_that_is_not_seen() -> None:
    space = parse_space("lr=1e-3,1e-2,eps=1e-8,1e-2")
    assert cautions("torch.optim:Adam", space, "step") == []
    (line,) = cautions("pytorch_optimizer:PNM", space, "step")
    assert "'eps' has no effect from 1e-08 to 0.01" in line
    (line,) = cautions("torch.optim:Rprop", parse_space("lr=1e-3,1e-2"), "step")
    assert "schedule 'step' has no effect" in line
    assert cautions("torch.optim:Rprop", parse_space("lr=1e-3,1e-2"), "constant") == []


def test_verdicts() -> None:
    assert verdicts("torch.optim:AdamW") == {"follows_schedule": "at once", "decay": "decoupled"}
    assert verdicts("torch.optim:Rprop") == {"follows_schedule": "never"}


def test_a_sweep_warns_and_its_surface_says_so(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tuning", "grid", "run", "digits-mlp", "-o", "torch.optim:Rprop"]
    command += ["--space", "lr=1e-3,1e-2", "--epochs", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert "warning: torch.optim:Rprop: its steps stay as long when the learning rate is cut" in done.stderr
    (path,) = (tmp_path / "surfaces").glob("digits-mlp/*.parquet")
    header = json.loads(pq.read_schema(path).metadata[b"tunecost"])
    assert header["fixed"]["audit"] == {"follows_schedule": "never"}
