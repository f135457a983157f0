"""Check the data, network, loss and score of a user's own task before any training starts."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from grids.errors import BadInput
from grids.plugins import reason
from trainers.inputs import Inputs
from trainers.procedures import procedure_of
from trainers.procedures.base import Size
from trainers.procedures.supervised import Supervised
from trainers.rules.base import Rule
from trainers.task import Dataset, Task
from trainers.tasks.registry import described

PARTS = ("train_x", "train_y", "valid_x", "valid_y")
TRIAL = Rule("trial", {"alpha": 0.0}, lambda params, shapes: (), lambda params, grads, state, hyper: (params, state))


def load_checked(task: Task, text: str, folder: Path | None, split_seed: int) -> Dataset:
    """Load the data of a user's task, and try them and its functions on one batch.

    Args:
        task: the task.
        text: as the user named it.
        folder, split_seed: for its `load`.

    Raises:
        BadInput: whatever is not as `trainers.task` says; the line names the object, and the file where it is known.
    """
    who = described(text)
    data = _called(lambda: task.load(folder, split_seed), f"{who}: its load")
    check_data(task, data, who)
    try:
        task.metric.resolved(data)
    except BadInput as error:
        raise BadInput(f"{who}: {error}") from error
    procedure = procedure_of(task)
    if procedure is Supervised:
        _check_functions(task, data, who)
    elif _is_tried(procedure):
        # The constructor of a shipped procedure says what does not fit.
        procedure(task, data, TRIAL, torch.device("cpu"), torch.float32, 1).start(torch.zeros(2, dtype=torch.int64))
    if _is_tried(procedure):
        _check_block(task, data, who)
    return data


def _is_tried(procedure: type) -> bool:
    """Whether a few steps are tried: with a shipped procedure that does not read files, which may be broken."""
    return procedure.__module__.startswith("trainers.") and not getattr(procedure, "reads_files", False)


def check_data(task: Task, data: Any, who: str) -> None:
    """Refuse data that cannot be trained on.

    Raises:
        BadInput: no Dataset; parts that are empty, not finite, of differing numbers or shapes, or that fill no batch;
            classes out of range.
    """
    if not isinstance(data, Dataset):
        raise BadInput(f"{who}: its load must return a trainers.task.Dataset, not {type(data).__name__}")
    for name in PARTS:
        part = getattr(data, name)
        if not isinstance(part, Tensor):
            raise BadInput(f"{who}: its load gives {name} as {type(part).__name__}; a torch.Tensor is needed")
        if part.dim() == 0 or len(part) == 0:
            raise BadInput(f"{who}: its load gives no examples in {name}")
        if part.is_floating_point() and not part.isfinite().all():
            bad = (
                int((~part.flatten(1).isfinite()).any(dim=1).sum()) if part.dim() > 1 else int((~part.isfinite()).sum())
            )
            raise BadInput(
                f"{who}: its load gives {name} with values that are not finite, in {bad} of {len(part)} examples"
            )
    for split in ("train", "valid"):
        x, y = getattr(data, f"{split}_x"), getattr(data, f"{split}_y")
        if len(x) != len(y):
            raise BadInput(f"{who}: its load gives {len(x)} inputs in {split}_x but {len(y)} targets in {split}_y")
    for kind in ("x", "y"):
        train, valid = getattr(data, f"train_{kind}"), getattr(data, f"valid_{kind}")
        if train.shape[1:] != valid.shape[1:]:
            shapes = f"{list(train.shape[1:])} in train_{kind} and {list(valid.shape[1:])} in valid_{kind}"
            raise BadInput(f"{who}: its load gives examples of two shapes, {shapes}")
    if len(data.train_x) < task.batch_size:
        raise BadInput(f"{who}: {len(data.train_x)} training examples do not fill one batch of {task.batch_size}")
    if not (isinstance(data.name, str) and isinstance(data.sha256, str)):
        raise BadInput(f"{who}: its data set's name and sha256 must be texts")
    if task.classes is not None:
        _check_classes(task.classes, data, who)


def _check_classes(classes: int, data: Dataset, who: str) -> None:
    for name in ("train_y", "valid_y"):
        targets = getattr(data, name)
        if targets.is_floating_point() or targets.is_complex() or targets.dtype == torch.bool:
            raise BadInput(f"{who}: with classes={classes} its targets are whole numbers; {name} is {targets.dtype}")
        low, high = int(targets.min()), int(targets.max())
        if low < 0 or high >= classes:
            raise BadInput(
                f"{who}: with classes={classes} its targets lie from 0 to {classes - 1}; {name} has {low} to {high}"
            )


def _check_functions(task: Task, data: Dataset, who: str) -> None:
    """One network on one batch, by itself, so that the message names the function that is wrong."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = _called(task.network, f"{who}: its network")
        if not isinstance(network, torch.nn.Module):
            raise BadInput(f"{who}: its network must return a torch.nn.Module, not {type(network).__name__}")
        if not any(parameter.requires_grad for parameter in network.parameters()):
            raise BadInput(f"{who}: its network has no parameters to train")
        if data.normalize is not None and (data.train_x.dim() != 4 or len(data.normalize) != 2):
            raise BadInput(f"{who}: normalize is for images [examples, channels, height, width]")
        inputs, targets = data.train_x[: task.batch_size], _float32(data.train_y[: task.batch_size])
        if task.augment is not None:
            augment = task.augment
            shape = inputs.shape
            inputs = _called(lambda: augment(inputs, torch.Generator().manual_seed(0)), f"{who}: its augment")
            if not (isinstance(inputs, Tensor) and inputs.shape == shape):
                raise BadInput(f"{who}: its augment must return a batch of the same shape, {list(shape)}")
        inputs = Inputs(data, torch.device("cpu"), torch.float32)(inputs)
        outputs = _called(lambda: network(inputs), f"{who}: its network on a batch of inputs {list(inputs.shape)}")
        if not isinstance(outputs, Tensor):
            raise BadInput(f"{who}: its network must return one tensor, not {type(outputs).__name__}")
        _check_loss(task, outputs, targets, who)
        _check_score(task, outputs.detach(), targets, who)


