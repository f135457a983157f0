"""ImageNet, for `tunecost transfer`: the paper trains it with the best hyperparameters of its CIFAR surfaces."""

from trainers.schedule import Schedule
from trainers.task import Task
from trainers.tasks.photographs.folder import PhotoFolder
from trainers.tasks.photographs.network import resnet50
from trainers.tasks.photographs.procedure import FromFiles
from trainers.tasks.registry import register

register(
    Task(
        name="imagenet-resnet50",
        summary="ImageNet, 1.28 million training and 50,000 validation images, ResNet-50, 100 epochs; to transfer to",
        network=resnet50,
        load=PhotoFolder("imagenet", classes=1000),
        classes=1000,
        epochs=100,
        batch_size=256,
        procedure=FromFiles,
        schedule=Schedule(milestones=(0.3, 0.6, 0.9), factor=0.1),
        weight_decay=1e-4,
        needs_data=True,
    )
)
