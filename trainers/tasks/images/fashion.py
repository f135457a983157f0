"""Fashion-MNIST in sizes that a CPU trains."""

from trainers.task import Task
from trainers.tasks.images.small import fashion_conv, fashion_mlp
from trainers.tasks.images.sources import FASHION_MNIST
from trainers.tasks.images.split import Split
from trainers.tasks.registry import register

_SPLIT = Split(FASHION_MNIST, train=10_000, validation=5_000, normalize=((72.94,), (90.02,)))

register(
    Task(
        name="fashion-mlp",
        summary="Fashion-MNIST, 10,000 training and 5,000 validation images, perceptron 784-32-32-10 with batch norm, "
        "10 epochs",
        network=fashion_mlp,
        load=_SPLIT,
        classes=10,
        epochs=10,
        batch_size=128,
        needs_data=True,
    )
)

register(
    Task(
        name="fashion-conv",
        summary="Fashion-MNIST, 10,000 training and 5,000 validation images, three convolutions of 16, 16 and 32 "
        "channels with batch norm, 8 epochs",
        network=fashion_conv,
        load=_SPLIT,
        classes=10,
        epochs=8,
        batch_size=128,
        needs_data=True,
    )
)
