"""The language procedure against a plain loop over `nn.LSTM` for one cell, and its promises on blocks and resuming."""

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from grids.errors import BadInput
from trainers.blocks.epochs import train_block
from trainers.blocks.results import BlockResult, Snapshot
from trainers.dataset import Dataset
from trainers.order import segment_generator, segment_lengths
from trainers.procedures.base import Size
from trainers.rules import get_rule
from trainers.schedule import Schedule
from trainers.tasks.language.network import CharacterLSTM, CharacterTransformer, Dropout
from trainers.tasks.language.procedure import Language, State
from trainers.tasks.language.streams import streams
from trainers.tasks.language.task import LanguageTask
from trainers.tasks.language.text import kinds_of, number, text_data

KINDS, BATCH, SEGMENT = 11, 4, 6


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """As in a sweep, whose workers train on one thread each."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


DROPOUT = Dropout(inputs=0.1, between=0.25, outputs=0.1, recurrent=0.5)
LSTM = partial(CharacterLSTM, kinds=KINDS, embedding=7, hidden=9, layers=3, dropout=DROPOUT)
TRANSFORMER = partial(CharacterTransformer, kinds=KINDS, width=8, heads=2, layers=2, context=SEGMENT)
CPU = torch.device("cpu")


def made_up(symbols: int, seed: int) -> str:
    letters = np.random.default_rng(seed).integers(KINDS - 1, size=symbols).cumsum() % (KINDS - 1)
    return "z" + "".join(chr(97 + k) for k in letters[1:])


DATA = text_data("made up", number(made_up(4 * (15 * SEGMENT + 3) + 2, 0), made_up(130, 1)), "0" * 64)
TASK = LanguageTask(
    name="letters",
    network=LSTM,
    load=lambda folder, seed: DATA,
    epochs=2,
    batch_size=BATCH,
    segment=SEGMENT,
    evaluation_batch=3,
    schedule=Schedule(milestones=(0.5,), factor=0.1),
    weight_decay=0.01,
)
ALPHAS = np.array([1e-4, 0.02, 0.02, 0.3, 0.05])
EPSILONS = np.array([1e-8, 1e-8, 0.1, 1e-3, 10.0])
HYPER = {"alpha": ALPHAS, "epsilon": EPSILONS}


def layers_forward(network: CharacterLSTM, x: Tensor, state: list, masks: dict[str, Tensor]) -> tuple[Tensor, list]:
    """The network by its layers' own `nn.LSTM.forward`, their weights replaced where they are masked."""
    out, after = functional.embedding(x, network.embedding), []
    out = out * masks.get("units0", 1.0)
    for k, layer in enumerate(network.layers, start=1):
        weights = list(layer.parameters())
        if f"weights{k}" in masks:
            weights[1] = weights[1] * masks[f"weights{k}"]
        layer._flat_weights = weights
        out, carried = layer(out, state[k - 1])
        after.append(tuple(t.detach() for t in carried))
        out = out * masks.get(f"units{k}", 1.0)
    return out @ network.embedding.T + network.bias, after


def plain_training(seed: int, alpha: float, epsilon: float, epochs: int) -> tuple[float, float, Tensor]:
    """One cell, as anybody would write it: bits per character, last epoch's mean loss, and all parameters."""
    torch.manual_seed(seed)
    network = LSTM().double()
    optimizer = torch.optim.Adam(network.parameters(), lr=alpha, eps=epsilon, weight_decay=TASK.weight_decay)
    text = streams(DATA.train_x, BATCH)
    for epoch in range(epochs):
        state: list = [None] * 3
        sum_of_losses, symbols = 0.0, 0
        for segment, begun in enumerate(range(0, len(text) - 1, SEGMENT)):
            end = min(begun + SEGMENT, len(text) - 1)
            masks = network.masks(BATCH, segment_generator(seed, epoch, segment, CPU))
            masks = {name: mask.double() for name, mask in masks.items()}
            scores, state = layers_forward(network, text[begun:end], state, masks)
            loss = functional.cross_entropy(scores.flatten(0, 1), text[begun + 1 : end + 1].flatten())
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 0.25)
            decay = 0.1 if epoch >= 0.5 * epochs else 1.0
            optimizer.param_groups[0]["lr"] = alpha * decay * (end - begun) / SEGMENT
            optimizer.step()
            sum_of_losses += loss.item() * (end - begun)
            symbols += end - begun
    valid = streams(DATA.valid_x, 3)
    with torch.no_grad():
        scores, _ = layers_forward(network, valid[:-1], [None] * 3, {})
    bits = functional.cross_entropy(scores.flatten(0, 1), valid[1:].flatten()).item() / math.log(2)
    return bits, sum_of_losses / symbols, torch.cat([p.detach().flatten() for p in network.parameters()])


