"""Direct convolutions against torch's own, whatever the sizes; and that no cell's numbers depend on its block."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from trainers.blocks.epochs import train_block
from trainers.engine.backends import stack
from trainers.engine.direct import LANES, network
from trainers.engine.direct.layers import How, Layer
from trainers.engine.direct.network import Direct, from_slices, to_slices
from trainers.engine.stack import FewAtOnce, initial
from trainers.rules import get_rule
from trainers.task import Dataset
from trainers.tasks import get_task


@pytest.fixture
def one_thread() -> Iterator[None]:
    """As a sweep's workers have it: the linear layers' values depend on the number."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def draw(*shape: int, dtype: torch.dtype = torch.float64, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def close(fast: Tensor, simple: Tensor) -> None:
    torch.testing.assert_close(fast, simple, rtol=1e-11, atol=1e-11)


SIZES = [
    # batch, inputs, outputs, height, width, filter, stride, padding; every tile of 1 to 6 outputs and 1 to 3 inputs
    (16, 1, 1, 4, 4, 1, 1, 0),
    (5, 2, 3, 7, 5, 3, 1, 1),
    (33, 3, 8, 8, 8, 3, 2, 1),
    (17, 4, 5, 6, 9, 2, 2, 0),
    (16, 5, 13, 9, 6, 5, 3, 2),
    (32, 7, 2, 5, 5, 3, 1, 2),
    (20, 16, 16, 12, 12, 3, 1, 1),
    (3, 10, 7, 3, 3, 3, 1, 3),
    (16, 6, 4, 20, 40, 3, 1, 1),
]


@pytest.mark.parametrize("shared", [True, False], ids=["shared", "each its own"])
@pytest.mark.parametrize("sizes", SIZES, ids=lambda sizes: "-".join(map(str, sizes)))
def test_convolution_and_its_gradients_are_those_of_torch(sizes: tuple[int, ...], shared: bool) -> None:
    batch, ins, outs, height, width, size, stride, padding = sizes
    cells = 2
    images, weight = draw(1 if shared else cells, batch, ins, height, width), draw(cells, outs, ins, size, size, seed=1)
    images, weight = images.requires_grad_(), weight.requires_grad_()
    how = How(batch, stride, padding)
    y = from_slices(Layer.apply(to_slices(images), weight, None, None, None, None, how)[0], batch)
    expected = torch.stack(
        [functional.conv2d(images[0 if shared else c], weight[c], None, stride, padding) for c in range(cells)]
    )
    close(y.permute(0, 4, 1, 2, 3), expected)
    above = draw(*expected.shape, seed=2)
    wanted = (weight, images)
    fast = torch.autograd.grad((y.permute(0, 4, 1, 2, 3) * above).sum(), wanted)
    for one, other in zip(fast, torch.autograd.grad((expected * above).sum(), wanted), strict=True):
        close(one, other)


@pytest.mark.parametrize("relu", [False, True])
@pytest.mark.parametrize("batch", [7, 16, 37])
@pytest.mark.parametrize("fused", [False, True], ids=["norm", "convolution and norm"])
def test_norm_and_its_gradients_are_those_of_torch(fused: bool, batch: int, relu: bool) -> None:
    cells, ins, outs, eps = 2, 3, 5 if fused else 3, 1e-3
    images, weight = (
        draw(cells, batch, ins, 6, 4).requires_grad_(),
        draw(cells, outs, ins, 3, 3, seed=1).requires_grad_(),
    )
    scale, shift = draw(cells, outs, seed=2).requires_grad_(), draw(cells, outs, seed=3).requires_grad_()
    x = to_slices(images)
    raw = torch.stack([functional.conv2d(images[c], weight[c], padding=1) for c in range(cells)]) if fused else images
    how = How(batch, 1, 1, eps, relu)
    y, mean, variance = Layer.apply(x, weight if fused else None, scale, shift, None, None, how)
    y = from_slices(y, batch).permute(0, 4, 1, 2, 3)
    expected = torch.stack(
        [functional.batch_norm(raw[c], None, None, scale[c], shift[c], True, 0.0, eps) for c in range(cells)]
    )
    expected = expected.relu() if relu else expected
    close(y, expected)
    close(mean, raw.mean(dim=(1, 3, 4)))
    close(variance, raw.var(dim=(1, 3, 4), correction=0))
    above = draw(*expected.shape, seed=4)
    wanted = (images, scale, shift, *((weight,) if fused else ()))
    fast = torch.autograd.grad((y * above).sum(), wanted)
    for one, other in zip(fast, torch.autograd.grad((expected * above).sum(), wanted), strict=True):
        close(one, other)


