"""The CPU-size character models learn what they should: a good cell against the classical model of the same text."""

import math
from collections import Counter, defaultdict

import numpy as np
import pytest
import torch

from trainers.blocks.epochs import train_block
from trainers.device import single_threaded
from trainers.rules import get_rule
from trainers.tasks import get_task


def ngram_bits(train: list[int], valid: list[int], order: int, kinds: int) -> float:
    """Bits per character of an n-gram model with Witten & Bell's interpolation (1991, their method C).

    p(s | context) = (count(context, s) + T·p(s | shorter)) / (count(context) + T), T the kinds seen after the context;
    below the empty context every kind is as likely. A context never seen is judged by the next shorter one.
    """
    counts: list[dict[tuple[int, ...], Counter[int]]] = [defaultdict(Counter) for _ in range(order)]
    for place, symbol in enumerate(train):
        for length in range(min(order, place + 1)):
            counts[length][tuple(train[place - length : place])][symbol] += 1
    totals = [{context: found.total() for context, found in some.items()} for some in counts]
    bits = 0.0
    for place, symbol in enumerate(valid):
        p = 1.0 / kinds
        for length in range(min(order, place + 1)):
            context = tuple(valid[place - length : place])
            if context not in totals[length]:
                break
            found = counts[length][context]
            p = (found[symbol] + len(found) * p) / (totals[length][context] + len(found))
        bits -= math.log2(p)
    return bits / len(valid)


def test_an_ngram_model_of_a_text_that_repeats_itself_needs_few_bits() -> None:
    text = [0, 1, 2, 3] * 500
    assert ngram_bits(text, text, 2, 4) < 0.01
    coin = np.random.default_rng(0).integers(4, size=20_000).tolist()
    assert ngram_bits(coin[:15_000], coin[15_000:], 1, 4) == pytest.approx(2.0, abs=0.01)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "alpha", "ahead"), [("kjv-lstm", 0.02, 0.3), ("kjv-transformer", 0.004, 0.05)])
def test_a_good_cell_is_ahead_of_an_ngram_model_of_order_3(name: str, alpha: float, ahead: float) -> None:
    task = get_task(name)
    data = task.load(None, 0)
    classical = ngram_bits(data.train_x.tolist(), data.valid_x.tolist(), 3, 68)
    assert classical == pytest.approx(2.585, abs=0.001)
    hyper = {"alpha": np.array([alpha]), "epsilon": np.array([1e-8])}
    with single_threaded(torch.device("cpu")):
        result = train_block(task, data, get_rule("adam"), hyper, 0)
    assert result.curve[0, 0] < 3.8
    assert result.value[0] < classical - ahead