def train(task: LanguageTask = TASK, seed: "int | np.ndarray" = 3, **more: object) -> BlockResult:
    return train_block(task, DATA, get_rule("adam"), HYPER, seed, **more)


@pytest.mark.parametrize("backend", ["each", "fused"])
def test_every_cell_equals_a_plain_loop(backend: str) -> None:
    # 16 segments an epoch, the last one shorter: 32 steps with every dropout, carried state, clipping and decay.
    kept: list[Snapshot] = []
    result = train(dtype=torch.float64, backend=backend, on_epoch=kept.append)
    for cell, (alpha, epsilon) in enumerate(zip(ALPHAS, EPSILONS, strict=True)):
        bits, loss, params = plain_training(3, alpha, epsilon, 2)
        mine = kept[-1].state[0][cell]
        assert float((mine - params).norm() / params.norm()) <= 1e-9
        assert result.value[cell] == pytest.approx(bits, rel=1e-9)
        assert result.train_loss[cell] == pytest.approx(loss, rel=1e-9)
    assert not result.diverged.any()


def test_a_transformer_is_the_same_one_by_one_and_by_vmap() -> None:
    task = replace(TASK, network=TRANSFORMER)
    one, fused = (train(task, dtype=torch.float64, backend=backend) for backend in ("each", "fused"))
    np.testing.assert_allclose(fused.value, one.value, rtol=1e-9)
    np.testing.assert_allclose(fused.train_loss, one.train_loss, rtol=1e-9)
    assert len(set(one.value)) == len(ALPHAS)


def test_no_place_of_a_transformer_sees_what_follows() -> None:
    network, symbols = TRANSFORMER(), torch.randint(KINDS, (SEGMENT, 2))
    other = symbols.clone()
    other[4:] = (other[4:] + 1) % KINDS
    first, second = (network(x, (), {})[0] for x in (symbols, other))
    assert torch.allclose(first[:4], second[:4], atol=1e-6)
    assert not torch.allclose(first[4:], second[4:], atol=1e-3)


def same(one: BlockResult, at: int, other: BlockResult, there: int) -> None:
    for mine, theirs in zip(one[:-1], other[:-1], strict=True):
        np.testing.assert_array_equal(mine[at], theirs[there])


@pytest.mark.parametrize("network", [LSTM, TRANSFORMER], ids=["lstm", "transformer"])
def test_a_cell_alone_is_bitwise_the_cell_among_many(network: Callable[[], nn.Module]) -> None:
    task = replace(TASK, network=network)
    many = train(task)
    for cell in range(len(ALPHAS)):
        mine = {name: column[cell : cell + 1] for name, column in HYPER.items()}
        same(many, cell, train_block(task, DATA, get_rule("adam"), mine, 3), 0)


def test_fused_on_a_cpu_a_cell_alone_differs_by_rounding_alone() -> None:
    many = train(backend="fused")
    alone = train_block(TASK, DATA, get_rule("adam"), {k: v[:1] for k, v in HYPER.items()}, 3, backend="fused")
    np.testing.assert_allclose(alone.value, many.value[:1], rtol=1e-5)


@pytest.mark.parametrize("backend", ["each", "fused"])
def test_cells_of_several_seeds_in_one_block_equal_those_of_their_own(backend: str) -> None:
    seeds = np.array([1, 2, 2, 1, 3])
    together = train(seed=seeds, backend=backend)
    for cell, seed in enumerate(seeds):
        apart = train(seed=int(seed), backend=backend)
        np.testing.assert_allclose(together.value[cell], apart.value[cell], rtol=0 if backend == "each" else 1e-5)
    assert len(set(together.value)) == len(seeds)


