"""The folder of a sweep: `DIR/TASK/OPT.shards/`, from which the surface `DIR/TASK/OPT.parquet` is merged.

Its file `sweep.json` says which sweep it holds, in blocks of how many cells, and for how many seeds.
"""

import hashlib
import json
import re
import shutil
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from grids import json_text, surface_file
from grids.atomic import write_whole
from grids.differences import difference
from grids.errors import BadInput
from trainers.blocks.locks import locked
from trainers.blocks.store import FORMAT, BlockStore
from trainers.sweep.sweep import Sweep

ENDING = ".shards"


class Held(NamedTuple):
    """The sweep in a folder, and the number of seeds last asked for."""

    sweep: Sweep
    seeds: int


@dataclass(frozen=True)
class SweepFolder:
    """The files of one sweep, in the folder `OPT.shards`."""

    path: Path

    @classmethod
    def of(cls, out: Path, task: str, optimizer: str) -> "SweepFolder":
        return cls(out / task / f"{file_name(optimizer)}{ENDING}")

    @property
    def surface(self) -> Path:
        return self.path.with_name(self.path.name.removesuffix(ENDING) + ".parquet")

    @property
    def manifest(self) -> Path:
        return self.path / "sweep.json"

    def store(self, sweep: Sweep) -> BlockStore:
        """The files of the sweep's blocks."""
        return sweep.store(self.path)

    def read(self) -> Held | None:
        """Read the folder's sweep; None where it holds none.

        Raises:
            BadInput: `sweep.json` cannot be read, or is of another format.
        """
        try:
            content = json_text.read(self.manifest)
            if content["format"] > FORMAT:
                raise BadInput(f"{self.manifest}: is of format {content['format']}, this program reads up to {FORMAT}")
            if content["format"] < FORMAT:
                raise BadInput(
                    f"{self.path}: begun by an earlier version of tunecost; finish it with that one, "
                    "or start over with --fresh"
                )
            held, whole = _held(content)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise BadInput(f"{self.manifest}: cannot be read ({error.strerror or error})") from error
        except BadInput:
            raise
        except (ValueError, KeyError, TypeError):
            whole = False
        if not whole:
            raise BadInput(
                f"{self.manifest}: cut short or altered; remove it to have it written anew (finished shards stay)"
            )
        self._check_partition(held.sweep)
        return held

    def _check_partition(self, sweep: Sweep) -> None:
        """Raise BadInput where a shard is there that the sweep's partition lacks: its cells would be trained again."""
        for path in sorted(self.path.glob("seed*-cells*.parquet")):
            if sweep.shard_named(path.stem) is None:
                raise BadInput(
                    f"{self.manifest}: says blocks of {sweep.block} cells, which {path.name} is not; "
                    "remove it and give --block as it was, or start over with --fresh"
                )

    def adopt(self, sweep: Sweep, seeds: int, block: int | None, fresh: bool) -> Sweep:
        """Make the folder this sweep's, or join the sweep that is there, with the partition that it began with.

        Args:
            sweep: what is to be trained, with the block to use where the folder is new.
            seeds: how many are asked for; remembered, for `grid status`.
            block: the block that the user insists on, if any.
            fresh: remove what is there first, whatever it is.

        Raises:
            BadInput: as `check`; or the folder cannot be written.
        """
        if fresh:
            self._remove()
        with locked(self.path / "sweep.lock", wait=True):  # several workers may begin at once
            found = None if fresh and not self.manifest.exists() else self.check(sweep, block)
            if found is None or found.seeds != seeds:
                sweep = sweep if found is None else found.sweep
                content = {
                    "format": FORMAT,
                    "sweep": sweep.id,
                    "block": sweep.block,
                    **({} if sweep.backend is None else {"backend": sweep.backend}),
                    "seeds": seeds,
                    "identity": sweep.identity,
                }
                content["sha256"] = _digest(content)
                write_whole(self.manifest, json.dumps(content, indent=1) + "\n")
                return sweep
            return found.sweep

    def check(self, sweep: Sweep, block: int | None) -> Held | None:
        """Read the folder's sweep, where `sweep` may be trained in it; None where it is new.

        Raises:
            BadInput: the folder holds another sweep, another partition than the one insisted on, or a surface of
                another origin.
        """
        found = self.read()
        if found is None:
            if self.origin() not in (None, sweep.id):
                raise BadInput(
                    f"{self.surface}: a surface that this sweep did not make lies here; "
                    "--out FOLDER keeps both, --fresh replaces it"
                )
            return None
        if found.sweep.id != sweep.id:
            other = difference(sweep.identity, found.sweep.identity)
            raise BadInput(f"{self.path}: holds another sweep ({other}); --out FOLDER keeps both, --fresh starts over")
        if block is not None and block != found.sweep.block:
            raise BadInput(
                f"{self.path}: was begun with --block {found.sweep.block}, not {block}; "
                "leave the option out to go on, or start over with --fresh"
            )
        return found

    def origin(self) -> str | None:
        """The id of the sweep that made the surface: `unknown` where it names none, None where there is no file."""
        if not self.surface.exists():
            return None
        try:
            return str(surface_file.load(self.surface).provenance.fixed.get("sweep", "unknown"))
        except BadInput:
            return "unknown"

    def _remove(self) -> None:
        """Move the folder away in one step, then delete it: no worker finds it half gone."""
        doomed = self.path.with_name(f".removing-{uuid.uuid4().hex}")
        try:
            self.path.rename(doomed)
            shutil.rmtree(doomed)
        except FileNotFoundError:
            pass
        except OSError as error:
            raise BadInput(f"{self.path}: cannot be removed ({error.strerror or error})") from error


def _held(content: Mapping[str, Any]) -> tuple[Held, bool]:
    """What `sweep.json` says, and whether it is as it was written.

    Raises:
        ValueError, KeyError, TypeError: it never was.
    """
    block, seeds = int(content["block"]), int(content["seeds"])
    sweep = Sweep(content["identity"], max(block, 1), content.get("backend"))
    try:
        whole = sweep.id == content["sweep"] and sweep.space.size > 0 and min(block, seeds) > 0
    except (BadInput, AttributeError) as error:
        raise ValueError(str(error)) from error
    # Earlier versions wrote no digest of the whole.
    return Held(sweep, seeds), whole and content.get("sha256", _digest(content)) == _digest(content)


def _digest(content: Mapping[str, Any]) -> str:
    """The digest of all that `sweep.json` says besides the digest itself."""
    said = {name: item for name, item in content.items() if name != "sha256"}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def file_name(optimizer: str) -> str:
    """An optimizer's text as a file name that every shell and file system takes.

    >>> file_name("adam"), file_name("avagrad:variant=authors,beta2=0.99"), file_name("my/rules.py:mine")
    ('adam', 'avagrad-variant=authors,beta2=0.99', 'my-rules.py-mine')
    """
    return re.sub(r"[^\w.,=+-]+", "-", optimizer, flags=re.ASCII).strip(".-") or "optimizer"


def find_sweeps(folder: Path) -> Iterator[SweepFolder]:
    """Every sweep at or below `folder`: a shards folder itself, a task's folder, or a folder of tasks.

    Raises:
        BadInput: no such folder.
    """
    if not folder.is_dir():
        raise BadInput(f"{folder}: no such folder")
    if (folder / "sweep.json").is_file():
        yield SweepFolder(folder)
        return
    for pattern in (f"*{ENDING}", f"*/*{ENDING}"):
        for shards in sorted(folder.glob(pattern)):
            if (shards / "sweep.json").is_file():
                yield SweepFolder(shards)
