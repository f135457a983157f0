"""`tunecost data get|check`: downloads and checks the images and texts that tasks train on."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grids.commands.options import Form, Quiet
from grids.terminal import Format, print_rows, progress, say

if TYPE_CHECKING:
    from trainers.tasks.images.source import Found, Source
    from trainers.tasks.language.text import FoundText, TextSource

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

    if name in TEXTS:
        _print_text(TEXTS[name], TEXTS[name].read(data), form)
        return
    source = get_source(name)
    try:
        found = read(source, data)
        say(f"{source.title} is already there", quiet)
    except BadInput:
        size = sum(download.size for download in source.downloads)
        say(f"{source.title}: {size / 1e6:.0f} MB from {source.home}", quiet)
        try:
            with progress(name, size, quiet) as advance:
                found = get(source, data, advance=advance)
        except Unreachable as error:
            say(f"tunecost: {error}")
            raise typer.Exit(1) from error
    _print(source, found, form)


def check(name: Name, data: Folder = Path("data"), form: Form = Format.table) -> None:
    """Check that images or a text in DIR, or one of the usual folders below it, are complete and as published."""
    from trainers.tasks.data_sets import TEXTS, get_source
    from trainers.tasks.images.source import read

    if name in TEXTS:
        _print_text(TEXTS[name], TEXTS[name].read(data), form)
        return
    source = get_source(name)
    _print(source, read(source, data), form)


def _print(source: "Source", found: "Found", form: Format) -> None:
    row = {
        "name": source.name,
        "folder": str(found.folder),
        "train": len(found.images.train_y),
        "test": len(found.images.test_y),
        "shape": " x ".join(map(str, found.images.train_x.shape[1:])),
        "classes": int(found.images.train_y.max()) + 1,
        "sha256": found.sha256,
        "ok": True,
    }
    print_rows([row], list(row), form)


def _print_text(source: "TextSource", found: "FoundText", form: Format) -> None:
    """Print a text's parts; sizes are numbers of symbols."""
    row = {
        "name": source.name,
        "folder": found.place,
        "train": len(found.text.train),
        "validation": len(found.text.validation),
        "test": len(found.text.test),
        "kinds": len(found.text.kinds),
        "sha256": found.sha256,
        "ok": True,
    }
    print_rows([row], list(row), form)
