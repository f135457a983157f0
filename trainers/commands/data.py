"""`tunecost data get|check`: downloads and checks the images and texts that tasks train on."""

from pathlib import Path
from typing import Annotated, Any

import typer

from grids.commands.options import Form, Quiet
from grids.terminal import Format, print_rows, progress, say

Name = Annotated[str, typer.Argument(metavar="NAME", help="cifar10, cifar100, fashion-mnist; or a text: ptb, kjv.")]
Folder = Annotated[Path, typer.Option("--data", metavar="DIR", help="Folder of the data.")]


def get(
    name: Name,
    data: Folder = Path("data"),
    form: Form = Format.table,
    quiet: Quiet = False,
) -> None:
    """Download an image set from its home page into DIR and check it. If interrupted, the same command continues.

    Texts are not downloaded: if one is missing, a message says where to get it.
    """
    from grids.errors import BadInput
    from trainers.tasks.data_sets import TEXTS, get_source
    from trainers.tasks.images.download import Unreachable, get
    from trainers.tasks.images.source import read

    if name not in TEXTS:
        source = get_source(name)
        try:
            read(source, data)
            say(f"{source.title} is already there", quiet)
        except BadInput:
            size = sum(download.size for download in source.downloads)
            say(f"{source.title}: {size / 1e6:.0f} MB from {source.home}", quiet)
            try:
                with progress(name, size, quiet) as advance:
                    get(source, data, advance=advance)
            except Unreachable as error:
                say(f"tunecost: {error}")
                raise typer.Exit(1) from error
    check(name, data, form)


def check(name: Name, data: Folder = Path("data"), form: Form = Format.table) -> None:
    """Check that images or a text in DIR, or one of the usual folders below it, are complete and as published."""
    from trainers.tasks.data_sets import TEXTS, get_source
    from trainers.tasks.images.source import read

    place: Path | str
    if name in TEXTS:
        place, text, sha256 = TEXTS[name].read(data)
        facts: dict[str, Any] = {
            "train": len(text.train),
            "validation": len(text.validation),
            "test": len(text.test),
            "kinds": len(text.kinds),
        }
    else:
        place, images, sha256, _ = read(get_source(name), data)
        facts = {
            "train": len(images.train_y),
            "test": len(images.test_y),
            "shape": " x ".join(map(str, images.train_x.shape[1:])),
            "classes": int(images.train_y.max()) + 1,
        }
    row = {"name": name, "folder": str(place), **facts, "sha256": sha256, "ok": True}
    print_rows([row], list(row), form)
