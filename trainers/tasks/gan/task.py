"""GAN tasks: the points of their curves, the data with their judge, and the metric with its failure value."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, nn

from grids.errors import BadInput
from trainers.dataset import Dataset
from trainers.metric import Metric
from trainers.task import Task
from trainers.tasks.gan.features.base import title_of_distance
from trainers.tasks.gan.frechet import TOGETHER, Judge
from trainers.tasks.gan.network import Gan

EVALUATION_SEED = 0
"""Of the latent vectors of evaluated images: the same for every cell, seed and point of a curve."""
FAILURE_DIGITS = 3
"""Significant digits of the untrained generator's distance: so few that all machines agree."""


@dataclass(frozen=True, eq=False)
class GanData(Dataset):
    """Images to train on, in `train_x`, and the judge of generated ones. Targets are never used.

    Args:
        judge: the feature network, the reference images' Gaussian, and how many images are generated.
    """

    judge: Judge = None  # type: ignore[assignment]


@dataclass(frozen=True, kw_only=True)
class GanTask(Task):
    """A task whose `network` makes a `Gan`, and whose `load` gives `GanData`. An epoch is one point of the curve.

    Args:
        steps: generator steps from one point of the curve to the next.
        discriminator_steps: of the discriminator before each of the generator's.

    Raises:
        BadInput: as `Task`, or a number of steps below 1.
    """

    steps: int
    discriminator_steps: int = 2
    COUNTS = (*Task.COUNTS, "steps", "discriminator_steps")

    def facts(self) -> dict[str, Any]:
        """See `Task`."""
        return {
            "generator_steps_of_a_point": self.steps,
            "discriminator_steps": self.discriminator_steps,
            "loss": "hinge",
        }

    def fidelity(self, epochs: int) -> tuple[str, tuple[float, ...]]:
        """See `Task`."""
        return "step", tuple(float(self.steps * point) for point in range(1, epochs + 1))


def frechet_metric(network: Callable[[], nn.Module], title: str, targets: tuple[float, ...] = ()) -> Metric:
    """The Fréchet distance as a task's metric; a diverged run is worth that of the untrained generator.

    Args:
        network: makes the `Gan`.
        title: of the feature network, or `FID`.
        targets: as in `Metric`.
    """

    def failure(data: Dataset) -> float:
        return untrained_distance(network, judge_of(data))

    return Metric(name=title if title == "FID" else title_of_distance(title), failure=failure, targets=targets)


def judge_of(data: Dataset) -> Judge:
    """The judge of a GAN's data.

    Raises:
        BadInput: they are not `GanData` with a judge.
    """
    judge = data.judge if isinstance(data, GanData) else None
    if not isinstance(judge, Judge):
        raise BadInput(
            f"a GAN is judged by its data's judge: '{data.name}' must be loaded as trainers.tasks.gan.task.GanData"
        )
    return judge


def evaluation_latents(images: int, latent: int) -> Tensor:
    """The latent vectors that a generator is evaluated on, float32 `[images, latent]`, on the CPU."""
    return torch.randn(images, latent, generator=torch.Generator().manual_seed(EVALUATION_SEED))


@lru_cache(maxsize=8)
def untrained_distance(network: Callable[[], nn.Module], judge: Judge) -> float:
    """The distance of the images of a generator that seed 0 initialised, to three significant digits.

    On the CPU, wherever the training runs: it belongs to a sweep's identity.

    Raises:
        BadInput: the network is not a `Gan`, or its images are not those that the features are of.
    """
    judge = judge.to(torch.device("cpu"))
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(0)
        made = network()
        if not isinstance(made, Gan):
            raise BadInput(f"a GAN task's network makes a trainers.tasks.gan.network.Gan, not {type(made).__name__}")
        generator, moments = made.generator.eval(), judge.moments(1)
        for latents in evaluation_latents(judge.images, made.latent).split(TOGETHER):
            moments.add(judge.features_of(generator(latents)).unsqueeze(0))
    return float(f"{judge.distance(moments).item():.{FAILURE_DIGITS}g}")
