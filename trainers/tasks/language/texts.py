"""The texts that the program knows by name."""

from trainers.tasks.language.kjv import KingJames
from trainers.tasks.language.ptb import PennTreebank
from trainers.tasks.language.text import TextSource

PTB = PennTreebank()
KJV = KingJames()

TEXTS: dict[str, TextSource] = {source.name: source for source in (PTB, KJV)}
