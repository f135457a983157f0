"""A folder of photographs: `train/CLASS/*` and `val/CLASS/*`, as ImageNet is laid out."""

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path

import torch

from grids.errors import BadInput
from trainers.dataset import Dataset
from trainers.tasks.images.split import DEFAULT_FOLDER

ENDINGS = (".jpeg", ".jpg", ".png")


@dataclass(frozen=True)
class Photographs(Dataset):
    """A data set whose inputs are numbers of files, which are read when they are needed.

    Args:
        files: all of them; an input is a place in this list.
        skip_broken: whether a file that cannot be read is left out, the next one standing in for it.
    """

    files: tuple[str, ...] = field(default=())
    skip_broken: bool = False


@dataclass(frozen=True)
class PhotoFolder:
    """A task's `load`.

    ImageNet's own test labels are not public: as in the paper, `val` judges a final training, and `val` is what this
    data set has for validation, too. No hyperparameter is to be chosen on it; a training takes `train` alone.

    Args:
        name: of the data set, and of its folder in the user's.
        classes: the most there may be.
    """

    name: str
    classes: int

    def __call__(self, folder: Path | None, split_seed: int) -> Photographs:
        """The files' names and classes; nothing is decoded. The digest is over their names and sizes.

        Raises:
            BadInput: no such folder, one without classes or images, more classes than the network tells apart, or
                classes in `val` that `train` does not have.
        """
        root = folder or DEFAULT_FOLDER
        root = root / self.name if (root / self.name / "train").is_dir() else root
        if not (root / "train").is_dir() or not (root / "val").is_dir():
            raise BadInput(f"{root}: no folders train/CLASS and val/CLASS of {self.name}; name theirs with --data")
        names = _classes(root / "train")
        if len(names) > self.classes:
            raise BadInput(f"{root / 'train'}: {len(names)} classes, where the network tells {self.classes} apart")
        strange = sorted(set(_classes(root / "val")) - set(names))
        if strange:
            raise BadInput(f"{root / 'val'}: class '{strange[0]}' is none of those in {root / 'train'}")
        digest, files = hashlib.sha256(), []
        targets: dict[str, list[int]] = {"train": [], "val": []}
        for part in targets:
            for number, name in enumerate(names):
                for path, size in _images(root / part / name):
                    digest.update(f"{part}/{name}/{os.path.basename(path)} {size}\n".encode())
                    files.append(path)
                    targets[part].append(number)
            if not targets[part]:
                raise BadInput(f"{root / part}: no images ({', '.join(ENDINGS)}) in its classes")
        places = torch.arange(len(files))
        train_x, val_x = places.split([len(targets["train"]), len(targets["val"])])
        train_y, val_y = (torch.tensor(targets[part]) for part in ("train", "val"))
        return Photographs(
            self.name,
            train_x,
            train_y,
            val_x,
            val_y,
            sha256=digest.hexdigest(),
            test_x=val_x,
            test_y=val_y,
            files=tuple(files),
        )


def _classes(folder: Path) -> list[str]:
    names = sorted(entry.name for entry in os.scandir(folder) if entry.is_dir() and not entry.name.startswith("."))
    if not names:
        raise BadInput(f"{folder}: holds no folders of classes; {folder.name}/CLASS/IMAGE is expected")
    return names


def _images(folder: Path) -> list[tuple[str, int]]:
    """Path and size of each image, by name; none where there is no such folder."""
    if not folder.is_dir():
        return []
    found = [(entry.path, entry.stat().st_size) for entry in os.scandir(folder) if entry.name.lower().endswith(ENDINGS)]
    return sorted(found)
