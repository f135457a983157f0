"""Columns as axes of labels."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from tables_made import column, read

LABELS: dict[str, tuple[Sequence[str], Sequence[str]]] = {
    "words in order of appearance": (("relu", "tanh", "gelu"), ("relu", "tanh", "gelu")),
    "None among numbers": (("None", "1.0", "5.0"), ("", "1.0", "5.0")),
    "a blank among numbers": (("1", "", "5"), ("1", "", "5")),
    "null in lower case": (("0.5", "null"), ("0.5", "")),
    "NaN as pandas writes it": (("nan", "0.5"), ("", "0.5")),
    "a blank among words": (("", "cosine"), ("", "cosine")),
    "true and false": (("True", "False"), ("True", "False")),
    "booleans of any case": (("FALSE", "true"), ("FALSE", "true")),
    "booleans and None": (("true", "None", "false"), ("true", "", "false")),
    "lists": (("[64, 64]", "[32]"), ("[64, 64]", "[32]")),
    "words that begin with numbers": (("7B", "13B"), ("7B", "13B")),
    "words with accents": (("α", "β"), ("α", "β")),
}


@pytest.mark.parametrize("kind", LABELS)
def test_an_axis_of_labels(tmp_path: Path, kind: str) -> None:
    given, labels = LABELS[kind]
    rows = [f'{lr},"{word}",{10 * lr + place}' for lr in (1, 2) for place, word in enumerate(given)]
    surface = read(tmp_path, column("lr,what,error", *rows), "lr,what")
    assert surface.space.axis("what").values == tuple(labels)
    assert surface.space.axis("what").scale == "label"
    assert surface.value[..., 0].tolist() == [[10 * lr + place for place in range(len(given))] for lr in (1, 2)]


def test_one_number_or_boolean_is_one_label_however_it_is_spelled(tmp_path: Path) -> None:
    surface = read(tmp_path, column("a,b,error", "None,True,1", "1.0,true,2", "none,FALSE,3", "1,False,4"), "a,b")
    assert surface.space.axis("a").values == ("", "1.0")
    assert surface.space.axis("b").values == ("True", "FALSE")
    assert surface.value[..., 0].tolist() == [[1, 3], [2, 4]]
