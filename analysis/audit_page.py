"""The table of audited optimizer classes as files: a CSV, and a page that searches and sorts it without a network."""

import csv
import html
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from filelock import FileLock

from analysis.report.page import filled
from grids.atomic import write_whole
from grids.errors import BadInput

NAME = "audit"

EXPLAINED = {
    "lr_power": "a step grows as lr to this power",
    "gradient_power": "q: a step grows as the gradients' size to this power",
    "eps_half_step_1": "the eps that halves a step at gradients of size 1",
    "eps_half_step_1e3": "the eps that halves a step at gradients of size 0.001",
    "eps_power": "p: the best lr grows as eps^p where eps is large",
    "decay": "what weight decay does",
    "follows_schedule": "when a cut of lr shortens the steps",
    "scope": "what an element's step depends on",
    "state_bytes": "for each parameter",
    "step_time": "processor time over that of torch.optim.Adam",
    "first_step": "over lr, at gradients of size 1",
    "late_step": "step 20 over lr, at gradients of size 1",
}
"""Meanings of columns beyond their names."""


def renew_audit(rows: Sequence[Mapping[str, Any]], folder: Path) -> list[Path]:
    """Write rows into `audit.csv` and `audit.html` of a folder; rows of other classes that are there stay.

    Args:
        rows: of the same columns, `class` first; None where something was not told.
        folder: created if need be.

    Raises:
        OSError: the folder or a file cannot be read or written.
        BadInput: the `audit.csv` that is there has other columns.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{NAME}.csv", folder / f"{NAME}.html"]
    names = list(rows[0])
    with FileLock(folder / f".{NAME}.lock"):
        texts = {row[names[0]]: row for row in _read(paths[0], names)}
        texts |= {row[names[0]]: {name: _text(row[name]) for name in names} for row in rows}
        ordered = [texts[key] for key in sorted(texts, key=str.lower)]
        content = io.StringIO()
        writer = csv.DictWriter(content, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(ordered)
        write_whole(paths[0], content.getvalue())
        write_whole(paths[1], page(ordered))
    return paths


def _read(path: Path, names: Sequence[str]) -> list[dict[str, str]]:
    if not path.exists():
        return []
    with path.open(newline="") as file:
        reader = csv.DictReader(file)
        if reader.fieldnames != list(names):
            raise BadInput(f"{path}: its columns are not those of an audit ({', '.join(names)}): move it away")
        return list(reader)


def page(rows: Sequence[Mapping[str, str]]) -> str:
    """The page: one file that makes no request."""
    names = list(rows[0])
    head = "".join(f'<th title="{html.escape(EXPLAINED.get(name, ""))}">{html.escape(name)}</th>' for name in names)
    lines = ("".join(f"<td>{html.escape(row[name])}</td>" for name in names) for row in rows)
    parts = {"count": str(len(rows)), "head": head, "body": "\n".join(f"<tr>{line}</tr>" for line in lines)}
    return filled("audit.html", parts)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