@pytest.mark.parametrize("random_segments", [False, True])
def test_continuing_from_a_snapshot_changes_nothing(random_segments: bool) -> None:
    task = replace(TASK, random_segments=random_segments, segment=8, epochs=3)
    kept: list[Snapshot] = []
    whole = train(task, on_epoch=kept.append)
    resumed = train(task, snapshot=kept[1])
    for cell in range(len(ALPHAS)):
        same(whole, cell, resumed, cell)


def test_random_segments_are_other_segments_of_the_same_text() -> None:
    usual, drawn = train(), train(replace(TASK, random_segments=True))
    assert not np.array_equal(usual.value, drawn.value)
    lengths = [segment_lengths(100_000, 150, epoch) for epoch in range(4)]
    assert [sum(each) for each in lengths] == [100_000] * 4
    assert lengths[0] != lengths[1]
    every = np.concatenate([each[:-1] for each in lengths])
    assert every.min() >= 5
    assert np.mean(np.abs(every - 75) < 25) == pytest.approx(0.05, abs=0.02)
    assert every[every > 110].mean() == pytest.approx(149.5, abs=0.5)  # whole numbers, rounded down
    assert every[every > 110].std() == pytest.approx(5, abs=0.5)


def test_a_cell_that_diverges_is_worth_a_uniform_guess_and_leaves_the_others_alone() -> None:
    alphas = np.array([0.01, 1e38, 0.02])
    result = train_block(TASK, DATA, get_rule("sgd"), {"alpha": alphas}, 3)
    assert result.diverged.tolist() == [False, True, False]
    assert result.value[1] == math.log2(KINDS)
    same(result, 2, train_block(TASK, DATA, get_rule("sgd"), {"alpha": alphas[2:]}, 3), 0)


@pytest.mark.parametrize("backend", ["each", "fused"])
def test_a_uniform_model_has_log2_of_the_kinds(backend: str) -> None:
    procedure = Language(TASK, DATA, get_rule("sgd"), CPU, torch.float32, 1, backend)
    state = procedure.start(torch.zeros(2, dtype=torch.int64))
    found = procedure.evaluate(State(torch.zeros_like(state.params), state.rule))
    assert found.value.tolist() == pytest.approx([math.log2(KINDS)] * 2, abs=1e-6)
    assert TASK.metric.resolved(DATA).failure_value == math.log2(KINDS)


def test_a_gradient_is_clipped_by_its_own_norm() -> None:
    loose, tight = (train(replace(TASK, clip=clip)) for clip in (None, 1e-9))
    assert not np.array_equal(loose.value, tight.value)
    both = train_block(TASK, DATA, get_rule("sgd"), {"alpha": np.array([0.1, 1e38])}, 3)
    alone = train_block(TASK, DATA, get_rule("sgd"), {"alpha": np.array([0.1])}, 3)
    same(both, 0, alone, 0)


def test_a_text_read_in_pieces_has_the_scores_of_the_whole() -> None:
    network = partial(CharacterLSTM, kinds=KINDS, embedding=7, hidden=9, layers=2)
    procedure = Language(replace(TASK, network=network), DATA, get_rule("sgd"), CPU, torch.float64, 1)
    params, text = procedure.start(torch.tensor([5])).params, procedure.train_text
    whole, _ = procedure.run(params, text, procedure.carried_at_start(1, BATCH), {})
    carried, pieces = procedure.carried_at_start(1, BATCH), []
    for piece in text.split(31):
        scores, carried = procedure.run(params, piece, carried, {})
        pieces.append(scores)
    assert torch.allclose(torch.cat(pieces, dim=1), whole, rtol=1e-12)


def test_masks_are_locked_scaled_and_drawn_from_seed_epoch_and_segment() -> None:
    network = CharacterLSTM(KINDS, 40, 50, 2, Dropout(0.1, 0.25, 0.2, 0.5))
    draw = lambda *key: network.masks(64, segment_generator(*key, CPU))  # noqa: E731
    masks = draw(1, 2, 3)
    assert {name: tuple(mask.shape) for name, mask in masks.items()} == {
        "units0": (64, 40),
        "units1": (64, 50),
        "weights1": (200, 50),
        "units2": (64, 40),
        "weights2": (160, 40),
    }
    for name, drop in (("units0", 0.1), ("units1", 0.25), ("units2", 0.2), ("weights1", 0.5)):
        mask = masks[name]
        assert float((mask == 0).double().mean()) == pytest.approx(drop, abs=0.03)
        assert mask.unique().tolist() == pytest.approx([0.0, 1 / (1 - drop)])
    assert all(torch.equal(mask, draw(1, 2, 3)[name]) for name, mask in masks.items())
    for other in ((2, 2, 3), (1, 3, 3), (1, 2, 4)):
        assert not torch.equal(masks["weights1"], draw(*other)["weights1"])
    assert CharacterLSTM(KINDS, 40, 50, 2).masks(64, segment_generator(1, 2, 3, CPU)) == {}


