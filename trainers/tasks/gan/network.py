"""Generators and discriminators: the paper's for CIFAR-10, and perceptrons for 8×8 digits."""

import torch
from torch import Tensor, nn


class Gan(nn.Module):
    """The two networks of a GAN, one module so that a task's `network` makes both.

    Args:
        generator: from latent vectors `[batch, latent]` to images in [−1, 1].
        discriminator: from images to one score each, `[batch, 1]`; higher for images that it takes for real.
        latent: numbers in a latent vector, drawn from N(0, 1).
    """

    def __init__(self, generator: nn.Module, discriminator: nn.Module, latent: int) -> None:
        super().__init__()
        self.generator, self.discriminator, self.latent = generator, discriminator, latent

    def forward(self, latents: Tensor) -> Tensor:
        """Images."""
        return torch.as_tensor(self.generator(latents))


class SumPositions(nn.Module):
    """From `[batch, channels, height, width]` to `[batch, channels]`."""

    def forward(self, x: Tensor) -> Tensor:
        """The sum over positions."""
        return x.sum(dim=(2, 3))


def orthogonal(network: nn.Module) -> nn.Module:
    """Orthogonal weights (Saxe et al. 2014) in linear layers and convolutions, zero biases. Returns the network."""
    for module in network.modules():
        if isinstance(module, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
            nn.init.orthogonal_(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return network


LATENT = 128
EPS = 1e-4
"""Of batch norm."""


def geometric_gan() -> Gan:
    """The paper's Geometric GAN for 32×32 images: 3,812,355 and 2,931,009 parameters.

    DCGAN's shape (Radford et al. 2016) as StudioGAN has it for CIFAR-10. Generator: 128 → linear to 512×4×4 → three
    transposed convolutions of 4×4, stride 2, to 256, 128 and 64 channels, each with batch norm and ReLU → 3×3
    convolution to 3 channels → tanh. Discriminator: three pairs of a 3×3 and a 4×4 convolution of stride 2, to 64, 128
    and 256 channels, then 3×3 to 512, each with batch norm and ReLU; summed over positions; linear to a score.
    """
    generator: list[nn.Module] = [nn.Linear(LATENT, 512 * 4 * 4), nn.Unflatten(1, (512, 4, 4))]
    for inputs, outputs in ((512, 256), (256, 128), (128, 64)):
        up = nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1)
        generator += [up, nn.BatchNorm2d(outputs, eps=EPS), nn.ReLU()]
    generator += [nn.Conv2d(64, 3, 3, padding=1), nn.Tanh()]
    discriminator: list[nn.Module] = []
    for inputs, outputs in ((3, 64), (64, 128), (128, 256)):
        discriminator += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs, eps=EPS), nn.ReLU()]
        discriminator += [nn.Conv2d(outputs, outputs, 4, stride=2, padding=1)]
        discriminator += [nn.BatchNorm2d(outputs, eps=EPS), nn.ReLU()]
    discriminator += [nn.Conv2d(256, 512, 3, padding=1), nn.BatchNorm2d(512, eps=EPS), nn.ReLU()]
    discriminator += [SumPositions(), nn.Linear(512, 1)]
    made = Gan(nn.Sequential(*generator), nn.Sequential(*discriminator), LATENT)
    orthogonal(made)
    return made


def digits_gan() -> Gan:
    """Perceptrons for 8×8 digits, as the first GANs were (Goodfellow et al. 2014): 9,536 and 8,513 parameters.

    Generator 16-64-64-64, tanh; discriminator 64-64-64-1; batch norm and ReLU after every hidden layer of both.
    """
    generator = nn.Sequential(*_hidden(16, 64), *_hidden(64, 64), nn.Linear(64, 64), nn.Tanh())
    generator.append(nn.Unflatten(1, (1, 8, 8)))
    discriminator = nn.Sequential(nn.Flatten(), *_hidden(64, 64), *_hidden(64, 64), nn.Linear(64, 1))
    made = Gan(generator, discriminator, 16)
    orthogonal(made)
    return made


def _hidden(inputs: int, outputs: int) -> list[nn.Module]:
    return [nn.Linear(inputs, outputs, bias=False), nn.BatchNorm1d(outputs), nn.ReLU()]
