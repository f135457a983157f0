"""The examples of the README and of the packages' own, run as a reader would: in an empty folder, in the page's order.

A fenced block that opens with `python file=NAME` is saved under that name; one that opens with `sh run` is run.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = ("README.md", "grids/README.md", "trainers/README.md", "tuning/README.md", "analysis/README.md")
WORDS = 1_600
"""Outside code, on the first page: a newcomer reads it to the end."""
BLOCK = re.compile(r"^```(?P<info>[^\n]+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


def sections() -> dict[str, list[tuple[str, str]]]:
    """The runnable blocks under each page and heading, as (info line, text)."""
    found: dict[str, list[tuple[str, str]]] = {}
    for page in PAGES:
        for part in re.split(r"^(?=#+ )", (ROOT / page).read_text(), flags=re.MULTILINE):
            blocks = [(match["info"].strip(), match["text"]) for match in BLOCK.finditer(part)]
            runnable = [block for block in blocks if "file=" in block[0] or block[0].endswith(" run")]
            if runnable:
                found[f"{page}: {part.splitlines()[0].lstrip('# ')}"] = runnable
    return found


@pytest.mark.parametrize("heading", sections())
def test_example_runs(heading: str, tmp_path: Path) -> None:
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    for info, text in sections()[heading]:
        named = re.search(r"file=(\S+)", info)
        if named:
            (tmp_path / named[1]).write_text(text)
        if info.endswith(" run"):
            command = (
                [sys.executable, "-c", text] if info.startswith("python") else ["bash", "-euo", "pipefail", "-c", text]
            )
            done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
            assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"


def test_the_page_has_its_examples() -> None:
    headings = " ".join(sections()).lower()
    for topic in ("surface", "optimizer", "searcher"):
        assert topic in headings


def test_the_first_page_is_short() -> None:
    text = BLOCK.sub("", (ROOT / "README.md").read_text())
    assert len(text.split()) <= WORDS


@pytest.mark.parametrize("page", [*PAGES, "analysis/results/README.md"])
def test_every_link_leads_somewhere(page: str) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", (ROOT / page).read_text())
    assert [link for link in links if "://" not in link and not (ROOT / page).parent.joinpath(link).exists()] == []
