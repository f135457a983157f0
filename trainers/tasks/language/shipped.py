"""Character models: on the King James Bible in sizes that a CPU trains, on the Penn Treebank as in the paper."""

from functools import partial

from trainers.schedule import Schedule
from trainers.task import Task
from trainers.tasks.language.kjv import KJV
from trainers.tasks.language.network import CharacterLSTM, CharacterTransformer, Dropout
from trainers.tasks.language.ptb import PTB
from trainers.tasks.language.task import LanguageTask
from trainers.tasks.language.text import Excerpt
from trainers.tasks.registry import register

# Section 5.2: "decaying α by 10 at epochs 300 and 400" of 500. The smaller tasks keep the shape of that schedule.
_SCHEDULE = Schedule(milestones=(0.6, 0.8), factor=0.1)

# Merity et al. 2018 for characters, as salesforce/awd-lstm-lm's README calls it.
_DROPOUT = Dropout(inputs=0.1, between=0.25, outputs=0.1, recurrent=0.5)


def _paper(hidden: int) -> Task:
    return LanguageTask(
        name=f"ptb-lstm-{hidden}",
        summary=f"Penn Treebank by characters, three LSTM layers of {hidden} hidden units as in the paper, 500 epochs",
        network=partial(CharacterLSTM, kinds=50, embedding=200, hidden=hidden, layers=3, dropout=_DROPOUT),
        load=Excerpt(PTB),
        epochs=500,
        batch_size=128,
        segment=150,
        schedule=_SCHEDULE,
        needs_data=True,
    )


def _kjv(name: str, width: int) -> Task:
    return LanguageTask(
        name=name,
        summary=f"King James Bible by characters, 200,000 to train on, 40,000 to validate, one LSTM layer of {width} "
        "units, 5 epochs",
        network=partial(CharacterLSTM, kinds=68, embedding=width, hidden=width, layers=1),
        load=Excerpt(KJV, train=200_000),
        epochs=5,
        batch_size=16,
        segment=50,
        evaluation_batch=40,
        schedule=_SCHEDULE,
    )


register(_kjv("kjv-lstm", 64))

# The task that `kjv-lstm`'s best cells are transferred to.
register(_kjv("kjv-lstm-wide", 256))

register(
    LanguageTask(
        name="ptb-lstm-64",
        summary="Penn Treebank by characters, 200,000 to train on, 40,000 to validate, one LSTM layer of 64 units, "
        "5 epochs",
        network=partial(CharacterLSTM, kinds=50, embedding=64, hidden=64, layers=1),
        load=Excerpt(PTB, train=200_000, validation=40_000),
        epochs=5,
        batch_size=16,
        segment=50,
        evaluation_batch=40,
        schedule=_SCHEDULE,
        needs_data=True,
    )
)

register(
    LanguageTask(
        name="kjv-transformer",
        summary="King James Bible by characters, 200,000 to train on, 40,000 to validate, two layers of attention of "
        "48 units, 5 epochs",
        network=partial(CharacterTransformer, kinds=68, width=48, heads=4, layers=2, context=64),
        load=Excerpt(KJV, train=200_000),
        epochs=5,
        batch_size=16,
        segment=64,
        evaluation_batch=40,
        schedule=_SCHEDULE,
    )
)

# The size at which the paper tunes.
register(_paper(300))

# The size to which it takes the best cells.
register(_paper(1000))