def _float32(numbers: Tensor) -> Tensor:
    return numbers.float() if numbers.is_floating_point() else numbers


def _check_loss(task: Task, outputs: Tensor, targets: Tensor, who: str) -> None:
    if not callable(task.loss):
        raise BadInput(f"{who}: it needs a loss, a function of outputs and targets")
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        loss = _called(lambda: task.loss(outputs, targets), f"{who}: its loss")
    if any("target size" in str(one.message) for one in warned):
        shapes = f"outputs {list(outputs.shape)} and targets {list(targets.shape)}"
        raise BadInput(
            f"{who}: its loss would compare every output with every target, of {shapes}; give both one shape"
        )
    if not (isinstance(loss, Tensor) and loss.dim() == 0):
        found = f"a tensor of shape {list(loss.shape)}" if isinstance(loss, Tensor) else type(loss).__name__
        raise BadInput(f"{who}: its loss must return the mean over the batch, one number as a tensor, not {found}")
    if not loss.requires_grad:
        raise BadInput(f"{who}: no gradient can be taken of its loss")


def _check_score(task: Task, outputs: Tensor, targets: Tensor, who: str) -> None:
    score, examples = task.metric.score, len(targets)
    if not callable(score):
        raise BadInput(f"{who}: its metric '{task.metric.name}' needs a score, a function of outputs and targets")
    found = _called(lambda: score(outputs, targets), f"{who}: its score")
    if not isinstance(found, Tensor):
        raise BadInput(f"{who}: its score must return a tensor, not {type(found).__name__}")
    if found.shape != (examples,):
        what = "one number" if found.dim() == 0 else f"a tensor of shape {list(found.shape)}"
        raise BadInput(f"{who}: its score must return one number for each of the {examples} examples, not {what}")


def _check_block(task: Task, data: Dataset, who: str) -> None:
    """One step and one evaluation of two cells at once, by plain gradient descent."""
    kind = procedure_of(task)
    part, few = kind.part(task, data, Size(kind.size(task, data).batch, 1, 1))
    seeds = torch.zeros(2, dtype=torch.int64)

    def run() -> None:
        procedure = kind(part, few, TRIAL, torch.device("cpu"), torch.float32, epochs=1)
        state, _ = procedure.train(procedure.start(seeds), {"alpha": torch.zeros(2, 1)}, seeds, 0)
        procedure.evaluate(state)

    how = " (by torch.func.vmap, which its network and loss must support)" if kind is Supervised else ""
    _called(run, f"{who}: training two cells at once{how}")


def _called(call: Callable[[], Any], what: str) -> Any:
    """Call, and return the result.

    Raises:
        BadInput: the call, which runs the user's code, raised something.
    """
    try:
        return call()
    except Exception as error:
        said = reason(error).partition(". We don't")[0]  # the rest is for developers of torch
        raise BadInput(f"{what} fails: {said}") from error
