"""The order and the labels of searchers in figures."""

from dataclasses import replace

import pandas as pd

from analysis.figures.names import searcher_labels
from analysis.replays import split


def test_searchers_stand_in_the_headers_order_then_as_they_come(table: pd.DataFrame) -> None:
    groups = [replace(group, searcher_labels={"cgld": "C", "random": "R"}) for group in split(table)]
    assert searcher_labels(groups) == {"cgld": "C", "random": "R", "gld": "gld"}
    assert list(searcher_labels(groups)) == ["cgld", "random", "gld"]
    assert list(searcher_labels(split(table))) == ["random", "gld", "cgld"]
