"""The texts that the program knows by name."""

from trainers.data.kjv import KingJames
from trainers.data.ptb import PennTreebank
from trainers.data.text import TextSource

PTB = PennTreebank()
KJV = KingJames()

TEXTS: dict[str, TextSource] = {source.name: source for source in (PTB, KJV)}
