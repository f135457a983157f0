"""The Penn Treebank's text as language models use it: Mikolov's files, in word or character form, checked by content.

Its licence allows research, not distribution: users have files of their own. Both forms hold the same characters. In
the word form a line is a sentence; in the character form spaces separate all characters, and `_` stands for a space.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from grids.errors import BadInput
from grids.files import cannot_be
from trainers.tasks.language.text import FoundText, number

SPLITS = ("train", "valid", "test")
TITLES = {"train": "training", "valid": "validation", "test": "test"}
NAMES = ("ptb.{}.txt", "ptb.char.{}.txt", "{}.txt")
FOLDERS = ("ptb", "", "penn", "pennchar", "ptb/simple-examples/data", "simple-examples/data")

DIGESTS = {
    "train": "29d3029efbade67f10e6984fbddba728861b700905a0497371e33364d420251c",
    "valid": "4964e50425990dc95e3842689d80cee97e9d61bcd1224bfd2a7ea0749b61cbe4",
    "test": "745dd4f26fc21aa74de65ee8b28174c3e3fdc1045c574d8740ebfab097122676",
}
"""sha256 of each split in the plain form of `plain`, as UTF-8."""

SYMBOLS = {"train": 5_017_483, "valid": 393_043, "test": 442_424}


def plain(content: str) -> str:
    """One character a symbol, whichever form the file has: lines without outer spaces, `_` for a space, newlines.

    What follows the last newline is one more line, though empty: with its newline the counts are the published ones.

    >>> plain(" a cat \\n") == plain("a _ c a t\\n") == "a_cat\\n\\n"
    True
    """
    lines = [line.split() for line in content.splitlines()]
    characters = all(len(word) == 1 for line in lines for word in line)
    between = "" if characters else "_"
    return "".join(f"{between.join(line)}\n" for line in [*lines, []])


@dataclass(frozen=True)
class PennTreebank:
    """The text in a user's folder (see `trainers.tasks.language.text.TextSource`)."""

    name: str = "ptb"
    title: str = "Penn Treebank"

    def how_to_get(self, folder: Path) -> str:
        """Name the place of the files: the licence does not allow to distribute them."""
        names = ", ".join(NAMES[0].format(split) for split in SPLITS)
        return (
            f"put Mikolov's {names} (or the character form) into {folder / 'ptb'}; "
            f"'tunecost data check ptb --data {folder}' checks them"
        )

    def read(self, folder: Path) -> FoundText:
        """The three splits.

        Raises:
            BadInput: a file is missing, cut short, altered, or holds another split than its name says.
        """
        paths = self._find(folder)
        splits = [_checked(path, split) for path, split in zip(paths, SPLITS, strict=True)]
        digest = hashlib.sha256("".join(splits).encode()).hexdigest()
        return FoundText(str(paths[0].parent), number(*splits), digest)

    def _find(self, folder: Path) -> list[Path]:
        if not folder.is_dir():
            raise BadInput(f"{folder}: no such folder; {self.how_to_get(folder)}")
        incomplete = ""
        for below in FOLDERS:
            for name in NAMES:
                paths = [folder / below / name.format(split) for split in SPLITS]
                missing = [path for path in paths if not path.is_file()]
                if not missing:
                    return paths
                if len(missing) < len(paths) and not incomplete:
                    incomplete = f"{missing[0]}: missing, while other files of the {self.title} are there"
        raise BadInput(incomplete or f"{folder}: no {self.title} in it; {self.how_to_get(folder)}")


PTB = PennTreebank()


def _checked(path: Path, split: str) -> str:
    """A file's text in the plain form.

    Raises:
        BadInput: it is not that split as published.
    """
    try:
        with cannot_be("read", path):
            text = plain(path.read_text("utf-8"))
    except UnicodeDecodeError as error:
        raise BadInput(f"{path}: not a text of the Penn Treebank ({error.reason} at byte {error.start})") from error
    found = hashlib.sha256(text.encode()).hexdigest()
    if found == DIGESTS[split]:
        return text
    for other, digest in DIGESTS.items():
        if found == digest:
            raise BadInput(f"{path}: holds the Penn Treebank's {TITLES[other]} text, not its {TITLES[split]} text")
    expected = SYMBOLS[split]
    what = "cut short" if len(text) < expected else "altered" if len(text) == expected else "longer than published"
    raise BadInput(
        f"{path}: not the Penn Treebank's {TITLES[split]} text as published, but {what}: "
        f"{len(text):,} symbols, expected {expected:,}; get the file again"
    )
