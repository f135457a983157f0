"""The trials of the first round's searchers, as its code played them: what came later has changed none but CMA-ES's."""

import hashlib

import pytest

from grids.library import load_surface
from tuning.replay import replay

COLUMNS = ["repeat", "trial", "unique", "best", "suboptimality", "end"]
GOLDEN = {
    ("digits-mlp/adam", "random", False): "d6fe4f684ca65435",
    ("digits-mlp/adam", "random", True): "93cf85f12b463754",
    ("digits-mlp/adam", "random-unique", False): "8ec4a5890331903f",
    ("digits-mlp/adam", "random-unique", True): "00e165fb61e20136",
    ("digits-mlp/adam", "tpe", False): "16a2fa13b9e0417f",
    ("digits-mlp/adam", "tpe", True): "f157aa37464cec2e",
    ("digits-mlp/adam", "cmaes", False): "ae7b5313a13b1ef0",
    ("digits-mlp/adam", "cmaes", True): "14d4e710feb867c4",
    ("digits-mlp/adam", "gld", False): "743fce81beb59c3f",
    ("digits-mlp/adam", "gld", True): "12a3412f6460a0fb",
    ("digits-mlp/adam", "cgld", False): "9cad6eeae852773a",
    ("digits-mlp/adam", "cgld", True): "9f8ef5503182f634",
    ("digits-mlp/adam", "gld:ball=clip", False): "5e536a6ec72e57e6",
    ("digits-mlp/adam", "gld:ball=clip", True): "ac5eaf53e60885d7",
    ("digits-mlp/adam", "optuna:RandomSampler", False): "3d34cdb2548d95a9",
    ("digits-mlp/adam", "optuna:RandomSampler", True): "8e93dbc78c35d019",
    ("digits-conv/sgd", "random", False): "ead54b780f3f91ff",
    ("digits-conv/sgd", "random", True): "87ab3cb44ace0504",
    ("digits-conv/sgd", "random-unique", False): "98495878f26bf648",
    ("digits-conv/sgd", "random-unique", True): "432edbb88be4dc65",
    ("digits-conv/sgd", "tpe", False): "390e6f9545baafe8",
    ("digits-conv/sgd", "tpe", True): "31529ba33325abe7",
    ("digits-conv/sgd", "cmaes", False): "3ec1f4f75d95bcc8",
    ("digits-conv/sgd", "cmaes", True): "3ed0bffeeed944ef",
    ("digits-conv/sgd", "gld", False): "933498727a0d0e44",
    ("digits-conv/sgd", "gld", True): "d90a5ff6a26cd5f1",
    ("digits-conv/sgd", "cgld", False): "d66d4c172d4dcf82",
    ("digits-conv/sgd", "cgld", True): "191fbb7b7f905698",
    ("digits-conv/sgd", "gld:ball=clip", False): "59679bebf1675d5c",
    ("digits-conv/sgd", "gld:ball=clip", True): "c1c983f4eea58f15",
    ("digits-conv/sgd", "optuna:RandomSampler", False): "c13ae62a3ad3f772",
    ("digits-conv/sgd", "optuna:RandomSampler", True): "f4994967c341f5e5",
}


def digest(surface: str, searcher: str, noise: bool) -> str:
    frame = replay({surface: load_surface(surface)}, [searcher], repeats=10, max_trials=90, noise=noise)
    lines = [" ".join(map(repr, row)) for row in frame[COLUMNS].itertuples(index=False, name=None)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


@pytest.mark.parametrize(("surface", "searcher", "noise"), GOLDEN)
def test_trials_are_those_of_the_first_round(surface: str, searcher: str, noise: bool) -> None:
    assert digest(surface, searcher, noise) == GOLDEN[surface, searcher, noise]