@pytest.mark.parametrize(("batch", "steps", "evaluation"), [(2, 3, 1), (4, 1, 0.01), (1, 1, 2)])
def test_a_part_of_the_work_is_as_much_as_asked_for(batch: int, steps: int, evaluation: float) -> None:
    task, data = Language.part(TASK, DATA, Size(batch, steps, evaluation))
    assert isinstance(task, LanguageTask)
    procedure = Language(task, data, get_rule("sgd"), CPU, torch.float32, 1)
    assert procedure.lengths(0) == [SEGMENT] * steps
    assert procedure.train_text.shape == (steps * SEGMENT + 1, batch)
    assert Language.size(TASK, DATA) == Size(BATCH, 16, len(DATA.valid_x) / BATCH / SEGMENT)
    assert procedure.evaluate(procedure.start(torch.zeros(1, dtype=torch.int64))).finite.all()


TEXT = "the cat sat on the mat. " * 20


def language_data(train: str = TEXT, valid: str = TEXT) -> Dataset:
    return text_data("cats", number(train, valid), "0" * 64)


@pytest.mark.parametrize(
    ("task", "data", "says"),
    [
        (replace(TASK, batch_size=300), language_data(), r"training text of 480 symbols is too short for 300 streams"),
        (replace(TASK, segment=200), language_data(), r"a segment of 200 symbols is longer than a stream of its train"),
        (replace(TASK, segment=100), language_data(valid=TEXT[:60]), r"longer than a stream of its validation text"),
        (TASK, language_data() and replace(language_data(), train_x=torch.rand(500)), r"a text is whole numbers"),
        (TASK, replace(language_data(), kinds=3), r"symbols of its text must lie from 0 to 2"),
        (
            replace(TASK, network=partial(LSTM, kinds=5)),
            language_data(),
            r"text has 11 kinds of symbols, its network 5",
        ),
        (replace(TASK, network=TRANSFORMER, segment=7), language_data(), r"takes 6 symbols at most, not segments of 7"),
        (replace(TASK, network=TRANSFORMER, random_segments=True), language_data(), r"at most, not random segments"),
        (replace(TASK, network=lambda: nn.Linear(2, 2)), language_data(), r"its network is not a language network"),
    ],
    ids=[
        "batch",
        "segment",
        "validation segment",
        "floats",
        "kinds",
        "network's kinds",
        "context",
        "random context",
        "network",
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(task: LanguageTask, data: Dataset, says: str) -> None:
    with pytest.raises(BadInput, match=says) as refused:
        train_block(task, data, get_rule("sgd"), {"alpha": np.array([0.1])}, 0)
    assert "\n" not in str(refused.value)


def test_a_text_of_one_kind_of_character_is_refused() -> None:
    with pytest.raises(BadInput, match=r"only one kind of character, 'a'"):
        language_data("a" * 100, "aaa")
    with pytest.raises(BadInput, match=r"its validation part is empty"):
        language_data("abc", "")


def test_a_text_numbers_its_kinds_over_all_splits() -> None:
    text = number("cab", "d", "\n")
    assert text.kinds == "\nabcd"
    data = text_data("x", text, "0" * 64)
    assert kinds_of(data) == 5
    assert kinds_of(replace(data, kinds=None)) == 5


@pytest.mark.parametrize(("network", "backend"), [(LSTM, "fused"), (TRANSFORMER, "fused"), (TRANSFORMER, "each")])
def test_in_bfloat16_parameters_stay_in_float32(network: Callable[[], nn.Module], backend: str) -> None:
    task, kept = replace(TASK, network=network), []
    low = train(task, dtype=torch.bfloat16, backend=backend, on_epoch=kept.append)
    assert {tensor.dtype for tensor in kept[-1].state if tensor.dim() > 1} == {torch.float32}
    np.testing.assert_allclose(low.value[:3], train(task).value[:3], rtol=0.02)
