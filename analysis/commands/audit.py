"""`tunecost audit`: what an optimizer class does, by experiments on made-up gradients."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grids.commands.options import Form, Quiet
from grids.errors import BadInput
from grids.files import cannot_be
from grids.terminal import Format, print_rows, progress, say

if TYPE_CHECKING:
    from trainers.audit.audit import Facts

NARROW = (
    "class",
    "version",
    "lr_zero_still",
    "gradient_power",
    "eps_half_step_1",
    "eps_power",
    "eps_place",
    "decay",
    "follows_schedule",
    "groups",
    "scope",
    "state_bytes",
    "resumes",
    "step_time",
    "needs",
)
"""Columns that people are shown; CSV and JSON have all."""


def audit(
    classes: Annotated[
        list[str],
        typer.Argument(
            metavar="CLASS...",
            help="module:Class[:option=value,...], a torch.optim.Optimizer class; module:* for all of a module's; or a "
            "rule of `grid optimizers`.",
        ),
    ],
    suggest: Annotated[
        str | None,
        typer.Option(metavar="TASK", help="Add a column `space`: axes for a sweep on this task.", show_default="none"),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Write rows into DIR/audit.csv and a page, audit.html, instead.", show_default="none"
        ),
    ] = None,
    limit: Annotated[float, typer.Option("--time-limit", min=1, metavar="SECONDS", help="Time for each class.")] = 60,
    quiet: Quiet = False,
    form: Form = Format.table,
) -> None:
    """Find out by experiments what optimizer classes do: seconds each, no data. Empty cells were not told."""
    from trainers.audit.audit import COLUMNS
    from trainers.audit.named import expand
    from trainers.audit.worker import audit_all

    texts = expand(classes)
    found: list[Facts] = []
    with progress("audit", len(texts), quiet) as advance:
        for facts in audit_all(texts, limit, suggest, advance):
            found.append(facts)
            if out is not None:  # at once, so that nothing is lost
                _write(facts, out)
    refused = [facts for facts in found if not facts.audited]
    if len(refused) == len(found):
        raise BadInput(_line(refused[0]))
    for facts in refused:
        say(_line(facts), quiet)
    if out is not None:
        say(f"{out / 'audit.csv'}, {out / 'audit.html'}", quiet)
        return
    columns = [*(NARROW if form.narrow else COLUMNS), *(["space"] if suggest else [])]
    rows = [facts.row() for facts in found]
    print_rows([{name: row[name] for name in columns} for row in rows], columns, form)


def _write(facts: "Facts", out: Path) -> None:
    from analysis.audit_page import renew_audit
    from trainers.audit.audit import COLUMNS

    row = facts.row()
    with cannot_be("written", out):
        renew_audit([{name: row[name] for name in COLUMNS}], out)


def _line(facts: "Facts") -> str:
    return facts.needs if facts.cls in facts.needs else f"optimizer '{facts.cls}': {facts.needs}"
