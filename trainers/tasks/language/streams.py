"""Texts that are read in order, as streams side by side, one segment after another: what a task says of them."""

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from grids.errors import BadInput
from trainers.task import Dataset, Task
from trainers.tasks.language.text import kinds_of


@dataclass(frozen=True, kw_only=True)
class StreamedTask(Task):
    """A task whose `batch_size` is a number of streams.

    Args:
        segment: symbols of each stream in a step.
        evaluation_batch: streams into which the validation text is cut.
        random_segments: draw each segment's length as Merity et al. 2018 do, around `segment` or half of it.

    Raises:
        BadInput: a number out of range, besides what `Task` refuses.
    """

    segment: int
    evaluation_batch: int = 10
    random_segments: bool = False
    COUNTS = (*Task.COUNTS, "segment", "evaluation_batch")

    def facts(self) -> dict[str, Any]:
        """Segments and streams, which a value depends on."""
        return {
            "segment": self.segment,
            "evaluation_batch": self.evaluation_batch,
            "random_segments": self.random_segments,
        }


def streams(text: Tensor, count: int) -> Tensor:
    """A text `[symbols]` cut into so many streams of equal length, read from top to bottom: `[length, count]`.

    What does not fill the last line is dropped.

    >>> import torch
    >>> streams(torch.arange(7), 2).tolist()
    [[0, 3], [1, 4], [2, 5]]
    """
    length = len(text) // count
    return text[: length * count].view(count, length).T.contiguous()


def check(task: Task, data: Dataset) -> None:
    """Refuse a text that the task's streams and segments do not fit.

    Raises:
        BadInput: no language task; a text of one kind of symbol, or too short for a segment of every stream.
    """
    if not isinstance(task, StreamedTask):
        raise BadInput(f"task '{task.name}': the language procedure needs a trainers.tasks.language.task.LanguageTask")
    for text in (data.train_x, data.valid_x):
        if text.is_floating_point() or text.dim() != 1 or not len(text):
            raise BadInput(
                f"task '{task.name}': a text is whole numbers [symbols], not {text.dtype} {list(text.shape)}"
            )
        if int(text.min()) < 0 or int(text.max()) >= kinds_of(data):
            raise BadInput(f"task '{task.name}': the symbols of its text must lie from 0 to {kinds_of(data) - 1}")
    if kinds_of(data) < 2:
        raise BadInput(f"task '{task.name}': its text has a single kind of symbol; there is nothing to predict")
    for name, text, count in (
        ("training", data.train_x, task.batch_size),
        ("validation", data.valid_x, task.evaluation_batch),
    ):
        if len(text) < 2 * count:
            raise BadInput(
                f"task '{task.name}': its {name} text of {len(text):,} symbols is too short for {count} streams; "
                f"at most {len(text) // 2} have two symbols each"
            )
        longest = len(text) // count - 1
        if task.segment > longest:
            raise BadInput(
                f"task '{task.name}': a segment of {task.segment} symbols is longer than a stream of its {name} text, "
                f"{len(text):,} symbols in {count} streams: at most {longest}"
            )