def test_a_large_mean_does_not_spoil_the_variance() -> None:
    images = 1e4 + draw(1, 64, 2, 8, 8, dtype=torch.float32)
    ones, zeros = torch.ones(1, 2), torch.zeros(1, 2)
    how = How(64, eps=1e-5)
    _, mean, variance = Layer.apply(to_slices(images), None, ones, zeros, None, None, how)
    precise = images.double()
    torch.testing.assert_close(mean.double(), precise.mean(dim=(1, 3, 4)), rtol=1e-6, atol=0)
    torch.testing.assert_close(variance.double(), precise.var(dim=(1, 3, 4), correction=0), rtol=1e-3, atol=0)


def test_slices_hold_the_images_and_zeros() -> None:
    images = draw(1, LANES + 3, 2, 4, 5)
    slices = to_slices(images)
    assert slices.shape == (1, 2, 4, 5, 2, LANES)
    assert not slices[0, 1, ..., 3:].any()
    torch.testing.assert_close(from_slices(slices, LANES + 3).permute(0, 4, 1, 2, 3), images, rtol=0, atol=0)


def random_cifar(examples: int) -> Dataset:
    generator = torch.Generator().manual_seed(0)
    x = torch.randint(256, (examples, 3, 32, 32), dtype=torch.uint8, generator=generator)
    y = torch.randint(10, (examples,), generator=generator)
    return Dataset("random", x, y, x[:200], y[:200], "0" * 64, ((125.3, 123.0, 113.9), (63.0, 62.1, 66.7)))


@pytest.mark.usefixtures("one_thread")
def test_a_cell_alone_is_bitwise_the_same_cell_among_many_however_many_run_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    task, rule, data = get_task("cifar10-small"), get_rule("adam"), random_cifar(256)
    alphas = np.logspace(-5, 2, 9)
    among = train_block(task, data, rule, {"alpha": alphas}, 0, epochs=1)
    assert not among.diverged.all()
    for numbers in (1, 1 << 30):
        monkeypatch.setattr(network, "TOGETHER", numbers)
        for cells in (slice(0, 1), slice(4, 9)):
            alone = train_block(task, data, rule, {"alpha": alphas[cells]}, 0, epochs=1)
            for name in ("value", "diverged", "curve", "train_loss"):
                np.testing.assert_array_equal(getattr(alone, name), getattr(among, name)[cells])


@pytest.mark.usefixtures("one_thread")
def test_a_cell_that_is_not_finite_leaves_its_neighbours_alone() -> None:
    task = get_task("cifar10-small")
    stacked = stack(task.network(), 4, torch.device("cpu"))
    assert isinstance(stacked, FewAtOnce)
    params = draw(3, sum(stacked.layout.sizes), dtype=torch.float32) / 10 if isinstance(stacked, Direct) else None
    assert params is not None
    inputs = draw(1, 32, 3, 32, 32, dtype=torch.float32)

    def gradients(params: Tensor) -> Tensor:
        buffers = {
            name: b.expand(3, *b.shape).clone() for name, b in task.network().named_buffers() if b.is_floating_point()
        }
        leaf = params.clone().requires_grad_()
        return torch.autograd.grad(stacked(leaf, buffers, inputs, True).square().sum(), leaf)[0]

    spoilt = params.clone()
    spoilt[1] = torch.nan
    before, after = gradients(params), gradients(spoilt)
    assert after[1].isnan().any()
    torch.testing.assert_close(after[::2], before[::2], rtol=0, atol=0)


@pytest.mark.parametrize("name", ["digits-mlp", "fashion-mlp"])
def test_networks_without_convolutions_run_all_the_same(name: str) -> None:
    task = get_task(name)
    shape = (32, 64) if name == "digits-mlp" else (32, 1, 28, 28)
    inputs = draw(1, *shape, dtype=torch.float32)
    outputs = []
    for backend in ("direct", "vmap"):
        _, params, buffers = initial(
            task.network, torch.zeros(3, dtype=torch.int64), torch.device("cpu"), torch.float32
        )
        stacked = stack(task.network(), len(shape), torch.device("cpu"), backend)
        if isinstance(stacked, FewAtOnce):
            assert stacked.together(inputs) >= 3
        outputs.append(stacked(params, buffers, inputs, True))
    torch.testing.assert_close(*outputs, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", ["digits-mlp", "digits-conv", "cifar10-small", "cifar10-resnet20"])
def test_known_networks_run_directly(name: str) -> None:
    dims = 2 if name == "digits-mlp" else 4
    assert isinstance(stack(get_task(name).network(), dims, torch.device("cpu")), Direct)
