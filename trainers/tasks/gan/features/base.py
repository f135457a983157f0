"""The definition of a feature network: a name, fixed weights, and their digest."""

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from grids.errors import BadInput


@dataclass(frozen=True, eq=False)
class Features:
    """A fixed network from images to features.

    Args:
        title: its usual name.
        size: features of an image.
        shape: of an image: channels, height, width.
        network: gives features `[n, size]` from images as `prepare` makes them.
        sha256: of the network's weights.
        prepare: from images in [−1, 1] to the network's input.
        metric: what the Fréchet distance by these features is called; empty for one that names the title.
    """

    title: str
    size: int
    shape: tuple[int, int, int]
    network: nn.Module
    sha256: str
    prepare: Callable[[Tensor], Tensor]
    metric: str = ""

    @torch.no_grad()
    def __call__(self, images: Tensor) -> Tensor:
        """Features, float32 or better `[n, size]`, of images `[n, channels, height, width]` in [−1, 1].

        Raises:
            BadInput: images of another shape.
        """
        if tuple(images.shape[1:]) != self.shape:
            found, wanted = ("x".join(map(str, shape)) for shape in (images.shape[1:], self.shape))
            raise BadInput(f"the features of {self.title} are of images of {wanted} (channels, height, width): {found}")
        with torch.autocast(images.device.type, enabled=False):
            return torch.as_tensor(self.network(self.prepare(images)))

    def to(self, device: torch.device) -> "Features":
        """The same on another device; these here stay where they are."""
        here = next(self.network.parameters()).device
        return self if here == device else replace(self, network=copy.deepcopy(self.network).to(device))


def title_of_distance(title: str) -> str:
    """The name of the Fréchet distance by the features of a network."""
    return f"Fréchet distance ({title})"


def pixels(images: Tensor) -> Tensor:
    """Images in [−1, 1] as a file would hold them: whole numbers from 0 to 255, float32; not finite where they are.

    >>> pixels(torch.tensor([-1.0, 0.0, 0.5, 2.0]))
    tensor([  0., 128., 191., 255.])
    """
    return ((images.float() + 1) * 127.5).round().clamp(0, 255)


def frozen(network: nn.Module) -> nn.Module:
    """The network as one that only judges: in evaluation mode, no gradients for its weights."""
    return network.eval().requires_grad_(False)
