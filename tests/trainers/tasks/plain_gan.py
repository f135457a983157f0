"""Adversarial training of one cell by a plain torch loop: the oracle of the fused procedure."""

from collections.abc import Callable

import numpy as np
import torch
from torch import nn
from torch.optim import Optimizer

from trainers.order import augment_generator, batches, latent_generator
from trainers.tasks.gan.network import Gan
from trainers.tasks.gan.task import GanData, GanTask, evaluation_latents


def train_plain(
    task: GanTask,
    data: GanData,
    optimizer: Callable[[list[nn.Parameter], float], Optimizer],
    rates: list[float],
    seed: int,
    points: int,
) -> tuple[np.ndarray, np.ndarray]:
    """One network of each kind, updated one after the other.

    Args:
        task, data: what is trained, in float64.
        optimizer: makes the optimizer of a network's parameters at a learning rate.
        rates: the learning rate in each generator step.
        seed: of initialisation, order and latent vectors.
        points: of the curve.

    Returns:
        All parameters at the end, the generator's first, and the Fréchet distance at each point by NumPy and SciPy.
    """
    torch.manual_seed(seed)
    made = task.network().double()
    assert isinstance(made, Gan)
    generator, discriminator = made.generator, made.discriminator
    players = [optimizer(list(network.parameters()), rates[0]) for network in (generator, discriminator)]
    each = len(data.train_x) // task.batch_size
    taken, curve = 0, []
    for point in range(points):
        latents = latent_generator(seed, point, torch.device("cpu"))
        flips = augment_generator(seed, point, torch.device("cpu"))
        for step in range(task.steps):
            for player in players:
                player.param_groups[0]["lr"] = rates[point * task.steps + step]
            examples = []
            for _ in range(task.discriminator_steps):
                order = batches(len(data.train_x), task.batch_size, seed, taken // each)
                examples.append(data.train_x[order[taken % each]])
                taken += 1
            images = torch.cat(examples)
            if task.augment is not None:
                images = task.augment(images, flips)
            if data.normalize is not None:
                images = (images.double() - 127.5) / 127.5
            drawn = torch.randn(task.discriminator_steps + 1, task.batch_size, made.latent, generator=latents).double()
            for real, z in zip(images.double().split(task.batch_size), drawn[:-1], strict=True):
                fake = generator(z).detach()
                loss = (1 - discriminator(real)).relu().mean() + (1 + discriminator(fake)).relu().mean()
                _step(players[1], loss)
            _step(players[0], -discriminator(generator(drawn[-1])).mean())
        curve.append(_distance(generator, made.latent, data))
        generator.train()
    parameters = torch.cat([p.detach().flatten() for p in made.parameters()])
    return parameters.numpy(), np.array(curve)


def _step(optimizer: Optimizer, loss: torch.Tensor) -> None:
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


@torch.no_grad()
def _distance(generator: nn.Module, latent: int, data: GanData) -> float:
    from scipy import linalg

    judge = data.judge
    images = generator.eval()(evaluation_latents(judge.images, latent).double())
    features = judge.features(images).double().numpy()
    mean, covariance = features.mean(axis=0), np.cov(features, rowvar=False)
    reference, other = (tensor.numpy() for tensor in judge.reference)
    cross = np.real(linalg.sqrtm(covariance @ other))
    return float(((mean - reference) ** 2).sum() + np.trace(covariance + other - 2 * cross))
