"""Random flips and crops of images on their device: one gather for a whole batch, the same for all cells."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True)
class FlipCrop:
    """A task's `augment`: each image is mirrored or not, then cropped from a zero-padded copy of itself.

    He et al. 2015 (arXiv:1512.03385), section 4.2. Each image takes one number from the generator. On a CPU the
    images of an epoch therefore get the same draws however they are cut into batches.

    Args:
        padding: zeros put around the image, in pixels.
    """

    padding: int = 4

    def __call__(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Images `[batch, channels, height, width]` of any type, changed; the same shape and type."""
        places = 2 * self.padding + 1
        draws = torch.randint(
            2 * places * places, (len(images),), generator=generator, device=images.device, dtype=torch.int64
        )
        return flip_and_crop(images, draws % 2 == 1, draws // 2 // places, draws // 2 % places, self.padding)


def flip_and_crop(images: Tensor, flip: Tensor, top: Tensor, left: Tensor, padding: int) -> Tensor:
    """Mirror the images that `flip` says, pad, and crop each to its former size from row `top` and column `left`.

    Args:
        images: `[batch, channels, height, width]`.
        flip: bool `[batch]`.
        top, left: int64 `[batch]`, from 0 to 2·padding; `padding` itself leaves an image where it was.
        padding: zeros on each side.
    """
    batch, channels, height, width = images.shape
    padded = functional.pad(images, (padding,) * 4)
    device = images.device
    rows = top[:, None] + torch.arange(height, device=device)
    columns = left[:, None] + torch.arange(width, device=device)
    # A crop of the mirrored image is the mirrored place of the image itself.
    columns = torch.where(flip[:, None], width + 2 * padding - 1 - columns, columns)
    return padded[
        torch.arange(batch, device=device)[:, None, None, None],
        torch.arange(channels, device=device)[None, :, None, None],
        rows[:, None, :, None],
        columns[:, None, None, :],
    ]
