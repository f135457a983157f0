"""Output of commands: rows on stdout as a table, CSV, JSON, Markdown or LaTeX; progress and messages on stderr."""

import contextlib
import csv
import enum
import json
import re
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from grids import json_text
from grids.errors import brief, visible

_LONGEST = 3000
"""Characters of a line for people; a file may hold a text of any length."""


class Format(enum.StrEnum):
    """How rows are printed."""

    table = "table"
    csv = "csv"
    json = "json"
    markdown = "markdown"
    latex = "latex"
    sheet = "sheet"

    @property
    def narrow(self) -> bool:
        """Whether it is read by people and shows only the main columns; the others have all, for programs."""
        return self not in (Format.csv, Format.json, Format.sheet)


class Typeset(str):
    """A text that is already LaTeX or Markdown, and is printed without escaping."""


def print_rows(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], form: Format, title: str = "") -> None:
    """Print `rows` on stdout. `columns` come first, in order; any further keys of the rows follow.

    Texts may come from files of others. On a terminal, and in formats for people, nothing in them is obeyed or hidden
    (see `grids.errors.visible`); CSV for programs has them as they are, and `sheet` is CSV for a spreadsheet, in which
    none is a formula.

    A value that is missing, NaN or infinite is null in JSON, empty in CSV and `-` in a table. A number is printed
    in full in JSON and CSV, to four significant digits in a table, in Markdown and in LaTeX (booktabs).

    Args:
        rows: by column name, values; a row may lack columns.
        columns: names in the order in which they are printed.
        form: the format.
        title: of a table on a terminal; other formats have none.
    """
    extra = [key for row in rows for key in row if key not in columns]
    names = [*columns, *dict.fromkeys(extra)]
    plain = [{name: json_text.plain(row.get(name)) for name in names} for row in rows]
    if form == Format.json:
        _print_json(plain)
    elif form in (Format.csv, Format.sheet):
        shown = _no_formula if form == Format.sheet else visible if sys.stdout.isatty() else str
        writer = csv.writer(sys.stdout, lineterminator="\n")
        for line in (names, *(row.values() for row in plain)):
            writer.writerow([shown(field) if isinstance(field, str) else field for field in line])
    elif form == Format.markdown:
        print(_markdown(plain, names))
    elif form == Format.latex:
        print(_latex(plain, names))
    else:
        _print_table(plain, names, title)


def print_object(content: Mapping[str, Any]) -> None:
    """Print one JSON object on stdout; a number that is NaN or infinite is null, at any depth."""
    _print_json(json_text.plain(content))


def _print_json(content: Any) -> None:
    encodable = (sys.stdout.encoding or "utf-8").lower().startswith("utf")
    text = json.dumps(content, indent=1, ensure_ascii=not encodable, allow_nan=False)
    print(_HIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text))


_HIDDEN = re.compile("[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff]")
"""Characters that JSON may hold as they are, but that a terminal obeys or that cannot be seen."""


def _no_formula(text: str) -> str:
    """A text that no spreadsheet takes for a formula: an apostrophe stands before one that begins as formulas do."""
    shown = visible(text)
    return f"'{shown}" if text[:1] in ("=", "+", "-", "@", "\t", "\r", "\n") else shown


def _print_table(rows: Sequence[Mapping[str, Any]], names: Sequence[str], title: str) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(title=visible(title) or None, box=box.SIMPLE_HEAD, title_justify="left")
    for name in names:
        numeric = any(isinstance(row[name], int | float) for row in rows)
        table.add_column(visible(name), justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(visible(brief(_cell_text(row[name]), _LONGEST)) for name in names))
    # A pipe has no width: use one that is large enough that no line is wrapped.
    # Names and paths are printed literally: Rich must not read [x] as markup or :x: as an emoji.
    Console(width=None if sys.stdout.isatty() else 400, markup=False, emoji=False).print(table)


def _numeric(rows: Sequence[Mapping[str, Any]], name: str) -> bool:
    return any(isinstance(row[name], int | float) and not isinstance(row[name], bool) for row in rows)


def markdown_table(names: Sequence[str], rows: Iterable[Sequence[str]], right: Collection[str] = ()) -> str:
    """A table in Markdown: a line of names, and a line for each row of cells.

    Args:
        names: of the columns.
        rows: the cells of each row.
        right: the columns that are aligned to the right.
    """

    def line(cells: Sequence[str]) -> str:
        return f"| {' | '.join(cell if isinstance(cell, Typeset) else _markdown_text(cell) for cell in cells)} |"

    rule = "|".join(["", *("---:" if name in right else "---" for name in names), ""])
    return "\n".join([line(names), rule, *map(line, rows)])


def _markdown_text(text: str) -> str:
    """A cell of a Markdown table: one line, whose bars end no cell, and in which no text is HTML or a link."""
    text = re.sub(r"\\(?=[\\|<\](])", r"\\\\", visible(" ".join(text.split())))
    return text.replace("|", r"\|").replace("<", r"\<").replace("](", r"]\(")


def _markdown(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> str:
    numeric = [name for name in names if _numeric(rows, name)]
    return markdown_table(names, ([_cell_text(row[name]) for name in names] for row in rows), numeric)


_LATEX = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        **{letter: "\\" + letter for letter in "&%$#_{}"},
    }
)


def _latex(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> str:
    """A `tabular` with booktabs rules; powers of ten and negative numbers in math mode, all other text escaped."""

    def cell(value: Any) -> str:
        if isinstance(value, Typeset):
            return value
        text = visible(" ".join(_cell_text(value).split()))
        if isinstance(value, float) and "e" in text:
            mantissa, _, exponent = text.partition("e")
            return f"${mantissa} \\times 10^{{{int(exponent)}}}$"
        if isinstance(value, int | float) and text.startswith("-") and text != "-":
            return f"${text}$"
        return text.translate(_LATEX)

    alignment = "".join("r" if _numeric(rows, name) else "l" for name in names)
    head = " & ".join(visible(name).translate(_LATEX) for name in names)
    body = [" & ".join(cell(row[name]) for name in names) + r" \\" for row in rows]
    lines = [f"\\begin{{tabular}}{{{alignment}}}", r"\toprule", head + r" \\", r"\midrule", *body]
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}"])


def _cell_text(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    return value if isinstance(value, str) else str(value)


def say(line: str, quiet: bool = False) -> None:
    """Print a message on stderr, unless `quiet`; nothing in it is obeyed by a terminal."""
    if not quiet:
        with contextlib.suppress(OSError):  # a closed stderr must not stop the command
            print(visible(brief(line, _LONGEST)), file=sys.stderr)


def show_line(line: str) -> None:
    """Print a line for people on stdout, of which no terminal obeys anything; a very long one is cut."""
    print(visible(brief(line, _LONGEST)))


@contextlib.contextmanager
def progress(description: str, total: int, quiet: bool = False) -> Iterator[Callable[[int], None]]:
    """Show a progress bar on stderr, except on a pipe or with `quiet`; yields `advance(n)`, which adds `n` to it."""
    if quiet or not sys.stderr.isatty():
        yield lambda n: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        bar = bars.add_task(description, total=total)
        yield lambda n: bars.advance(bar, n)
