"""Flip and crop against the plainest loop; the same for equal seeds and any cut into batches."""

import pytest
import torch
from torch import Tensor

from trainers.tasks.images.augment import FlipCrop, flip_and_crop


def naive(image: Tensor, flip: bool, top: int, left: int, padding: int) -> Tensor:
    channels, height, width = image.shape
    out = torch.zeros_like(image)
    for c in range(channels):
        for i in range(height):
            for j in range(width):
                row, column = i + top - padding, j + left - padding
                if 0 <= row < height and 0 <= column < width:
                    out[c, i, j] = image[c, row, width - 1 - column if flip else column]
    return out


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
@pytest.mark.parametrize(("shape", "padding"), [((3, 8, 8), 4), ((2, 5, 7), 2), ((1, 4, 4), 0)])
def test_it_is_what_a_loop_gives(shape: tuple[int, int, int], padding: int, dtype: torch.dtype) -> None:
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(1, 256, (40, *shape), generator=generator).to(dtype)
    flip = torch.rand(40, generator=generator) < 0.5
    top, left = torch.randint(0, 2 * padding + 1, (2, 40), generator=generator)
    out = flip_and_crop(images, flip, top, left, padding)
    assert out.dtype == dtype
    for k in range(40):
        assert torch.equal(out[k], naive(images[k], bool(flip[k]), int(top[k]), int(left[k]), padding))


def test_equal_seeds_give_equal_images_however_cut() -> None:
    images = torch.randint(0, 256, (60, 3, 8, 8), dtype=torch.uint8)
    augment = FlipCrop()

    def cut(sizes: list[int], seed: int) -> Tensor:
        generator = torch.Generator().manual_seed(seed)
        return torch.cat([augment(part, generator) for part in images.split(sizes)])

    whole = cut([60], 5)
    assert torch.equal(whole, cut([60], 5))
    assert torch.equal(whole, cut([1, 7, 20, 32], 5))
    assert not torch.equal(whole, cut([60], 6))


def test_every_place_and_both_sides_are_equally_likely() -> None:
    padding, count = 1, 18_000
    image = torch.arange(1, 10, dtype=torch.uint8).view(1, 1, 3, 3)
    out = FlipCrop(padding)(image.expand(count, -1, -1, -1), torch.Generator().manual_seed(0))
    kinds, counts = out.flatten(1).unique(dim=0, return_counts=True)
    assert len(kinds) == 2 * 3 * 3
    # 1,000 expected of each; the standard deviation is 31
    assert counts.min() > 850
    assert counts.max() < 1150
