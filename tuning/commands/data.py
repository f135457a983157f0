"""`tunecost data …`: the image sets that tasks train on."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tuning.commands.options import Form, Quiet
from tuning.terminal import Format, print_rows, progress, say

if TYPE_CHECKING:
    from trainers.data.source import Found, Source

app = typer.Typer(help="Image sets: bring them from their home page, check that they are whole.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="cifar10, cifar100 or fashion-mnist.")]
Folder = Annotated[Path, typer.Option("--data", metavar="DIR", help="Where the data lie.")]


@app.command()
def get(
    name: Name,
    data: Folder = Path("data"),
    form: Form = Format.table,
    quiet: Quiet = False,
) -> None:
    """Bring an image set from its home page into DIR, and check it; broken off, the same command goes on."""
    from grids.errors import BadInput
    from trainers.data import get_source
    from trainers.data.download import Unreachable, get
    from trainers.data.source import read

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


@app.command()
def check(name: Name, data: Folder = Path("data"), form: Form = Format.table) -> None:
    """Check an image set in DIR or one of the usual folders below it: whole, and what was published."""
    from trainers.data import get_source
    from trainers.data.source import read

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
