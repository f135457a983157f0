"""Generative adversarial networks: the paper's Geometric GAN on CIFAR-10, and one on digits in a CPU's size."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from trainers.schedule import Schedule
from trainers.tasks.gan.features import digits, efficientnet, inception
from trainers.tasks.gan.features.base import Features
from trainers.tasks.gan.frechet import Judge
from trainers.tasks.gan.network import digits_gan, geometric_gan
from trainers.tasks.gan.procedure import Adversarial
from trainers.tasks.gan.task import GanData, GanTask, frechet_metric
from trainers.tasks.images.augment import FlipCrop
from trainers.tasks.images.digits import VALIDATION, shuffled
from trainers.tasks.images.source import read
from trainers.tasks.images.sources import CIFAR10
from trainers.tasks.images.split import DEFAULT_FOLDER
from trainers.tasks.registry import register

BETAS = {"beta1": 0.5, "betas.0": 0.5}
"""β1 of Adam and rules like it, as StudioGAN has it; the paper names none. By its name in each kind of rule."""


def gan_data(
    name: str, train: Tensor, reference: Tensor, features: Features, images: int, sha256: str, which: str
) -> GanData:
    """Images in [−1, 1], or uint8, as a GAN's data.

    Args:
        name: of the data set.
        train: images to train on.
        reference: images that generated ones are compared with.
        features: whose features are compared.
        images: how many images are generated.
        sha256: digest of the source data.
        which: the reference images in words, for a surface's header.

    Raises:
        BadInput: too few images, or features that are not finite.
    """
    scale = None
    compared = reference
    if reference.dtype == torch.uint8:
        scale = ((127.5,) * train.shape[1], (127.5,) * train.shape[1])
        compared = (reference.float() - 127.5) / 127.5
    return GanData(
        name=name,
        train_x=train,
        train_y=torch.zeros(len(train), dtype=torch.int64),
        valid_x=reference,
        valid_y=torch.zeros(len(reference), dtype=torch.int64),
        sha256=sha256,
        normalize=scale,
        about={
            "reference": which,
            "generated": images,
            "features": features.title,
            "features_sha256": features.sha256,
        },
        judge=Judge.by(features, compared, images),
    )


def load_digits(folder: Path | None, split_seed: int) -> GanData:
    """1,297 digits to train on, and 500 that 1,000 generated ones are compared with; the folder is not needed.

    The features are those of a classifier of the 1,297: the only use of their labels.
    """
    pixels, classes, digest = shuffled(split_seed)
    images = torch.from_numpy(pixels / 8 - 1).reshape(-1, 1, 8, 8)
    train, reference = images[VALIDATION:], images[:VALIDATION]
    features = digits.digits_features(train, torch.from_numpy(classes[VALIDATION:]))
    which = "500 digits, none of them trained on; labels are used by the features alone"
    return gan_data("digits", train, reference, features, 1_000, digest, which)


@dataclass(frozen=True)
class Cifar10:
    """CIFAR-10's 50,000 training images to train on; 10,000 generated ones are compared with its 10,000 test images.

    Args:
        fid: whether by Inception's features, whose weights lie in the data's folder; else by EfficientNet-Lite0's.
    """

    fid: bool = False

    def __call__(self, folder: Path | None, split_seed: int) -> GanData:
        """The data; the seed changes nothing, since nothing is split."""
        folder = folder or DEFAULT_FOLDER
        features = inception.inception_features(folder) if self.fid else efficientnet.efficientnet_features()
        found = read(CIFAR10, folder)
        which = "CIFAR-10's 10,000 test images, none of them trained on; no label is used, and no image selected"
        return gan_data("cifar10", found.images.train_x, found.images.test_x, features, 10_000, found.sha256, which)


register(
    GanTask(
        name="digits-gan",
        summary="8x8 digits, GAN of two perceptrons 16-64-64-64 and 64-64-64-1 with batch norm, 1,000 generator steps; "
        "features of a digits classifier",
        network=digits_gan,
        load=load_digits,
        procedure=Adversarial,
        metric=frechet_metric(digits_gan, digits.TITLE, targets=(5.0, 10.0)),
        steps=100,
        epochs=10,
        batch_size=64,
        schedule=Schedule("constant"),
        weight_decay=0.0,
        hyperparameters=BETAS,
        space="paper-gan",
    )
)


def _ggan(name: str, title: str, load: Cifar10) -> GanTask:
    return GanTask(
        name=name,
        summary=f"CIFAR-10, the paper's Geometric GAN, 60,000 generator steps; features of {title}",
        network=geometric_gan,
        load=load,
        procedure=Adversarial,
        metric=frechet_metric(geometric_gan, "FID" if load.fid else title, targets=(2.0, 5.0)),
        steps=2_000,
        epochs=30,
        batch_size=64,
        schedule=Schedule("constant"),
        weight_decay=0.0,
        hyperparameters=BETAS,
        augment=FlipCrop(padding=0),
        needs_data=True,
        space="paper-gan",
    )


register(_ggan("cifar10-ggan", efficientnet.TITLE, Cifar10()))
register(_ggan("cifar10-ggan-fid", f"{inception.TITLE}, whose weights you give", Cifar10(fid=True)))
