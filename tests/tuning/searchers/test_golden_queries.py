"""Trials over fidelities, with noise, workers and cost models, as the round before played them."""

import hashlib
from typing import Any

import pytest

from grids.library import load_surface
from tuning.replay import replay

OPTIONS: dict[str, dict[str, Any]] = {
    "resume": {"max_epochs": 300.0},
    "restart, noise": {"max_epochs": 300.0, "cost_model": "restart", "noise": True},
    "stop": {"max_epochs": 300.0, "cost_model": "stop"},
    "five workers": {"max_epochs": 300.0, "workers": 5},
    "trials, within": {"max_trials": 60, "within": "alpha=1e-4..1"},
    "four workers": {"max_trials": 60, "workers": 4},
    "to the end": {"repeats": 20},
}
GOLDEN = {
    ("random", "trials, within"): "7554b9b8533b37e2",
    ("random", "four workers"): "b1be5f56442f8d2c",
    ("random", "to the end"): "0a63d9632c9e7d1f",
    ("random-unique", "trials, within"): "fb81c18648a3a95c",
    ("random-unique", "four workers"): "ca4517df52607150",
    ("random-unique", "to the end"): "4fd4f357fb58dba2",
    ("tpe", "trials, within"): "c38bf28319ed7e06",
    ("tpe", "four workers"): "b13033a97b4590b0",
    ("tpe", "to the end"): "a2baf52bb927cedc",
    ("gld", "trials, within"): "55584c42ca39f57d",
    ("gld", "four workers"): "158931393f51b321",
    ("gld", "to the end"): "fef5921d93bb388f",
    ("cgld", "trials, within"): "1604842e1b50881f",
    ("cgld", "four workers"): "17b5930885899e1e",
    ("cgld", "to the end"): "0c8e04023a3f2dc9",
    ("gld:ball=clip", "trials, within"): "084967271892b677",
    ("gld:ball=clip", "four workers"): "830534aa5acc0844",
    ("gld:ball=clip", "to the end"): "c338df21b5a6ee10",
    ("line", "trials, within"): "70853030412011f0",
    ("line", "four workers"): "294b32d9640ac34c",
    ("line", "to the end"): "24c60ea2cb025c49",
    ("line:start=middle,rounds=3", "trials, within"): "3dfd82343cc6ccdb",
    ("line:start=middle,rounds=3", "four workers"): "3eb7197b8ece8787",
    ("line:start=middle,rounds=3", "to the end"): "5aa1e9522d68ac7a",
    ("sha", "resume"): "a6062db29d3e6eaa",
    ("sha", "restart, noise"): "df743730a809b620",
    ("sha", "five workers"): "3cee0a76b33bf263",
    ("sha", "trials, within"): "f939ce576ddbc882",
    ("sha:of=tpe", "resume"): "9f7331120a8013a8",
    ("sha:of=tpe", "restart, noise"): "29acd21529516c7c",
    ("sha:of=tpe", "five workers"): "87257995b21c6b7e",
    ("sha:of=tpe", "trials, within"): "e33acb8d59b85350",
    ("hyperband", "resume"): "2f6879888a986116",
    ("hyperband", "restart, noise"): "505f858b6134eda2",
    ("hyperband", "five workers"): "c39cf141987daed7",
    ("hyperband", "trials, within"): "304b2a09c1b34a76",
    ("hyperband:of=cgld", "resume"): "be29566ad7800961",
    ("hyperband:of=cgld", "restart, noise"): "67dca03aea04a36c",
    ("hyperband:of=cgld", "five workers"): "ad8df2a301c57219",
    ("hyperband:of=cgld", "trials, within"): "76c95f3fdb8043c9",
    ("asha", "resume"): "857f5344c7fc97ef",
    ("asha", "restart, noise"): "63f5b6ec07f40ffe",
    ("asha", "stop"): "e03405463d448e56",
    ("asha", "five workers"): "2264157b0c0e5f03",
    ("asha", "trials, within"): "e11e5ac7e9ae39a8",
    ("asha:of=gld", "resume"): "3c465fdc02a34e50",
    ("asha:of=gld", "restart, noise"): "6cc129d53b17add9",
    ("asha:of=gld", "stop"): "4e3e7a087f6650a1",
    ("asha:of=gld", "five workers"): "a7d2cc568a6a57c8",
    ("asha:of=gld", "trials, within"): "222d6dc5f31b6dad",
    ("median", "resume"): "4e29f69a1052d8bc",
    ("median", "restart, noise"): "00077a03f23e0b3b",
    ("median", "stop"): "4e29f69a1052d8bc",
    ("median", "five workers"): "6c4b387cbe380c70",
    ("median", "trials, within"): "1e05d7968d9a3199",
    ("median:of=tpe", "resume"): "eb2b3994c53eab11",
    ("median:of=tpe", "restart, noise"): "e5d0dba7a1276c60",
    ("median:of=tpe", "stop"): "eb2b3994c53eab11",
    ("median:of=tpe", "five workers"): "3f99836cfd3ebee4",
    ("median:of=tpe", "trials, within"): "517678494f353502",
    ("sha:of=random-unique", "resume"): "fffa2a9bcd35a271",
    ("sha:of=random-unique", "restart, noise"): "8e2a8b5f65c0e2d3",
    ("sha:of=random-unique", "five workers"): "9f24842c67e2ed2a",
    ("sha:of=random-unique", "trials, within"): "edb0dc196019dc12",
}


def digest(searcher: str, options: str) -> str:
    found = replay({"s": load_surface("kjv-lstm/adam")}, [searcher], **{"repeats": 4, **OPTIONS[options]})
    lines = [" ".join(map(repr, row)) for row in found.itertuples(index=False, name=None)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


@pytest.mark.parametrize(("searcher", "options"), GOLDEN)
def test_queries_are_those_of_the_round_before(searcher: str, options: str) -> None:
    assert digest(searcher, options) == GOLDEN[searcher, options]
