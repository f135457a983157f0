"""Audits in a process of their own, so that a class that hangs, dies or changes it costs one row."""

import contextlib
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from multiprocessing.connection import Connection
from typing import Any

import torch

from grids.errors import BadInput
from trainers.audit.audit import Facts, audit, subject_of
from trainers.audit.suggest import sizes_of_task, suggest
from trainers.blocks.processes import end_with_parent
from trainers.job import Job
from trainers.tasks import get_task

LIMIT = 60.0
"""Seconds that a class may take."""

STARTUP = 120.0
"""Seconds that a process may take to import what it needs."""


def audit_all(
    texts: Sequence[str],
    limit: float = LIMIT,
    task: str | None = None,
    advance: Callable[[int], None] = lambda n: None,
) -> Iterator[Facts]:
    """Audit classes one after another, on one thread.

    Args:
        texts: see `trainers.audit.audit.audit`.
        limit: seconds for each; one that takes longer is ended, and its row says so.
        task: the task that axes are suggested for; None for no suggestion.
        advance: called with 1 after each.

    Raises:
        BadInput: there is no such task, or its data is missing.
    """
    if task is not None:
        get_task(task)
    worker = _Worker(task)
    try:
        for text in texts:
            facts, alive = worker.audit(text, limit)
            if not alive:
                worker.end()
                worker = _Worker(task)
            yield facts
            advance(1)
    finally:
        worker.end()


class _Worker:
    def __init__(self, task: str | None) -> None:
        context: Any = multiprocessing.get_context("spawn")
        self._ours, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, task), daemon=True)
        self._process.start()
        theirs.close()
        self._ready = False

    def audit(self, text: str, limit: float) -> tuple[Facts, bool]:
        """The facts, and whether the process can go on."""
        try:
            if not self._ready:
                refusal = self._ours.recv() if self._ours.poll(STARTUP) else "the process did not start in time"
                if refusal:
                    raise BadInput(refusal)
                self._ready = True
            self._ours.send(text)
            if self._ours.poll(limit):
                return self._ours.recv(), True
            return Facts(text, needs=f"more time: its audit did not end within {limit:g} s"), False
        except (EOFError, OSError):
            self._process.join(5)
            return Facts(text, needs=f"another process: this one died (exit code {self._process.exitcode})"), False

    def end(self) -> None:
        self._process.kill()
        self._process.join()
        self._ours.close()


def _serve(connection: Connection, task: str | None) -> None:
    """Audit what comes through the connection, until it is closed; what is sent first is empty, or why it cannot be."""
    end_with_parent()
    torch.set_num_threads(1)
    with open(os.devnull, "w") as sink, contextlib.redirect_stdout(sink), contextlib.redirect_stderr(sink):
        try:
            sizes = None if task is None else sizes_of_task(get_task(task), Job(task, "adam").data)
        except BadInput as error:
            connection.send(str(error))
            return
        connection.send("")
        with contextlib.suppress(EOFError):
            while True:
                text = connection.recv()
                facts = audit(text)
                if facts.audited and sizes is not None:
                    facts = replace(facts, space=suggest(subject_of(text), facts, sizes))
                connection.send(facts)
